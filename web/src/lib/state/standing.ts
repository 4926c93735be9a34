/** Whose word counts about the marks of an article: ours, or a copy from the server. Knows no browser. */

export interface Standing {
  /** Marks of ours the server has not acknowledged. */
  unsent: number;
  /** When the last one was acknowledged, on the page's clock; `-Infinity` before the first. */
  settled: number;
}

/** Whether a copy that was asked for at `asked` may say how the article is marked: one that was asked for earlier may be from before our marks, however late it comes. */
export function isCurrent({ unsent, settled }: Standing, asked: number): boolean {
  return unsent === 0 && asked >= settled;
}
