import { describe, expect, it } from 'vitest';
import type { ReaderEvent } from '../api/types';
import { batchSize, capacity, Outbox, uuid, type Sent } from './outbox';

function world(answers: Sent[]) {
  const sent: ReaderEvent[][] = [];
  const refused: ReaderEvent[] = [];
  const timers: (() => void)[] = [];
  let kept: ReaderEvent[] = [];
  const ports = {
    send: async (events: ReaderEvent[]) => {
      sent.push(events);
      return answers.shift() ?? 'accepted';
    },
    keep: (events: ReaderEvent[]) => void (kept = [...events]),
    refused: (events: ReaderEvent[]) => void refused.push(...events),
    later: (callback: () => void) => void timers.push(callback),
  };
  return { ports, sent, refused, timers, kept: () => kept };
}

const event = (id: string, kind: ReaderEvent['kind'] = 'open'): ReaderEvent => ({ id, kind, article_id: 1, at: '' });

describe('the outbox', () => {
  it('sends what waits in one batch and forgets it once accepted', async () => {
    const { ports, sent, kept } = world(['accepted']);
    const outbox = new Outbox(ports);
    outbox.add(event('a'), false);
    outbox.add(event('b'), false);
    await outbox.flush();
    expect(sent.map((batch) => batch.map(({ id }) => id))).toEqual([['a', 'b']]);
    expect(outbox.count).toBe(0);
    expect(kept()).toEqual([]);
  });

  it('keeps everything while nobody answers, and sends it with the same ids later', async () => {
    const { ports, sent, kept } = world(['unreachable', 'accepted']);
    const outbox = new Outbox(ports);
    outbox.add(event('a', 'save'), true);
    await outbox.flush();
    expect(kept().map(({ id }) => id)).toEqual(['a']);
    await outbox.flush();
    expect(sent[1]?.[0]?.id).toBe('a');
    expect(outbox.count).toBe(0);
  });

  it('drops what the server refuses and says so', async () => {
    const { ports, refused } = world(['refused']);
    const outbox = new Outbox(ports);
    outbox.add(event('a'), true);
    await outbox.flush();
    expect(refused.map(({ id }) => id)).toEqual(['a']);
    expect(outbox.count).toBe(0);
  });

  it('takes up what a reload left behind', () => {
    const { ports, timers } = world([]);
    expect(new Outbox(ports, [event('old')]).count).toBe(1);
    expect(timers.length).toBe(1);
  });

  it('stays bounded, giving up impressions before marks', () => {
    const { ports } = world([]);
    const outbox = new Outbox(ports);
    outbox.add(event('mark', 'save'), false);
    for (let index = 0; index < capacity + 50; index += 1) outbox.add(event(`i${index}`, 'impression'), false);
    expect(outbox.count).toBe(capacity);
  });

  it('splits a long queue', async () => {
    const { ports, sent } = world([]);
    const outbox = new Outbox(ports);
    for (let index = 0; index < batchSize + 1; index += 1) outbox.add(event(`e${index}`), false);
    await outbox.flush();
    expect(sent.map((batch) => batch.length)).toEqual([batchSize, 1]);
  });

  it('makes ids of the right shape', () => {
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
