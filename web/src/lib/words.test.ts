import { describe, expect, it } from 'vitest';
import { textOf, wordsOf } from './words';

describe('lists of words', () => {
  it('are separated as people of both languages do, without blanks and repetitions', () => {
    expect(wordsOf(' oil,石油，天然气、 crude oil ;\n oil；\n\n')).toEqual(['oil', '石油', '天然气', 'crude oil']);
    expect(wordsOf(' , ')).toEqual([]);
  });

  it('are read again as they are shown', () => {
    const words = ['crude oil', '石油'];
    expect(wordsOf(textOf(words))).toEqual(words);
  });
});
