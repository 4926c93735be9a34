/** What the operator's figures come to. Knows no browser. */
import type { Actor, HotSpot, Picture } from './types';

export type Trouble =
  | { kind: 'actor'; name: string; state: string; reason: string | null }
  | { kind: 'sources'; count: number }
  | { kind: 'device'; name: string; state: string }
  | { kind: 'member'; name: string; state: string }
  | { kind: 'hot'; spot: HotSpot };

const wellDevice = new Set(['running', 'ready', 'idle', 'busy', 'healthy', 'ok']);
const wellMember = new Set(['alive', 'up', 'running', 'active', 'joining', 'leaving', 'left', 'draining', 'ok']);

/** What needs a person, most pressing first. */
export function troubles(picture: Picture): Trouble[] {
  const found: Trouble[] = [];
  for (const member of picture.cluster?.members ?? []) {
    if (!wellMember.has(member.state.toLowerCase())) found.push({ kind: 'member', name: member.name, state: member.state });
  }
  for (const spot of picture.cluster?.hot_spots ?? []) found.push({ kind: 'hot', spot });
  for (const device of picture.devices) {
    if (!wellDevice.has(device.state.toLowerCase())) found.push({ kind: 'device', name: device.name, state: device.state });
  }
  for (const actor of picture.actors) {
    if (actor.state === 'parked' || actor.state === 'stopped') {
      found.push({ kind: 'actor', name: actor.name, state: actor.state, reason: actor.reason });
    }
  }
  const failing = picture.sources.filter(({ health }) => health.class === 'failing' || health.class === 'gone').length;
  if (failing > 0) found.push({ kind: 'sources', count: failing });
  return found;
}

export interface Branch {
  actor: Actor;
  depth: number;
  /** Children left out because they are many and well. */
  omitted: number;
}

/** Children shown of one parent when all are well. */
export const childLimit = 16;

/** The actor tree as lines; parents before children. Long runs of well children are cut unless `whole`. */
export function tree(actors: readonly Actor[], whole: ReadonlySet<string>): Branch[] {
  const names = new Set(actors.map(({ name }) => name));
  const children = new Map<string | null, Actor[]>();
  for (const actor of actors) {
    const parent = actor.parent !== null && names.has(actor.parent) && actor.parent !== actor.name ? actor.parent : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(actor);
    else children.set(parent, [actor]);
  }
  const lines: Branch[] = [];
  const seen = new Set<string>();
  const visit = (actor: Actor, depth: number): void => {
    if (seen.has(actor.name) || depth > 12) return;
    seen.add(actor.name);
    const below = children.get(actor.name) ?? [];
    const cut = below.length > childLimit && !whole.has(actor.name);
    const shown = cut ? below.filter(({ state, restarts, name }, at) => state !== 'running' || restarts > 0 || children.has(name) || at < 3) : below;
    lines.push({ actor, depth, omitted: below.length - shown.length });
    for (const child of shown) visit(child, depth + 1);
  };
  for (const root of children.get(null) ?? []) visit(root, 0);
  return lines;
}

/** The status of an actor on one line: plain values only, the first few. */
export function statusLine(status: Record<string, unknown> | null, number: (value: number) => string): string {
  return Object.entries(status ?? {})
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, 4)
    .map(([key, value]) => `${key.replaceAll('_', ' ')} ${typeof value === 'number' ? number(value) : String(value)}`)
    .join(' · ');
}
