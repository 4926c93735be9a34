/** The lists of articles and stories: asked for page by page, kept for going back, never moved by arrivals. */
import { get, withQuery } from '../api/client';
import type { Article, Page, RankedList, Reason, Story } from '../api/types';
import { startOfDay } from '../i18n/index.svelte';
import { Arrivals } from '../live/queue';
import { listKey, type Route } from '../router';
import { entryOf, type Entry } from './articles.svelte';
import { fold, leftBy } from './fold';

/** Rows kept in one list. */
const rowLimit = 12_000;
const pageSize = 60;
/** Articles asked for in one ranked list. */
const rankedSize = 100;

/** How often a list of stories asks what those in it have become. */
const growthPause = 5000;

/** How soon an empty list fills by itself once something has come, and how often it tries: what has come may not be ranked yet. */
const fillPause = 1500;
const fillsMax = 20;

/** What a list must know to be shown, whatever is in it. */
export abstract class List<T> {
  items = $state.raw<T[]>([]);
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  cursor = $state<string | null>(null);
  loadingMore = $state(false);
  /** The next page failed. */
  moreFailed = $state(false);
  /** Arrivals behind the pill. */
  fresh = $state(0);
  freshOverflow = $state(false);
  /** Where it was scrolled to, and how high its rows were. */
  scrollTop = 0;
  measured = new Map<string, number>();
  #asking: AbortController | null = null;

  constructor(readonly key: string) {}

  protected abstract page(cursor: string | null, signal: AbortSignal): Promise<{ items: T[]; cursor: string | null }>;
  protected abstract idOf(item: T): number;

