import { describe, expect, it } from 'vitest';
import { childLimit, statusLine, tree, troubles } from './summary';
import type { Actor, Picture } from './types';

const actor = (name: string, parent: string | null, state: Actor['state'] = 'running', restarts = 0): Actor => ({ name, parent, state, restarts, reason: null, status: {} });
const quiet: Picture = { actors: [], devices: [], pipeline: null, sources: [], cluster: null, happenings: [], statistics: null };

describe('what needs a person', () => {
  it('is nothing while all runs', () => {
    expect(troubles({ ...quiet, actors: [actor('a', null), actor('b', 'a', 'restarting', 3)] })).toEqual([]);
  });

  it('is a parked actor and a suspect node', () => {
    const shards = { reader: 0, host: 0, single: [] };
    const cluster = { node: 'a', incarnation: 1, view: 1, members: [{ name: 'b', incarnation: 1, state: 'suspect', roles: [], weight: 1, shards, stages: [] }], unowned: 0, hot_spots: [] };
    expect(troubles({ ...quiet, cluster, actors: [actor('a', null, 'parked')] }).map(({ kind }) => kind)).toEqual(['member', 'actor']);
  });
});

describe('what is slow', () => {
  it('needs a person, before devices and actors', () => {
    const spot = { stage: 'request', nodes: ['b'], kind: 'node' as const, p99_ms: 480, usual_ms: 35, others_ms: null, seconds: 40 };
    const cluster = { node: 'a', incarnation: 1, view: 1, members: [], unowned: 0, hot_spots: [spot] };
    const found = troubles({ ...quiet, cluster, actors: [actor('a', null, 'parked')] });
    expect(found).toEqual([{ kind: 'hot', spot }, expect.objectContaining({ kind: 'actor' })]);
  });
});

describe('the actor tree', () => {
  it('puts parents before children, and orphans at the top', () => {
    const lines = tree([actor('leaf', 'branch'), actor('branch', 'root'), actor('root', null), actor('orphan', 'gone')], new Set());
    expect(lines.map(({ actor: { name }, depth }) => [name, depth])).toEqual([['root', 0], ['branch', 1], ['leaf', 2], ['orphan', 0]]);
  });

  it('cuts many well children but never one in trouble', () => {
    const many = Array.from({ length: 40 }, (_, at) => actor(`s${at}`, 'p', at === 30 ? 'parked' : 'running'));
    const lines = tree([actor('p', null), ...many], new Set());
    expect(lines.length).toBeLessThan(childLimit + 2);
    expect(lines.some(({ actor: { name } }) => name === 's30')).toBe(true);
    expect(tree([actor('p', null), ...many], new Set(['p'])).length).toBe(41);
  });

  it('survives a circle', () => {
    expect(tree([actor('a', 'b'), actor('b', 'a'), actor('c', null), actor('d', 'd')], new Set()).map(({ actor: { name } }) => name)).toEqual(['c', 'd']);
  });
});

describe('a status', () => {
  it('is shown by its plain values', () => {
    expect(statusLine({ queue_length: 3, nested: {}, state: 'idle' }, String)).toBe('queue length 3 · state idle');
    expect(statusLine(null, String)).toBe('');
  });
});
