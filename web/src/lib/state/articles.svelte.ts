/** One object per article, shared by every list that shows it, so a mark is seen everywhere at once. */
import type { Article, Marks } from '../api/types';
import { isCurrent } from './standing';

export class Entry {
  /** The newest copy from the server. */
  data = $state.raw<Article>()!;
  marks = $state.raw<Marks>()!;
  /** Marks of ours the server has not acknowledged; until then ours is what is shown. */
  unsent = 0;
  /** When the last of them was acknowledged. */
  settled = -Infinity;

  constructor(article: Article) {
    this.data = article;
    this.marks = article.marks;
  }

  get id(): number {
    return this.data.id;
  }
}

/** Weak: an article nobody shows any more is forgotten, so hours of pushes do not fill memory. */
const pool = new Map<number, WeakRef<Entry>>();
const forget = new FinalizationRegistry<number>((id) => {
  if (!pool.get(id)?.deref()) pool.delete(id);
});

/** The shared object of an article, brought up to date with a copy that was asked for at `asked`; a pushed one is of now. */
export function entryOf(article: Article, asked = performance.now()): Entry {
  const known = pool.get(article.id)?.deref();
  if (known) {
    // A pushed copy may lack what the list already has.
    known.data = { ...known.data, ...article };
    if (isCurrent(known, asked)) known.marks = article.marks;
    return known;
  }
  const entry = new Entry(article);
  pool.set(article.id, new WeakRef(entry));
  forget.register(entry, article.id);
  return entry;
}

/** The shared object, if anything shows it. */
export function known(id: number): Entry | undefined {
  return pool.get(id)?.deref();
}
