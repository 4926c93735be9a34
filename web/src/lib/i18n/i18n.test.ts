import { describe, expect, it } from 'vitest';
import { en } from './en';
import { zh } from './zh';

function keys(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${prefix}:${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => keys(inner, prefix ? `${prefix}.${key}` : key));
}

function sentences(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    return [[path, String((value as (...given: unknown[]) => unknown)(3, 2))]];
  }
  return Object.entries(value as object).flatMap(([key, inner]) => sentences(inner, `${path}.${key}`));
}

describe('the catalogues', () => {
  it('have the same keys and the same kind of value at each', () => {
    expect(keys(zh).sort()).toEqual(keys(en).sort());
  });

  it('leave no sentence empty', () => {
    for (const [path, text] of [...sentences(en), ...sentences(zh)]) {
      expect(text.trim(), path).not.toBe('');
    }
  });

  it('set Chinese with full-width punctuation next to Chinese characters', () => {
    for (const [path, text] of sentences(zh)) {
      expect(text, path).not.toMatch(/[一-鿿][,;!?]|[一-鿿]\.(?!\w)/);
    }
  });

  it('use one sign of plural in English', () => {
    expect(en.list.newArticles(1)).toBe('1 new article');
    expect(en.list.newArticles(12)).toBe('12 new articles');
  });
});
