/** What came while the reader was reading: counted, never pushed under their eyes. Knows no browser. */
import type { Article, Frame, LiveItem } from '../api/types';

/** Arrivals that wait behind the pill of one list. Bounded: past `capacity` only the fact is kept. */
export class Arrivals {
  #waiting = new Map<number, Article>();
  #overflow = false;

  constructor(readonly capacity = 200) {}

  get count(): number {
    return this.#waiting.size;
  }

  /** More came than are kept; the list must be asked for again. */
  get overflowed(): boolean {
    return this.#overflow;
  }

  /** Takes an article that is not in the list; a newer copy replaces the waiting one. */
  add(article: Article): void {
    if (this.#waiting.has(article.id) || this.#waiting.size < this.capacity) this.#waiting.set(article.id, article);
    else this.#overflow = true;
  }

  has(id: number): boolean {
    return this.#waiting.has(id);
  }

  remove(id: number): void {
    this.#waiting.delete(id);
  }

  /** Everything that waits, newest first, and empties the queue. */
  take(): Article[] {
    const articles = [...this.#waiting.values()].sort(newestFirst);
    this.clear();
    return articles;
  }

  clear(): void {
    this.#waiting.clear();
    this.#overflow = false;
  }
}

/** By time of fetching; the id breaks ties. */
export function newestFirst(left: Article, right: Article): number {
  return Date.parse(right.fetched_at) - Date.parse(left.fetched_at) || right.id - left.id;
}

export type Reading = { kind: 'items'; items: LiveItem[] } | { kind: 'reset' } | { kind: 'nothing' };

/** Follows the sequence of frames: what to resume after, what was already seen. */
export class FrameReader {
  #last: number | null = null;

  /** To resume after; `null` when no frame was ever read. */
  get after(): number | null {
    return this.#last;
  }

  /** Reads the text of one frame; anything malformed is nothing. */
  read(text: string): Reading {
    const frame = decode(text);
    if (!frame) return { kind: 'nothing' };
    if (frame.type === 'reset') {
      this.#last = typeof frame.seq === 'number' ? frame.seq : null;
      return { kind: 'reset' };
    }
    if (this.#last !== null && frame.seq <= this.#last) return { kind: 'nothing' };
    this.#last = frame.seq;
    return { kind: 'items', items: frame.items };
  }
}

function decode(text: string): Frame | null {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    if (value?.type === 'reset') return value as unknown as Frame;
    if (typeof value?.seq === 'number' && Array.isArray(value.items)) return value as unknown as Frame;
  } catch {
    // Not ours.
  }
  return null;
}
