/** The list of topics by which articles are sorted: what is in force, and a draft of another. */
import { ask, get } from '../lib/api/client';
import type { ListedTopic, TopicList } from './types';

/** How often it is asked how many articles are still to be sorted, in milliseconds. */
const period = 4000;

/** A topic of the draft; `at` tells two without a key apart. */
export interface DraftTopic extends ListedTopic {
  at: number;
}

export class TopicEditor {
  list = $state.raw<TopicList | null>(null);
  draft = $state.raw<DraftTopic[]>([]);
  isChanged = $state(false);
  busy = $state(false);
  #next = 0;

  constructor(readonly token: () => string) {}

  get #asking() {
    return { token: this.token() };
  }

  /** Asks again and again until it is stopped; a draft that was changed stays. */
  start(): () => void {
    void this.load();
    const timer = setInterval(() => void this.load(), period);
    return () => clearInterval(timer);
  }

  async load(): Promise<void> {
    if (this.busy) return;
    try {
      const list = await get<TopicList>('/admin/topics', this.#asking);
      if (!this.busy) this.#take(list);
    } catch {
      return;
    }
  }

  #take(list: TopicList, anew = false): void {
    const isNews = JSON.stringify(list.topics) !== JSON.stringify(this.list?.topics);
    this.list = list;
    if (anew || (isNews && !this.isChanged)) this.discard();
  }

  /** Back to what is in force. */
  discard(): void {
    this.draft = (this.list?.topics ?? []).map((topic) => ({ ...topic, at: this.#next++ }));
    this.isChanged = false;
  }

  edit(at: number, change: Partial<ListedTopic>): void {
    this.#set(this.draft.map((topic) => (topic.at === at ? { ...topic, ...change } : topic)));
  }

  /** A new topic at the end; answers which one it is. */
  add(): number {
    const at = this.#next++;
    this.#set([...this.draft, { key: '', en: '', zh: '', description: { en: '', zh: '' }, seeds: [], at }]);
    return at;
  }

  remove(at: number): void {
    this.#set(this.draft.filter((topic) => topic.at !== at));
  }

  /** One place up. */
  raise(at: number): void {
    const place = this.draft.findIndex((topic) => topic.at === at);
    const [above, topic] = [this.draft[place - 1], this.draft[place]];
    if (!above || !topic) return;
    this.#set([...this.draft.slice(0, place - 1), topic, above, ...this.draft.slice(place + 1)]);
  }

  #set(draft: DraftTopic[]): void {
    this.draft = draft;
    this.isChanged = true;
  }

  save(): Promise<void> {
    const topics = this.draft.map(({ key, en, zh, description, seeds }) => ({ key, en, zh, description, seeds }));
    return this.#change('PUT', { topics });
  }

  /** Forgets the operator's list. */
  reset(): Promise<void> {
    return this.#change('DELETE', undefined);
  }

  async #change(method: 'PUT' | 'DELETE', body: unknown): Promise<void> {
    this.busy = true;
    try {
      this.#take(await ask<TopicList>(method, '/admin/topics', body, this.#asking), true);
    } finally {
      this.busy = false;
    }
  }
}
