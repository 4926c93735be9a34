/** A story folds its copies behind its first article in a list. Knows no browser. */

/** What folding needs to know of an item. */
export interface Foldable {
  id: number;
  story: number | null;
  source: number;
  /** Epoch milliseconds, for headings of days. */
  at: number;
}

export interface Row<T> {
  item: T;
  key: string;
  /** Sources folded behind this row. */
  folded: number;
  /** The folded ones are shown. */
  open: boolean;
  /** Shown because its story is unfolded. */
  child: boolean;
  /** Begins a day; its time. */
  day: number | null;
}

export interface Folding {
  /** Stories shown in full. */
  open: ReadonlySet<number>;
  /** Put headings between days. */
  days: boolean;
  dayOf(at: number): number;
}

/** Rows in the order of the items; linear in their number. */
export function fold<T>(items: readonly T[], read: (item: T) => Foldable, folding: Folding): Row<T>[] {
  const stories = new Map<number, T[]>();
  for (const item of items) {
    const { story } = read(item);
    if (story === null) continue;
    const members = stories.get(story);
    if (members) members.push(item);
    else stories.set(story, [item]);
  }
  const rows: Row<T>[] = [];
  const seen = new Set<number>();
  let today: number | null = null;
  for (const item of items) {
    const { id, story, source, at } = read(item);
    if (story !== null && seen.has(story)) continue;
    const members = story === null ? [item] : (stories.get(story) ?? [item]);
    if (story !== null) seen.add(story);
    const day = folding.dayOf(at);
    const begins = folding.days && day !== today;
    today = day;
    const others = new Set(members.map((member) => read(member).source));
    others.delete(source);
    const folded = members.length > 1 ? Math.max(others.size, 1) : 0;
    const open = folded > 0 && story !== null && folding.open.has(story);
    rows.push({ item, key: String(id), folded, open, child: false, day: begins ? day : null });
    if (!open) continue;
    for (const member of members.slice(1)) {
      rows.push({ item: member, key: String(read(member).id), folded: 0, open: false, child: true, day: null });
    }
  }
  return rows;
}

/** What stories are once an article has left them for one of them; those with nothing left are gone. */
export function leftBy<T extends { id: number; articles: number[] }>(article: number, stories: readonly T[], newStory: number): T[] {
  return stories
    .map((story) => (story.id === newStory ? story : { ...story, articles: story.articles.filter((id) => id !== article) }))
    .filter(({ articles }) => articles.length > 0);
}
