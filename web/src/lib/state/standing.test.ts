import { describe, expect, it } from 'vitest';
import { isCurrent } from './standing';

describe('a copy of an article from the server', () => {
  it('says how it is marked when nothing of ours was ever sent', () => {
    expect(isCurrent({ unsent: 0, settled: -Infinity }, 0)).toBe(true);
  });

  it('says nothing while a mark of ours is on its way', () => {
    expect(isCurrent({ unsent: 1, settled: -Infinity }, 10)).toBe(false);
  });

  it('says nothing when it was asked for before our mark was acknowledged, however late it comes', () => {
    expect(isCurrent({ unsent: 0, settled: 20 }, 10)).toBe(false);
    expect(isCurrent({ unsent: 0, settled: 20 }, 20)).toBe(true);
  });
});
