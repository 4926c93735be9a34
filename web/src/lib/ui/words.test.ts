import { describe, expect, it } from 'vitest';
import { reasonKinds } from '../api/types';
import { en } from '../i18n/en';
import { zh } from '../i18n/zh';
import { highlight } from './highlight';
import { wordReason } from './reasons';

describe('reasons', () => {
  it('of every kind are worded in both languages', () => {
    for (const kind of reasonKinds) {
      for (const words of [en.reasons, zh.reasons]) {
        expect(wordReason({ kind, text: '3', weight: 1 }, words, (key) => key), kind).toBeTruthy();
      }
    }
  });

  it('of an unknown kind are left out', () => {
    expect(wordReason({ kind: 'astrology' as never, text: '', weight: 1 }, en.reasons, (key) => key)).toBeNull();
  });

  it('quote a long title by its beginning', () => {
    expect(wordReason({ kind: 'similar_to', text: '芯'.repeat(90), weight: 1 }, zh.reasons, (key) => key)?.length).toBeLessThan(60);
  });

  it('name a topic in the language of the page', () => {
    expect(wordReason({ kind: 'topic', text: 'chips', weight: 1 }, zh.reasons, () => '芯片')).toBe('因为你常读芯片');
  });
});

describe('highlighting', () => {
  it('never changes the text', () => {
    for (const [text, query] of [['Chips for all', 'chip ALL'], ['大模型与芯片', '芯片 模型'], ['a+b (c)', '+ ( )'], ['', 'x'], ['plain', '']]) {
      expect(highlight(text!, query!).map((piece) => piece.text).join('')).toBe(text);
    }
  });

  it('finds words in any case', () => {
    expect(highlight('New CHIPS', 'chips').at(-1)).toEqual({ text: 'CHIPS', hit: true });
  });
});
