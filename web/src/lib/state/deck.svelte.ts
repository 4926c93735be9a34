/** The list on the screen and the row the keyboard is on. */
import { navigation } from './navigation.svelte';
import { known, type Entry } from './articles.svelte';
import { marks } from './marks.svelte';
import { ArticleList, type StoryList } from './lists.svelte';

/** What the list's pane lets the keyboard do. */
export interface Pane {
  reveal(key: string): void;
  focus(key: string): void;
  toTop(): void;
}

class Deck {
  list = $state.raw<ArticleList | StoryList | null>(null);
  selected = $state<string | null>(null);
  pane: Pane | null = null;
  keys = $derived.by(() => {
    const { list } = this;
    if (!list) return [];
    return list instanceof ArticleList ? list.rows.map(({ key }) => key) : list.items.map(({ id }) => String(id));
  });
  /** The row one is on: the open article's, else the selected one. */
  current = $derived(navigation.route.article !== null ? String(navigation.route.article) : this.selected);

  /** The article that marks apply to. */
  get entry(): Entry | undefined {
    if (navigation.route.article === null && !(this.list instanceof ArticleList)) return undefined;
    return this.current === null ? undefined : known(Number(this.current));
  }

  /** The key `by` rows further; `null` at the ends. */
  neighbour(by: number): string | null {
    const at = this.current === null ? -1 : this.keys.indexOf(this.current);
    if (at === -1) return this.keys[0] ?? null;
    return this.keys[at + by] ?? null;
  }

  step(by: number): void {
    const key = this.neighbour(by);
    if (by > 0 && (key === null || this.keys.indexOf(key) > this.keys.length - 10)) void this.list?.more();
    if (key !== null) this.goTo(key);
  }

  goTo(key: string): void {
    this.selected = key;
    if (navigation.route.article !== null) {
      navigation.openArticle(Number(key));
      this.pane?.reveal(key);
    } else {
      this.pane?.focus(key);
    }
  }

  openCurrent(): void {
    const { current } = this;
    if (current === null) return;
    if (this.list instanceof ArticleList) navigation.openArticle(Number(current));
    else navigation.view({ name: 'story', id: Number(current) });
  }

  /** Hides an article and goes on to the next. */
  hide(entry: Entry, less = false): void {
    const wasCurrent = this.current === String(entry.id);
    const next = wasCurrent ? (this.neighbour(1) ?? this.neighbour(-1)) : null;
    if (less) marks.less(entry);
    else marks.setHidden(entry, !entry.marks.hidden);
    if (!wasCurrent) return;
    if (next !== null && entry.marks.hidden) this.goTo(next);
    else if (entry.marks.hidden) navigation.closeArticle();
  }

  async refresh(): Promise<void> {
    const { list } = this;
    if (!list) return;
    await (list.fresh > 0 || list.freshOverflow ? list.showFresh() : list.load());
    this.pane?.toTop();
  }
}

export const deck = new Deck();
