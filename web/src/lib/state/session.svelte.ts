/** Who reads, and whether the server lets them. */
import { ask, get, Problem, whenUnauthorised } from '../api/client';
import type { Me } from '../api/types';
import { i18n } from '../i18n/index.svelte';

class Session {
  me = $state.raw<Me | null>(null);
  /** The server asks for a token before it shows anything. */
  locked = $state(false);

  constructor() {
    whenUnauthorised(() => (this.locked = true));
  }

  async load(): Promise<void> {
    try {
      this.me = await get<Me>('/api/v1/me');
      i18n.suggest(this.me.reader.language);
      this.locked = false;
    } catch {
      // A 401 has locked the page already; anything else shows in the list itself.
    }
  }

  /** Trades a token for the session cookie; false when it is wrong. */
  async unlock(token: string): Promise<boolean> {
    try {
      await ask('POST', '/api/v1/session', { token });
    } catch (problem) {
      if (problem instanceof Problem && problem.status < 500) return false;
      throw problem;
    }
    await this.load();
    return !this.locked;
  }
}

export const session = new Session();
