/** Lists of words as people type them, and back. */

/** Words and phrases separated by commas, semicolons or line breaks of either language. */
export function wordsOf(text: string): string[] {
  const words = text.split(/[\n,;，；、]/).map((word) => word.trim()).filter(Boolean);
  return [...new Set(words)];
}

/** As they are shown in a field. */
export function textOf(words: string[]): string {
  return words.join(', ');
}
