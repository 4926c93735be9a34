import { describe, expect, it } from 'vitest';
import { Heights } from '../ui/heights';
import { fold, leftBy, type Foldable } from './fold';

const item = (id: number, story: number | null = null, source = id, at = 0): Foldable => ({ id, story, source, at });
const folding = { open: new Set<number>(), days: false, dayOf: (at: number) => Math.floor(at / 100) };
const same = (given: Foldable): Foldable => given;

describe('folding', () => {
  it('shows a story once and counts the other sources', () => {
    const rows = fold([item(1, 7), item(2), item(3, 7), item(4, 7, 3)], same, folding);
    expect(rows.map(({ key, folded }) => [key, folded])).toEqual([
      ['1', 1],
      ['2', 0],
    ]);
  });

  it('unfolds in place', () => {
    const rows = fold([item(1, 7), item(2), item(3, 7)], same, { ...folding, open: new Set([7]) });
    expect(rows.map(({ key, child }) => [key, child])).toEqual([
      ['1', false],
      ['3', true],
      ['2', false],
    ]);
  });

  it('heads each day once', () => {
    const rows = fold([item(1, null, 1, 250), item(2, null, 1, 210), item(3, null, 1, 190)], same, { ...folding, days: true });
    expect(rows.map(({ day }) => day)).toEqual([2, null, 1]);
  });

  it('loses and doubles nothing when everything is open', () => {
    const items = Array.from({ length: 500 }, (_, index) => item(index + 1, index % 3 === 0 ? null : index % 17));
    const rows = fold(items, same, { ...folding, open: new Set(Array.from({ length: 17 }, (_, index) => index)) });
    expect(rows.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(items.map(({ id }) => id));
  });
});

describe('an article that was moved to another story', () => {
  it('leaves the one it was in, which goes when it was its last', () => {
    const stories = [
      { id: 1, articles: [10, 11] },
      { id: 2, articles: [12] },
    ];
    expect(leftBy(11, stories, 2)).toEqual([
      { id: 1, articles: [10] },
      { id: 2, articles: [12] },
    ]);
    expect(leftBy(12, stories, 1)).toEqual([{ id: 1, articles: [10, 11] }]);
  });
});

describe('the heights of a virtual list', () => {
  it('agree with plain addition, before and after changes', () => {
    const plain = Array.from({ length: 333 }, (_, index) => 40 + ((index * 37) % 90));
    const heights = new Heights(plain);
    for (let round = 0; round < 200; round += 1) {
      const index = (round * 61) % plain.length;
      plain[index] = 30 + ((round * 53) % 120);
      heights.set(index, plain[index]!);
    }
    let sum = 0;
    plain.forEach((height, index) => {
      expect(heights.offset(index)).toBe(sum);
      expect(heights.at(sum)).toBe(index);
      expect(heights.at(sum + height - 0.5)).toBe(index);
      sum += height;
    });
    expect(heights.total).toBe(sum);
    expect(heights.at(sum + 1000)).toBe(plain.length - 1);
    expect(heights.at(-5)).toBe(0);
  });

  it('bear an empty list', () => {
    const heights = new Heights([]);
    expect(heights.total).toBe(0);
    expect(heights.at(10)).toBe(0);
  });
});
