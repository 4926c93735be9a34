import { describe, expect, it } from 'vitest';
import { format, isWide, listKey, parse, type Route } from './router';

const routes: Route[] = [
  { view: { name: 'for-you' }, article: null, unread: false },
  { view: { name: 'for-you' }, article: 7, unread: false },
  { view: { name: 'latest' }, article: 7, unread: true },
  { view: { name: 'stories' }, article: null, unread: false },
  { view: { name: 'story', id: 12 }, article: 3, unread: false },
  { view: { name: 'saved' }, article: null, unread: false },
  { view: { name: 'topic', key: 'a/b 芯片' }, article: null, unread: true },
  { view: { name: 'entity', key: '$nvda' }, article: 8, unread: false },
  { view: { name: 'entity', key: '宁德时代' }, article: null, unread: true },
  { view: { name: 'source', id: 9 }, article: null, unread: false },
  { view: { name: 'sources' }, article: null, unread: false },
  { view: { name: 'topics' }, article: null, unread: false },
  { view: { name: 'search', query: '大模型 & chips' }, article: 5, unread: false },
  { view: { name: 'article', id: 44 }, article: 44, unread: false },
  { view: { name: 'operator' }, article: null, unread: false },
];

describe('the router', () => {
  it('reads back every address it writes', () => {
    for (const route of routes) {
      const address = new URL(format(route), 'http://localhost');
      expect(parse(address.pathname, address.search)).toEqual(route);
    }
  });

  it('calls unknown and malformed addresses nowhere instead of failing', () => {
    for (const path of ['/nothing', '/sources/x', '/stories/0', '/stories/-1', '/topics/%E0%A4%A', '/entities/%', '/entities/', '/a/b/c', '/toString', '/articles/']) {
      expect(parse(path).view.name, path).toBe('nowhere');
    }
  });

  it('ignores an article that is not a number', () => {
    expect(parse('/latest', '?article=1e3').article).toBeNull();
    expect(parse('/latest', '?article=<b>').article).toBeNull();
  });

  it('names one list by one key whatever article is open in it', () => {
    expect(listKey(parse('/latest', '?article=4'))).toBe(listKey(parse('/latest')));
    expect(listKey(parse('/latest', '?show=unread'))).not.toBe(listKey(parse('/latest')));
  });

  it('bounds the query it reads', () => {
    const view = parse('/search', `?q=${'x'.repeat(9000)}`).view;
    expect(view.name === 'search' && view.query.length).toBe(400);
  });

  it('knows which views fill the page', () => {
    expect(isWide({ name: 'sources' })).toBe(true);
    expect(isWide({ name: 'latest' })).toBe(false);
  });
});
