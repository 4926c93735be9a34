/** The stories the operator looks at, what they have ticked, and what they decide. */
import { ask, get, withQuery } from '../lib/api/client';
import type { Page } from '../lib/api/types';
import type { ListedStory, StoryDecided, StoryDecision, StoryWithArticles } from './types';

const pageSize = 12;

export class StoryTable {
  items = $state.raw<ListedStory[]>([]);
  cursor = $state<string | null>(null);
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  /** What was looked for. */
  query = '';
  /** Ticked stories in the order of ticking: the first goes on. */
  ticked = $state.raw<readonly number[]>([]);
  /** The story whose articles are shown. */
  open = $state.raw<StoryWithArticles | null>(null);
  /** Ticked articles of it. */
  taken = $state.raw<ReadonlySet<number>>(new Set());
  decisions = $state.raw<StoryDecision[]>([]);
  busy = $state(false);
  /** Titles of ticked stories, which may have left the list. */
  #titles = new Map<number, string>();

  constructor(readonly token: () => string) {}

  get #asking() {
    return { token: this.token() };
  }

  async load(): Promise<void> {
    try {
      const [page, decisions] = await Promise.all([this.#page(null), this.#decided()]);
      this.items = page.items;
      this.cursor = page.next_cursor;
      this.decisions = decisions;
      this.status = 'ready';
      this.error = null;
    } catch (error) {
      this.error = error;
      this.status = this.items.length > 0 ? 'ready' : 'error';
    }
  }

  async more(): Promise<void> {
    const page = await this.#page(this.cursor);
    const known = new Set(this.items.map(({ id }) => id));
    this.items = [...this.items, ...page.items.filter(({ id }) => !known.has(id))];
    this.cursor = page.next_cursor;
  }

  async find(query: string): Promise<void> {
    this.query = query.trim();
    await this.load();
  }

  #page(cursor: string | null): Promise<Page<ListedStory>> {
    return get<Page<ListedStory>>(withQuery('/admin/stories', { limit: pageSize, cursor, q: this.query }), this.#asking);
  }

  async #decided(): Promise<StoryDecision[]> {
    return (await get<Page<StoryDecision>>(withQuery('/admin/stories/decisions', { limit: 20 }), this.#asking)).items;
  }

  tick(story: ListedStory): void {
    this.#titles.set(story.id, story.title);
    this.ticked = this.ticked.includes(story.id) ? this.ticked.filter((id) => id !== story.id) : [...this.ticked, story.id];
  }

  titleOf(id: number): string {
    return this.#titles.get(id) ?? String(id);
  }

  take(article: number): void {
    const taken = new Set(this.taken);
    if (!taken.delete(article)) taken.add(article);
    this.taken = taken;
  }

  /** Shows the articles of a story, or hides them. */
  async show(id: number): Promise<void> {
    this.taken = new Set();
    this.open = this.open?.id === id ? null : await get<StoryWithArticles>(`/admin/stories/${id}`, this.#asking);
  }

  merge(): Promise<StoryDecided> {
    return this.#decide('/admin/stories/merge', { stories: this.ticked });
  }

  split(story: number): Promise<StoryDecided> {
    return this.#decide(`/admin/stories/${story}/split`, { articles: [...this.taken] });
  }

  async #decide(path: string, body: unknown): Promise<StoryDecided> {
    this.busy = true;
    try {
      const decided = await ask<StoryDecided>('POST', path, body, this.#asking);
      this.ticked = [];
      this.taken = new Set();
      await this.load();
      await this.#reveal(decided.story);
      return decided;
    } finally {
      this.busy = false;
    }
  }

  /** Shows what has become of a story, in front when it is not in the list. */
  async #reveal(id: number): Promise<void> {
    const story = await get<StoryWithArticles>(`/admin/stories/${id}`, this.#asking);
    if (!this.items.some((item) => item.id === id)) this.items = [story, ...this.items];
    this.open = story;
  }

  async forget(decision: number): Promise<void> {
    await ask('DELETE', `/admin/stories/decisions/${decision}`, undefined, this.#asking);
    await this.load();
  }
}
