/** Words a recommendation's reasons in the reader's language. */
import type { Reason } from '../api/types';
import type { Catalogue } from '../i18n/en';

/** Longest title quoted in a reason, in widths of a Latin letter. */
const quoted = 32;

/** The beginning of a title that fits. */
function shorten(title: string): string {
  let width = 0;
  const fitting: string[] = [];
  for (const character of title) {
    width += /[\u2e80-\uffef]/u.test(character) ? 2 : 1;
    if (width > quoted) return `${fitting.join('').trimEnd()}…`;
    fitting.push(character);
  }
  return title;
}

/** The words of a reason; `null` for a kind this page does not know yet. */
export function wordReason(reason: Reason, words: Catalogue['reasons'], topicName: (key: string) => string): string | null {
  switch (reason.kind) {
    case 'similar_to':
      return words.similar_to(shorten(reason.text));
    case 'source':
      return words.source(reason.text);
    case 'topic':
      return words.topic(topicName(reason.text));
    case 'sources':
      return words.sources(reason.text);
    case 'long_interest':
    case 'recent_interest':
    case 'popular':
    case 'fresh':
    case 'exploration':
      return words[reason.kind];
    default:
      return null;
  }
}
