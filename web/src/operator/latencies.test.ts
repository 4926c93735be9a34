import { describe, expect, it } from 'vitest';
import { latencyRows, shortMilliseconds } from './latencies';
import type { Cluster, Hot, Member, StageLatency } from './types';

const hot: Hot = { kind: 'node', p99_ms: 480, usual_ms: 35, others_ms: 40, seconds: 40 };
const stage = (name: string, count: number, slow?: Hot): StageLatency => ({ name, count, p50_ms: 4, p99_ms: 9, queue: 0, usual_ms: null, ...(slow && { hot: slow }) });
const member = (name: string, stages: StageLatency[]): Member => ({ name, incarnation: 1, state: 'up', roles: [], weight: 1, shards: { reader: 0, host: 0, single: [] }, stages });
const cluster = (members: Member[], spots: Cluster['hot_spots'] = []): Cluster => ({ node: 'a', incarnation: 1, view: 1, members, unowned: 0, hot_spots: spots });

describe('the table of stages and nodes', () => {
  it('has a row for what was done anywhere and a cell for every node', () => {
    const rows = latencyRows(cluster([member('a', [stage('fetch', 0), stage('store', 3)]), member('b', [stage('fetch', 0), stage('store', 0)]), member('c', [])]));
    expect(rows.map(({ stage: name }) => name)).toEqual(['store']);
    expect(rows[0]?.cells.map((cell) => cell?.count ?? null)).toEqual([3, null, null]);
  });

  it('keeps a hot cell in which nothing gets done any more', () => {
    const [row] = latencyRows(cluster([member('a', [stage('store', 0, hot)])], [{ ...hot, stage: 'store', nodes: ['a'] }]));
    expect(row?.cells[0]?.hot?.p99_ms).toBe(480);
    expect(row?.onMost).toBe(false);
  });

  it('tells a stage that is slow everywhere from a node that is', () => {
    const slow: Hot = { ...hot, kind: 'stage' };
    const [row] = latencyRows(cluster([member('a', [stage('store', 9, slow)])], [{ ...slow, stage: 'store', nodes: ['a'] }]));
    expect(row?.onMost).toBe(true);
  });

  it('keeps the order of the first node and adds what only others know', () => {
    const rows = latencyRows(cluster([member('a', [stage('store', 1), stage('rank', 1)]), member('b', [stage('store', 1), stage('new', 1)])]));
    expect(rows.map(({ stage: name }) => name)).toEqual(['store', 'rank', 'new']);
  });
});

describe('milliseconds in a narrow column', () => {
  it('have a digit after the point only where it matters', () => {
    expect([0.04, 4.26, 9.96, 12.5, 480.4].map(shortMilliseconds)).toEqual([0, 4.3, 10, 13, 480]);
  });
});
