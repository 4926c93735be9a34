/** The open article's summary in the reader's language: what there is, and having one written. */
import { get, listenTo, Problem, problemOf, withQuery } from '../api/client';
import type { Article, AskedSummary, Refused, Summary } from '../api/types';
import { i18n, type Language } from '../i18n/index.svelte';
import { session } from './session.svelte';
import { stored } from './stored.svelte';

/** Summaries kept for going back. */
const keptSummaries = 80;

export type Attempt =
  | { stage: 'none' }
  | { stage: 'writing'; text: string }
  | { stage: 'written'; summary: Summary }
  | { stage: 'refused'; refused: Refused }
  | { stage: 'failed'; error: unknown };

const none: Attempt = { stage: 'none' };

class Summaries {
  /** What the reader chose; as the page when they chose nothing. */
  #choice = stored<Language | null>('summary-language', null);
  language = $derived<Language>(this.#choice.value ?? i18n.language);
  attempt = $state.raw<Attempt>(none);
  /** The article's own sentences are shown although there are written words. */
  own = $state(false);
  #article: Article | null = null;
  #kept = new Map<string, Summary>();
  #asking: AbortController | null = null;

  get choice(): Language | null {
    return this.#choice.value;
  }
  set choice(language: Language | null) {
    this.#choice.value = language;
  }

  /** Whether there is anything to ask for: a text that has no summary is one, in its own language. */
  canAsk(article: Article): boolean {
    return Boolean(session.me?.writer) && (article.language !== this.language || Boolean(article.summary));
  }

  /** Another article, or another language. Shows what was written before, and asks for nothing. */
  show(article: Article | null): void {
    this.stop();
    this.#article = article;
    this.own = false;
    this.attempt = none;
    if (article === null || !this.canAsk(article)) return;
    const kept = this.#kept.get(this.#key(article));
    if (kept) this.attempt = { stage: 'written', summary: kept };
    else void this.#look(article);
  }

  /** Has it written; or shows it, when it is. */
  ask(): void {
    const article = this.#article;
    if (article === null || !this.canAsk(article) || this.attempt.stage === 'writing') return;
    if (this.attempt.stage === 'written') this.own = !this.own;
    else void this.#write(article);
  }

  /** Nobody waits any more: the writer stops, too. */
  stop(): void {
    this.#asking?.abort();
    this.#asking = null;
    if (this.attempt.stage === 'writing') this.attempt = none;
  }

  #key(article: Article): string {
    return `${article.id} ${this.language}`;
  }

  #keep(article: Article, summary: Summary): void {
    this.#kept.set(this.#key(article), summary);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptSummaries) break;
      this.#kept.delete(oldest);
    }
    this.attempt = { stage: 'written', summary };
  }

  async #look(article: Article): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const summary = await get<Summary>(withQuery(`/api/v1/articles/${article.id}/summary`, { language: this.language }), asking);
      if (!asking.signal.aborted && summary.kind === 'written') this.#keep(article, summary);
    } catch {
      // The article's own sentences are there.
    }
  }

  async #write(article: Article): Promise<void> {
    this.stop();
    const asking = new AbortController();
    this.#asking = asking;
    this.own = false;
    this.attempt = { stage: 'writing', text: '' };
    let last: Attempt | null = null;
    try {
      await listenTo(`/api/v1/articles/${article.id}/summary`, { language: this.language }, ({ name, data }) => {
        if (asking.signal.aborted) return;
        const body: unknown = JSON.parse(data);
        if (name === 'text' && this.attempt.stage === 'writing') {
          this.attempt = { stage: 'writing', text: this.attempt.text + (body as { text: string }).text };
        } else if (name === 'summary') {
          last = this.#outcome(article, body as AskedSummary);
        } else if (name === 'problem') {
          const problem = body as Record<string, unknown>;
          last = { stage: 'failed', error: problemOf(Number(problem.status), problem) };
        }
      }, asking.signal);
      if (!asking.signal.aborted) this.attempt = last ?? { stage: 'failed', error: null };
    } catch (error) {
      if (!asking.signal.aborted) this.attempt = { stage: 'failed', error };
    }
  }

  #outcome(article: Article, asked: AskedSummary): Attempt {
    if (asked.refused) return { stage: 'refused', refused: asked.refused };
    if (asked.summary.kind === 'written') this.#keep(article, asked.summary);
    return asked.summary.kind === 'written' ? { stage: 'written', summary: asked.summary } : none;
  }
}

export const summaries = new Summaries();

/** Why it failed, in the page's language. */
export function reasonOf(error: unknown): string {
  const w = i18n.m.article.writing;
  if (!(error instanceof Problem) || error.retryAfter === null) return w.failed;
  const wait = i18n.duration(error.retryAfter);
  return error.status === 429 ? w.used(wait) : w.away(wait);
}

/** Why it may not stand, in the page's language. */
export function refusalOf({ kind, claim }: Refused): string {
  const w = i18n.m.article.writing;
  const why = w.reasons[kind] ?? w.reasons.empty;
  return claim ? w.claim(why, claim) : why;
}
