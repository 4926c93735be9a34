import { describe, expect, it } from 'vitest';
import { en } from './i18n/en';
import { bindings, KeyMap, patience } from './keyboard';

describe('the keyboard', () => {
  it('gives every single key its action', () => {
    for (const [keys, action] of bindings) {
      if (keys.length === 1) expect(new KeyMap().press({ key: keys[0]!, at: 0 })).toBe(action);
    }
  });

  it('reads a sequence of two keys', () => {
    const map = new KeyMap();
    expect(map.press({ key: 'g', at: 0 })).toBeNull();
    expect(map.press({ key: 's', at: 100 })).toBe('go_stories');
    expect(map.press({ key: 's', at: 200 })).toBe('toggle_saved');
  });

  it('forgets the first key after a while', () => {
    const map = new KeyMap();
    map.press({ key: 'g', at: 0 });
    expect(map.press({ key: 's', at: patience + 1 })).toBe('toggle_saved');
  });

  it('swallows a second key that completes nothing', () => {
    const map = new KeyMap();
    map.press({ key: 'g', at: 0 });
    expect(map.press({ key: 'j', at: 1 })).toBeNull();
    expect(map.press({ key: 'j', at: 2 })).toBe('next');
  });

  it('leaves the browser its own combinations', () => {
    expect(new KeyMap().press({ key: 'r', ctrlKey: true, at: 0 })).toBeNull();
    expect(new KeyMap().press({ key: 's', metaKey: true, at: 0 })).toBeNull();
  });

  it('is silent while somebody types or composes', () => {
    expect(new KeyMap().press({ key: 'j', inField: true, at: 0 })).toBeNull();
    expect(new KeyMap().press({ key: 'j', isComposing: true, at: 0 })).toBeNull();
  });

  it('leaves Enter to the control that has the focus', () => {
    expect(new KeyMap().press({ key: 'Enter', onControl: true, at: 0 })).toBeNull();
  });

  it('binds no sequence twice, and words every action', () => {
    const seen = bindings.map(([keys]) => keys.join(' '));
    expect(new Set(seen).size).toBe(seen.length);
    for (const [, action] of bindings) expect(en.help[action]).toBeTruthy();
  });
});
