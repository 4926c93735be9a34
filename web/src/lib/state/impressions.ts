/** Which rows were really in sight: an impression is a row seen for a second on a visible page. */
import { marks } from './marks.svelte';

const second = 1000;
/** Articles remembered as seen in this session. */
const remembered = 20_000;

class Impressions {
  #since = new Map<number, number>();
  #done = new Set<number>();

  constructor() {
    setInterval(() => this.#tick(performance.now()), second / 2);
  }

  /** The articles in sight now. */
  see(ids: number[]): void {
    const now = performance.now();
    const next = new Map<number, number>();
    for (const id of ids) {
      if (!this.#done.has(id)) next.set(id, this.#since.get(id) ?? now);
    }
    this.#since = next;
  }

  #tick(now: number): void {
    if (document.visibilityState !== 'visible') {
      for (const id of this.#since.keys()) this.#since.set(id, now);
      return;
    }
    for (const [id, since] of this.#since) {
      if (now - since < second) continue;
      this.#since.delete(id);
      if (this.#done.size >= remembered) this.#done.clear();
      this.#done.add(id);
      marks.note('impression', { article_id: id });
    }
  }
}

export const impressions = new Impressions();
