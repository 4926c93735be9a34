/** The models the operator looks at, and what they change about them. */
import { ask, get } from '../lib/api/client';
import type { ModelReport } from './types';

/** How often the figures are asked for, in milliseconds. */
const period = 4000;

export class ModelTable {
  report = $state.raw<ModelReport | null>(null);
  busy = $state(false);

  constructor(readonly token: () => string) {}

  get #asking() {
    return { token: this.token() };
  }

  /** Asks again and again until it is stopped. */
  start(): () => void {
    void this.load();
    const timer = setInterval(() => void this.load(), period);
    return () => clearInterval(timer);
  }

  /** Without an answer the last figures stay: the page itself says that the server is away. */
  async load(): Promise<void> {
    try {
      this.report = await get<ModelReport>('/admin/models', this.#asking);
    } catch {
      return;
    }
  }

  canary(model: string, share: number): Promise<void> {
    return this.#change('canary', { model, share });
  }

  step(step: 'promote' | 'withdraw' | 'rollback'): Promise<void> {
    return this.#change(step, undefined);
  }

  async #change(step: string, body: unknown): Promise<void> {
    this.busy = true;
    try {
      await ask('POST', `/admin/models/${step}`, body, this.#asking);
      await this.load();
    } finally {
      this.busy = false;
    }
  }
}
