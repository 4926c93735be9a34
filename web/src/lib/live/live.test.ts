import { describe, expect, it } from 'vitest';
import type { Article } from '../api/types';
import { firstWait, grace, longestWait, wait } from './backoff';
import { Arrivals, FrameReader } from './queue';

function article(id: number, minute = id): Article {
  return {
    id,
    source_id: 1,
    story_id: null,
    url: '',
    title: `title ${id}`,
    authors: [],
    language: 'en',
    published_at: null,
    fetched_at: new Date(minute * 60_000).toISOString(),
    topics: [],
    summary: null,
    stage: 'stored',
    marks: { read: false, saved: false, hidden: false },
  };
}

describe('arrivals', () => {
  it('wait until they are taken, newest first', () => {
    const arrivals = new Arrivals();
    for (const id of [2, 9, 4]) arrivals.add(article(id));
    expect(arrivals.count).toBe(3);
    expect(arrivals.take().map(({ id }) => id)).toEqual([9, 4, 2]);
    expect(arrivals.count).toBe(0);
  });

  it('count an article once, and keep its newest copy', () => {
    const arrivals = new Arrivals();
    arrivals.add(article(1));
    arrivals.add({ ...article(1), title: 'corrected' });
    expect(arrivals.count).toBe(1);
    expect(arrivals.take()[0]?.title).toBe('corrected');
  });

  it('stay bounded during a flood and say that more came', () => {
    const arrivals = new Arrivals(50);
    for (let id = 0; id < 5000; id += 1) arrivals.add(article(id));
    expect(arrivals.count).toBe(50);
    expect(arrivals.overflowed).toBe(true);
    arrivals.clear();
    expect(arrivals.overflowed).toBe(false);
  });
});

describe('frames', () => {
  it('are read once, in order', () => {
    const reader = new FrameReader();
    expect(reader.after).toBeNull();
    expect(reader.read('{"seq":4,"items":[]}').kind).toBe('items');
    expect(reader.read('{"seq":4,"items":[]}').kind).toBe('nothing');
    expect(reader.read('{"seq":3,"items":[]}').kind).toBe('nothing');
    expect(reader.read('{"seq":9,"items":[]}').kind).toBe('items');
    expect(reader.after).toBe(9);
  });

  it('start again after a reset', () => {
    const reader = new FrameReader();
    reader.read('{"seq":400,"items":[]}');
    expect(reader.read('{"type":"reset"}').kind).toBe('reset');
    expect(reader.after).toBeNull();
    expect(reader.read('{"seq":1,"items":[]}').kind).toBe('items');
  });

  it('that are not ours are nothing', () => {
    const reader = new FrameReader();
    for (const text of ['', 'null', '[]', '{"seq":"1","items":[]}', '{"seq":1}', '{"type":"hello"}']) {
      expect(reader.read(text).kind, text).toBe('nothing');
    }
  });
});

describe('a lost connection', () => {
  it('is shown later when the node meant it', () => {
    expect(grace(1012)).toBeGreaterThan(grace(1006));
    expect(grace()).toBe(grace(1006));
  });
});

describe('the wait before a reconnect', () => {
  it('grows to a limit and is spread by chance', () => {
    expect(wait(0, 0.999)).toBeLessThanOrEqual(firstWait);
    expect(wait(40, 0.999)).toBeLessThanOrEqual(longestWait);
    expect(wait(40, 0.5)).toBe(longestWait / 2);
    expect(wait(9, 0)).toBe(200);
  });
});
