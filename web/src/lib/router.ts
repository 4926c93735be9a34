/** The address bar names the view: reading and writing that name, without touching the browser. */

export type View =
  | { name: 'for-you' }
  | { name: 'latest' }
  | { name: 'stories' }
  | { name: 'story'; id: number }
  | { name: 'saved' }
  | { name: 'topics' }
  | { name: 'topic'; key: string }
  | { name: 'entity'; key: string }
  | { name: 'source'; id: number }
  | { name: 'sources' }
  | { name: 'search'; query: string }
  | { name: 'article'; id: number }
  | { name: 'operator' }
  | { name: 'nowhere' };

export interface Route {
  view: View;
  /** The open article, in the views that have one. */
  article: number | null;
  /** Show unread ones only. */
  unread: boolean;
}

const simple: Record<string, View> = {
  '': { name: 'for-you' },
  latest: { name: 'latest' },
  stories: { name: 'stories' },
  saved: { name: 'saved' },
  topics: { name: 'topics' },
  sources: { name: 'sources' },
  operator: { name: 'operator' },
};

/** Reads an id; anything but a positive whole number is none. */
function id(text: string | null | undefined): number | null {
  return text && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function viewOf(parts: string[], query: URLSearchParams): View {
  const [first = '', second, ...rest] = parts;
  if (rest.length > 0) return { name: 'nowhere' };
  if (second === undefined) {
    if (first === 'search') return { name: 'search', query: (query.get('q') ?? '').slice(0, 400) };
    return Object.hasOwn(simple, first) ? simple[first]! : { name: 'nowhere' };
  }
  const number = id(second);
  if (first === 'topics' || first === 'entities') {
    const key = decode(second);
    return key ? { name: first === 'topics' ? 'topic' : 'entity', key } : { name: 'nowhere' };
  }
  if (number === null) return { name: 'nowhere' };
  if (first === 'stories') return { name: 'story', id: number };
  if (first === 'sources') return { name: 'source', id: number };
  if (first === 'articles') return { name: 'article', id: number };
  return { name: 'nowhere' };
}

/** Reads a path and its query; never fails. */
export function parse(pathname: string, search = ''): Route {
  const query = new URLSearchParams(search);
  const view = viewOf(pathname.split('/').filter(Boolean), query);
  const article = view.name === 'article' ? view.id : id(query.get('article'));
  return { view, article, unread: query.get('show') === 'unread' };
}

function pathOf(view: View): string {
  switch (view.name) {
    case 'for-you':
    case 'nowhere':
      return '/';
    case 'story':
      return `/stories/${view.id}`;
    case 'source':
      return `/sources/${view.id}`;
    case 'article':
      return `/articles/${view.id}`;
    case 'topic':
      return `/topics/${encodeURIComponent(view.key)}`;
    case 'entity':
      return `/entities/${encodeURIComponent(view.key)}`;
    default:
      return `/${view.name}`;
  }
}

/** The address of a route; `parse` reads it back. */
export function format(route: Partial<Route> & { view: View }): string {
  const query = new URLSearchParams();
  if (route.view.name === 'search' && route.view.query) query.set('q', route.view.query);
  if (route.unread) query.set('show', 'unread');
  if (route.article && route.view.name !== 'article') query.set('article', String(route.article));
  const text = query.toString();
  return pathOf(route.view) + (text ? `?${text}` : '');
}

/** Equal for two routes that show the same list. */
export function listKey(route: Route): string {
  return format({ ...route, article: null });
}

/** Views that fill the page and have no article beside them. */
export function isWide(view: View): boolean {
  return view.name === 'sources' || view.name === 'topics' || view.name === 'operator' || view.name === 'nowhere';
}
