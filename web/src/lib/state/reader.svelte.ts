/** The open article: its text, how long it was read, and the text settings. */
import { get } from '../api/client';
import type { ArticleWithContent } from '../api/types';
import { entryOf, type Entry } from './articles.svelte';
import { marks } from './marks.svelte';
import { stored } from './stored.svelte';

/** Texts kept for going back and for reading offline. */
const keptTexts = 80;
const longestDwell = 30 * 60_000;

export interface Opened {
  entry: Entry;
  content: string;
  model: string | null;
}

class Reader {
  id = $state<number | null>(null);
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  opened = $state.raw<Opened | null>(null);
  #kept = new Map<number, Opened>();
  #asking: AbortController | null = null;
  #since = 0;
  #dwelt = 0;

  constructor() {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.#pause();
      else this.#since = performance.now();
    });
    addEventListener('pagehide', () => this.#leave());
  }

  /** Shows an article, or none. */
  show(id: number | null): void {
    if (id === this.id) return;
    this.#leave();
    this.#asking?.abort();
    this.id = id;
    this.#since = performance.now();
    if (id === null) {
      this.opened = null;
      return;
    }
    const kept = this.#kept.get(id);
    if (kept) this.#open(kept);
    else void this.load();
  }

  async load(): Promise<void> {
    const { id } = this;
    if (id === null) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.status = 'loading';
    const asked = performance.now();
    try {
      const { content_html, model_version, ...article } = await get<ArticleWithContent>(`/api/v1/articles/${id}`, asking);
      if (this.id !== id) return;
      this.#open({ entry: entryOf(article, asked), content: content_html ?? '', model: model_version ?? null });
    } catch (error) {
      if (asking.signal.aborted || this.id !== id) return;
      this.error = error;
      this.opened = null;
      this.status = 'error';
    }
  }

  #open(opened: Opened): void {
    this.#kept.delete(opened.entry.id);
    this.#kept.set(opened.entry.id, opened);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptTexts) break;
      this.#kept.delete(oldest);
    }
    this.opened = opened;
    this.status = 'ready';
    marks.opened(opened.entry);
  }

  #pause(): void {
    if (this.id !== null && this.#since > 0) this.#dwelt += performance.now() - this.#since;
    this.#since = 0;
  }

  #leave(): void {
    this.#pause();
    const dwelt = Math.round(Math.min(this.#dwelt, longestDwell));
    this.#dwelt = 0;
    if (this.id !== null && dwelt >= 1000) marks.note('dwell', { article_id: this.id }, dwelt);
  }
}

export const reader = new Reader();

/** Sizes of the article's text, in steps of the type scale. */
export const textSizes = [15, 16, 17, 18, 20, 22] as const;

class TextSettings {
  #size = stored<number>('text-size', 2);
  #serif = stored<boolean>('text-serif', false);

  get step(): number {
    return Math.min(textSizes.length - 1, Math.max(0, this.#size.value));
  }
  set step(step: number) {
    this.#size.value = Math.min(textSizes.length - 1, Math.max(0, step));
  }
  get serif(): boolean {
    return this.#serif.value;
  }
  set serif(serif: boolean) {
    this.#serif.value = serif;
  }
}

export const textSettings = new TextSettings();
