import { describe, expect, it } from 'vitest';
import { read, ruleFields } from './sourceRules';

const names = (kind: string, settings = {}) => ruleFields(kind, settings).map(({ name }) => name);

describe('the rules of a source', () => {
  it('are those of its kind', () => {
    expect(names('page')).toEqual(['item', 'link', 'title', 'summary', 'published', 'url_contains']);
    expect(names('sitemap')).toEqual(['url_contains']);
    expect(names('json_api')).toContain('items');
    expect(names('feed')).toEqual([]);
    expect(names('feed', { full_text: true })).toEqual(['page_content', 'page_remove']);
  });

  it('survive the form as they were', () => {
    for (const [kind, settings] of [
      ['page', { selectors: { item: 'li', title: 'h2' }, url_contains: '/news/', full_text: true, page_rule: { content: ['.body', '.more'], remove: ['.advert'] } }],
      ['json_api', { mapping: { items: 'data', title: 't', link: 'u' } }],
      ['sitemap', { url_contains: '/2026/' }],
      ['feed', { full_text: true }],
    ] as const) {
      const values = new Map(ruleFields(kind, settings as never).map(({ name, value }) => [name, value]));
      expect(read(kind, settings as never, (name) => values.get(name) ?? '')).toEqual(settings);
    }
  });

  it('that were emptied are gone, and other settings stay', () => {
    const settings = { selectors: { item: 'li', title: 'h2' }, url_contains: '/news/', full_text: true, page_rule: { content: ['.body'] } };
    expect(read('page', settings, (name) => (name === 'item' ? 'article' : ''))).toEqual({ selectors: { item: 'article' }, full_text: true });
  });
});
