/** The sources with their unread counts, and the topics: what the rail shows. */
import { ask, get, withQuery } from '../api/client';
import type { ImportedList, OwnTopic, Page, Source, SourcePreview, SourceSettings, SourceWish, Topic } from '../api/types';
import { i18n } from '../i18n/index.svelte';

/** Pages of sources asked for at most. */
const pageLimit = 40;
/** Counts are asked for again at most this often. */
const recount = 15_000;

class Library {
  sources = $state.raw<Source[]>([]);
  topics = $state.raw<Topic[]>([]);
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  #byId = $derived(new Map(this.sources.map((source) => [source.id, source])));
  #topicByKey = $derived(new Map(this.topics.map((topic) => [topic.key, topic])));
  unread = $derived(this.sources.reduce((sum, source) => sum + source.unread, 0));
  troubled = $derived(this.sources.filter(({ health }) => health.class === 'failing' || health.class === 'gone').length);
  /** Folders in order of name, sources without one last. */
  folders = $derived.by(() => {
    const folders = new Map<string, Source[]>();
    for (const source of this.sources) {
      const name = source.folder ?? '';
      const inside = folders.get(name);
      if (inside) inside.push(source);
      else folders.set(name, [source]);
    }
    const order = new Intl.Collator(i18n.locale, { numeric: true }).compare;
    for (const inside of folders.values()) inside.sort((left, right) => order(left.title, right.title));
    return [...folders].sort(([left], [right]) => (left === '' ? 1 : right === '' ? -1 : order(left, right)));
  });
  /** Removed on the page, but not yet on the server. */
  #leaving = new Set<number>();
  #recountAt = 0;
  #recountTimer: ReturnType<typeof setTimeout> | undefined;

  source(id: number): Source | undefined {
    return this.#byId.get(id);
  }

  commonTopics = $derived(this.topics.filter(({ own }) => !own));
  ownTopics = $derived(this.topics.filter(({ own }) => own));

  async addTopic(text: OwnTopic & { name: string }): Promise<void> {
    await ask('POST', '/api/v1/topics', text);
    await this.load();
  }

  async changeTopic(key: string, text: OwnTopic & { name: string }): Promise<void> {
    await ask('PATCH', `/api/v1/topics/${key}`, text);
    await this.load();
  }

  async removeTopic(key: string): Promise<void> {
    await ask('DELETE', `/api/v1/topics/${key}`);
    await this.load();
  }

  topicName(key: string): string {
    const topic = this.#topicByKey.get(key);
    return topic ? topic[i18n.language] : key;
  }

  async load(): Promise<void> {
    try {
      const [sources, topics] = await Promise.all([
        allSources(),
        // Topics are names only; without them their keys are shown.
        get<Page<Topic>>('/api/v1/topics').catch(() => null),
      ]);
      this.sources = sources.filter(({ id }) => !this.#leaving.has(id));
      if (topics) this.topics = topics.items;
      this.status = 'ready';
      this.#recountAt = Date.now();
    } catch (error) {
      this.error = error;
      if (this.status !== 'ready') this.status = 'error';
    }
  }

  /** Asks for the counts again, not at once and not often. */
  recountLater(): void {
    if (this.#recountTimer) return;
    const pause = Math.max(2000, this.#recountAt + recount - Date.now());
    this.#recountTimer = setTimeout(() => {
      this.#recountTimer = undefined;
      void this.load();
    }, pause);
  }

  /** Corrects one count at once; the server's own follows. */
  count(sourceId: number, change: number): void {
    this.#change(sourceId, (source) => ({ ...source, unread: Math.max(0, source.unread + change) }));
  }

  #change(id: number, edit: (source: Source) => Source): void {
    this.sources = this.sources.map((source) => (source.id === id ? edit(source) : source));
  }

  /** What following an address would bring; nothing changes. */
  preview(wish: SourceWish): Promise<SourcePreview> {
    return ask<SourcePreview>('POST', '/api/v1/sources/preview', wish);
  }

  async add(wish: SourceWish, folder: string): Promise<Source> {
    const source = await ask<Source>('POST', '/api/v1/sources', { ...wish, ...(folder ? { folder } : {}) });
    await this.load();
    return source;
  }

  /** Follows what a list (OPML) names; long ones take their time. */
  async importList(list: Blob): Promise<ImportedList> {
    const report = await ask<ImportedList>('POST', '/api/v1/opml', list, { patience: 120_000 });
    await this.load();
    return report;
  }

  async setPaused(id: number, paused: boolean): Promise<void> {
    await ask('PATCH', `/api/v1/sources/${id}`, { paused });
    await this.load();
  }

  async setFullText(id: number, fullText: boolean): Promise<void> {
    await ask('PATCH', `/api/v1/sources/${id}`, { full_text: fullText });
    await this.load();
  }

  /** Fetches it elsewhere from now on. */
  async setAddress(id: number, url: string): Promise<void> {
    await ask('PATCH', `/api/v1/sources/${id}`, { url });
    await this.load();
  }

  /** Reads it by other rules from now on. */
  async setRules(id: number, settings: SourceSettings): Promise<void> {
    await ask('PATCH', `/api/v1/sources/${id}`, { settings });
    await this.load();
  }

  async refresh(id: number): Promise<void> {
    await ask('POST', `/api/v1/sources/${id}/refresh`);
  }

  /** Leaves the page's list and stays away; the server is told by `remove`. */
  hide(id: number): void {
    this.#leaving.add(id);
    this.sources = this.sources.filter((source) => source.id !== id);
  }

  /** Takes `hide` back. */
  async keep(id: number): Promise<void> {
    this.#leaving.delete(id);
    await this.load();
  }

  async remove(id: number): Promise<void> {
    try {
      await ask('DELETE', `/api/v1/sources/${id}`);
    } finally {
      // Also when it failed: then the source is still there, and the list says so.
      await this.keep(id);
    }
  }
}

async function allSources(): Promise<Source[]> {
  const sources: Source[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pageLimit; page += 1) {
    const answer: Page<Source> = await get(withQuery('/api/v1/sources', { cursor }));
    sources.push(...answer.items);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return sources;
}

export const library = new Library();
