/** Which key does what; sequences such as `g f` included. Knows no browser. */

export type Action =
  | 'next'
  | 'previous'
  | 'open'
  | 'original'
  | 'summarise'
  | 'close_article'
  | 'toggle_read'
  | 'toggle_saved'
  | 'hide'
  | 'undo'
  | 'search'
  | 'go_for_you'
  | 'go_latest'
  | 'go_stories'
  | 'go_saved'
  | 'go_sources'
  | 'refresh'
  | 'help';

/** Keys, one or a sequence of two, in the order of the help. */
export const bindings: readonly (readonly [readonly string[], Action])[] = [
  [['j'], 'next'],
  [['k'], 'previous'],
  [['o'], 'open'],
  [['Enter'], 'open'],
  [['v'], 'original'],
  [['t'], 'summarise'],
  [['Escape'], 'close_article'],
  [['m'], 'toggle_read'],
  [['s'], 'toggle_saved'],
  [['x'], 'hide'],
  [['z'], 'undo'],
  [['/'], 'search'],
  [['g', 'f'], 'go_for_you'],
  [['g', 'l'], 'go_latest'],
  [['g', 's'], 'go_stories'],
  [['g', 'a'], 'go_saved'],
  [['g', 'u'], 'go_sources'],
  [['r'], 'refresh'],
  [['?'], 'help'],
];

/** What the map needs to know of a key press. */
export interface KeyPress {
  key: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  /** Typing into a field. */
  inField?: boolean;
  /** A link or button has the focus, so Enter is its own. */
  onControl?: boolean;
  /** An input method is composing. */
  isComposing?: boolean;
  /** Milliseconds, any origin. */
  at: number;
}

/** How long the first key of a sequence is remembered. */
export const patience = 1200;

export class KeyMap {
  #first: { key: string; at: number } | null = null;

  /** The action this press completes, if any. */
  press(given: KeyPress): Action | null {
    if (given.ctrlKey || given.metaKey || given.altKey || given.isComposing) return this.#forget();
    if (given.inField) return this.#forget();
    if (given.key === 'Enter' && given.onControl) return this.#forget();
    const first = this.#first && given.at - this.#first.at <= patience ? this.#first.key : null;
    this.#first = null;
    for (const [keys, action] of bindings) {
      const matches = keys.length === 2 ? keys[0] === first && keys[1] === given.key : first === null && keys[0] === given.key;
      if (matches) return action;
    }
    if (bindings.some(([keys]) => keys.length === 2 && keys[0] === given.key)) {
      this.#first = { key: given.key, at: given.at };
    }
    return null;
  }

  #forget(): null {
    this.#first = null;
    return null;
  }
}
