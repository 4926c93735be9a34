/** How long things take by stage and node, as a table. Knows no browser. */
import type { Catalogue } from '../lib/i18n/en';
import type { Cluster, HotSpot, StageLatency } from './types';

export interface LatencyRow {
  stage: string;
  /** Most nodes are slower than usual. */
  onMost: boolean;
  /** One for each member, in their order; null for a node that has nothing to say. */
  cells: (StageLatency | null)[];
}

/** A row for each stage that did anything in the last minute on any node, in order of an article's way. */
export function latencyRows(cluster: Cluster): LatencyRow[] {
  const names = new Set(cluster.members.flatMap(({ stages }) => stages.map(({ name }) => name)));
  const rows: LatencyRow[] = [];
  for (const stage of names) {
    const found = cluster.members.map(({ stages }) => stages.find(({ name }) => name === stage) ?? null);
    const cells = found.map((cell) => (cell && (cell.count > 0 || cell.hot) ? cell : null));
    if (cells.every((cell) => cell === null)) continue;
    rows.push({ stage, onMost: cluster.hot_spots.some((spot) => spot.kind === 'stage' && spot.stage === stage), cells });
  }
  return rows;
}

/** What is slow, in words: a stage on a node, or on most. */
export function spotName({ kind, stage, nodes }: HotSpot, m: Catalogue['operator']): string {
  const names: Record<string, string> = { ...m.stages, ...m.timed };
  const name = names[stage] ?? stage;
  return kind === 'node' ? m.hotOn(name, nodes.join(' ')) : m.hotOnMost(name);
}

/** Milliseconds for a narrow column: no more digits than matter. */
export function shortMilliseconds(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