  /** The first page, in place of everything. What is shown stays until it is there. */
  async load(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    if (this.items.length === 0) this.status = 'loading';
    try {
      const { items, cursor } = await this.page(null, asking.signal);
      this.items = items;
      this.cursor = cursor;
      this.status = 'ready';
      this.error = null;
      this.moreFailed = false;
      this.clearFresh();
    } catch (error) {
      if (asking.signal.aborted) return;
      this.error = error;
      // A list that is on the screen stays on the screen.
      this.status = this.items.length > 0 ? 'ready' : 'error';
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  async more(): Promise<void> {
    if (!this.cursor || this.loadingMore || this.#asking || this.items.length >= rowLimit) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.loadingMore = true;
    this.moreFailed = false;
    try {
      const { items, cursor } = await this.page(this.cursor, asking.signal);
      const seen = new Set(this.items.map((item) => this.idOf(item)));
      this.items = [...this.items, ...items.filter((item) => !seen.has(this.idOf(item)))];
      this.cursor = cursor;
    } catch {
      if (!asking.signal.aborted) this.moreFailed = true;
    } finally {
      this.loadingMore = false;
      if (this.#asking === asking) this.#asking = null;
    }
  }

  protected clearFresh(): void {
    this.fresh = 0;
    this.freshOverflow = false;
  }

  /** Lets what waits behind the pill into the list. */
  async showFresh(): Promise<void> {
    await this.load();
  }

  /** After a gap: brings what is shown up to date without moving it. */
  abstract catchUp(): Promise<void>;
  /** An article was pushed. */
  abstract arrived(article: Article): void;
}

export class ArticleList extends List<Entry> {
  reasons = $state.raw(new Map<number, Reason[]>());
  /** It was ranked by the profile that was saved last. */
  stale = $state(false);
  openStories = $state.raw<ReadonlySet<number>>(new Set());
  #arrivals = new Arrivals();
  #filling: ReturnType<typeof setTimeout> | undefined;
  #fills = 0;

  constructor(
    readonly route: Route,
    readonly ranked: boolean,
  ) {
    super(listKey(route));
  }

  /** What is shown: hidden ones left out, copies of a story folded. */
  rows = $derived.by(() => {
    const { name } = this.route.view;
    const shown = this.items.filter((entry) => !entry.marks.hidden && (name !== 'saved' || entry.marks.saved));
    return fold(
      shown,
      (entry) => ({
        id: entry.data.id,
        story: name === 'story' ? null : entry.data.story_id,
        source: entry.data.source_id,
        at: timeOf(entry.data),
      }),
      { open: this.openStories, days: ['latest', 'source', 'topic', 'entity'].includes(name), dayOf: startOfDay },
    );
  });

  #ids = $derived(new Set(this.items.map(({ id }) => id)));

  toggleStory(story: number): void {
    const open = new Set(this.openStories);
    if (!open.delete(story)) open.add(story);
    this.openStories = open;
  }

  protected idOf(entry: Entry): number {
    return entry.id;
  }

  protected async page(cursor: string | null, signal: AbortSignal) {
    if (this.ranked) return this.#ranked(signal);
    const asked = performance.now();
    const answer = await get<Page<Article>>(this.#address(cursor), { signal });
    const entries = answer.items.map((article) => entryOf(article, asked));
    // What was read a moment ago may not have reached the server yet.
    return { items: this.route.unread ? entries.filter(({ marks }) => !marks.read) : entries, cursor: answer.next_cursor };
  }

  async #ranked(signal: AbortSignal) {
    const asked = performance.now();
    const answer = await get<RankedList>(withQuery('/api/v1/recommendations', { limit: rankedSize }), { signal });
    this.stale = answer.stale;
    this.reasons = new Map(answer.items.map(({ article, reasons }) => [article.id, reasons]));
    return { items: answer.items.map(({ article }) => entryOf(article, asked)), cursor: null };
  }

  #address(cursor: string | null): string {
    const { view, unread } = this.route;
    const common = { limit: pageSize, cursor };
    if (view.name === 'search') return withQuery('/api/v1/search', { ...common, q: view.query });
    return withQuery('/api/v1/articles', {
      ...common,
      source: view.name === 'source' ? view.id : null,
      topic: view.name === 'topic' ? view.key : null,
      entity: view.name === 'entity' ? view.key : null,
      story: view.name === 'story' ? view.id : null,
      marks: view.name === 'saved' ? 'saved' : unread ? 'unread' : null,
    });
  }

  #wants(article: Article): boolean {
    const { view } = this.route;
    if (article.marks.hidden) return false;
    switch (view.name) {
      case 'latest':
      case 'for-you':
      case 'article':
        return true;
      case 'source':
        return article.source_id === view.id;
      case 'topic':
        return article.topics.some(({ name }) => name === view.key);
      case 'entity':
        return article.entities?.some(({ key }) => key === view.key) ?? false;
      case 'story':
        return article.story_id === view.id;
      default:
        return false;
    }
  }

  arrived(article: Article): void {
    if (this.status !== 'ready' || this.#ids.has(article.id)) return;
    if (!this.#wants(article)) {
      this.#arrivals.remove(article.id);
    } else {
      this.#arrivals.add(article);
    }
    this.#count();
    if (this.items.length === 0 && this.#arrivals.count > 0) {
      this.#fills = fillsMax;
      this.#fillSoon();
    }
  }

  /** An empty list has nothing that could move under the reader's eyes: what comes goes in. */
  #fillSoon(): void {
    if (this.items.length > 0 || this.#fills <= 0) return;
    this.#fills -= 1;
    this.#filling ??= setTimeout(() => {
      this.#filling = undefined;
      void this.showFresh().then(() => this.#fillSoon());
    }, fillPause);
  }

  #count(): void {
    this.fresh = this.#arrivals.count;
    this.freshOverflow = this.#arrivals.overflowed;
  }

  protected override clearFresh(): void {
    this.#arrivals.clear();
    super.clearFresh();
  }

  override async showFresh(): Promise<void> {
    // A ranked list has an order of its own, which only the server knows.
    if (this.ranked || this.#arrivals.overflowed) return this.load();
    const articles = this.#arrivals.take();
    const seen = new Set(this.items.map(({ id }) => id));
    this.items = [...articles.filter(({ id }) => !seen.has(id)).map((article) => entryOf(article)), ...this.items].slice(0, rowLimit);
    this.#count();
  }

  async catchUp(): Promise<void> {
    if (this.status !== 'ready') return this.load();
    // Results stand as they were found.
    if (this.route.view.name === 'search') return;
    try {
      const asked = performance.now();
      const signal = new AbortController().signal;
      const answer = this.ranked
        ? await get<RankedList>(withQuery('/api/v1/recommendations', { limit: rankedSize }), { signal })
        : await get<Page<Article>>(this.#address(null), { signal });
      for (const item of answer.items) {
        const article = 'article' in item ? item.article : item;
        if (this.#ids.has(article.id)) entryOf(article, asked);
        else this.arrived(article);
      }
    } catch {
      // The connection is still settling; the next reset tries again.
    }
  }
}

export class StoryList extends List<Story> {
  #waiting = new Set<number>();
  #growing: ReturnType<typeof setTimeout> | undefined;

  protected idOf(story: Story): number {
    return story.id;
  }

  protected async page(cursor: string | null, signal: AbortSignal) {
    const answer = await get<Page<Story>>(withQuery('/api/v1/stories', { limit: pageSize, cursor }), { signal });
    return { items: answer.items, cursor: answer.next_cursor };
  }

  arrived(): void {
    // Stories are told by their own items.
  }

  /** A story is new or has grown by an article; `seen` when somebody looks at the list. */
  storyChanged(id: number, article: number, seen: boolean): void {
    if (this.status !== 'ready') return;
    // One that was in another story before was moved there by the operator.
    if (this.items.some((story) => story.id !== id && story.articles.includes(article))) {
      this.items = leftBy(article, this.items, id);
    }
    if (this.items.some((story) => story.id === id)) {
      if (seen) this.#growing ??= setTimeout(() => void this.#grow(), growthPause);
      return;
    }
    this.#wait(id);
  }

  /** Stories in the list keep their place; what they say of themselves is asked for again. */
  async #grow(): Promise<void> {
    try {
      // Those that grew last come first.
      const { items } = await this.page(null, new AbortController().signal);
      const grown = new Map(items.map((story) => [story.id, story]));
      this.items = this.items.map((story) => grown.get(story.id) ?? story);
    } catch {
      // The next one that grows asks again.
    } finally {
      this.#growing = undefined;
    }
  }

  protected override clearFresh(): void {
    this.#waiting.clear();
    super.clearFresh();
  }

  /** What is shown keeps its place, as when a push tells of it; stories that are new wait behind the pill. */
  async catchUp(): Promise<void> {
    if (this.status !== 'ready' || this.items.length === 0) return this.load();
    try {
      const { items } = await this.page(null, new AbortController().signal);
      const now = new Map(items.map((story) => [story.id, story]));
      const shown = new Set(this.items.map((story) => story.id));
      this.items = this.items.map((story) => now.get(story.id) ?? story);
      for (const id of now.keys()) if (!shown.has(id)) this.#wait(id);
    } catch {
      // The connection is still settling; the next reset tries again.
    }
  }

  #wait(id: number): void {
    if (this.#waiting.size < 200) this.#waiting.add(id);
    else this.freshOverflow = true;
    this.fresh = this.#waiting.size;
  }
}

/** When it was published, else fetched. */
export function timeOf(article: Article): number {
  return Date.parse(article.published_at ?? article.fetched_at);
}

/** A new list that starts to load. It outlives the component that asked, so it has a root of its own. */
function make(route: Route, key: string): { list: ArticleList | StoryList; end(): void } {
  let list!: ArticleList | StoryList;
  const end = $effect.root(() => {
    list = route.view.name === 'stories' ? new StoryList(key) : new ArticleList(route, route.view.name === 'for-you');
    if (route.view.name === 'search' && !route.view.query.trim()) list.status = 'ready';
    else void list.load();
  });
  return { list, end };
}

/** Lists kept for going back. */
const keptLists = 6;

class Shelf {
  #kept = new Map<string, { list: ArticleList | StoryList; end(): void }>();

  /** The list of a route: the kept one, or a new one that starts to load. */
  of(route: Route): ArticleList | StoryList {
    const listed: Route = route.view.name === 'article' ? { ...route, view: { name: 'latest' } } : route;
    const key = listKey(listed);
    const kept = this.#kept.get(key) ?? make(listed, key);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const [oldest, { end }] of this.#kept) {
      if (this.#kept.size <= keptLists) break;
      end();
      this.#kept.delete(oldest);
    }
    return kept.list;
  }

  get all(): (ArticleList | StoryList)[] {
    return [...this.#kept.values()].map(({ list }) => list);
  }
}

export const shelf = new Shelf();
