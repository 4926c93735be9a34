/** Cuts a text at the words somebody searched for. */

export interface Piece {
  text: string;
  hit: boolean;
}

/** Words of a query looked for at most. */
const wordLimit = 12;

/** The pieces of `text` in order; joined they are `text` again. */
export function highlight(text: string, query: string): Piece[] {
  const words = [...new Set(query.toLowerCase().split(/[\s"“”]+/u).filter(Boolean))].slice(0, wordLimit);
  if (words.length === 0) return [{ text, hit: false }];
  words.sort((left, right) => right.length - left.length);
  const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'giu');
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), hit: false });
    pieces.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}
