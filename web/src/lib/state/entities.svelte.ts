/** What the entities of open lists are called, in both languages. */
import { get } from '../api/client';
import type { EntityNames } from '../api/types';

/** Names kept at a time. */
const keptNames = 200;

class Entities {
  #names = $state.raw(new Map<string, EntityNames>());
  #asked = new Set<string>();

  /** Its name in a language; until the server has answered, its key. */
  nameOf(key: string, language: 'en' | 'zh'): string {
    const names = this.#names.get(key);
    return names?.[language] ?? names?.name ?? key;
  }

  /** Asks what a key stands for, once. */
  async ask(key: string): Promise<void> {
    if (this.#names.has(key) || this.#asked.has(key)) return;
    this.#asked.add(key);
    try {
      const names = await get<EntityNames>(`/api/v1/entities/${encodeURIComponent(key)}`);
      const kept = [...this.#names].slice(-(keptNames - 1));
      this.#names = new Map([...kept, [key, names]]);
    } catch {
      // The key is heading enough; the next visit asks again.
    } finally {
      this.#asked.delete(key);
    }
  }
}

export const entities = new Entities();
