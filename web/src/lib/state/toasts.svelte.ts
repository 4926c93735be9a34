/** The one short message at the foot of the page, with its undo. */

export interface Toast {
  id: number;
  text: string;
  undo: (() => void) | null;
  trouble: boolean;
}

const shown = 6000;

class Toasts {
  current = $state.raw<Toast | null>(null);
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string, undo: (() => void) | null = null, trouble = false): void {
    this.current = { id: ++this.#count, text, undo, trouble };
    this.hold(false);
  }

  /** Stays while the pointer or the focus is on it. */
  hold(holding: boolean): void {
    clearTimeout(this.#timer);
    if (!holding) this.#timer = setTimeout(() => (this.current = null), shown);
  }

  undo(): void {
    const { current } = this;
    this.current = null;
    current?.undo?.();
  }
}

export const toasts = new Toasts();
