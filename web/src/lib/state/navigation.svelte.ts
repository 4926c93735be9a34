/** Where the reader is; the browser's history is the only other copy. */
import { format, parse, type Route, type View } from '../router';

class Navigation {
  route = $state.raw<Route>(parse(location.pathname, location.search));
  /** How many entries of ours are behind this one; 0 means going back would leave the page. */
  #depth = (history.state as { depth?: number } | null)?.depth ?? 0;

  constructor() {
    addEventListener('popstate', (event) => {
      this.#depth = (event.state as { depth?: number } | null)?.depth ?? 0;
      this.#read();
    });
  }

  #read(): void {
    this.route = parse(location.pathname, location.search);
  }

  /** Goes to an address of ours. */
  go(address: string, replace = false): void {
    if (address === location.pathname + location.search) return;
    if (replace) history.replaceState({ depth: this.#depth }, '', address);
    else history.pushState({ depth: ++this.#depth }, '', address);
    this.#read();
  }

  view(view: View): void {
    this.go(format({ view }));
  }

  /** The address of an article beside the list in view. */
  articleAddress(id: number): string {
    const { view } = this.route;
    return view.name === 'article' ? `/articles/${id}` : format({ ...this.route, article: id });
  }

  /** Opens an article; stepping from one to the next leaves one entry in the history. */
  openArticle(id: number): void {
    this.go(this.articleAddress(id), this.route.article !== null);
  }

  closeArticle(): void {
    if (this.route.article === null) return;
    if (this.#depth > 0) history.back();
    else if (this.route.view.name === 'article') this.go('/latest', true);
    else this.go(format({ ...this.route, article: null }), true);
  }
}

export const navigation = new Navigation();

/** Follows links of ours without a reload; everything else stays the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.getAttribute('href')?.startsWith('#')) return;
  if (parse(link.pathname, link.search).view.name === 'nowhere') return;
  event.preventDefault();
  const next = parse(link.pathname, link.search);
  const stepping = next.article !== null && navigation.route.article !== null && next.view.name === navigation.route.view.name;
  navigation.go(link.pathname + link.search, stepping);
}
