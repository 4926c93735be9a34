/** Asks the server every two seconds for what the operator sees, with the operator's own token. */
import { ask, get, Problem } from '../lib/api/client';
import type { Page, Statistics } from '../lib/api/types';
import type { Actor, Cluster, Device, Happening, OperatedSource, Picture, Pipeline } from './types';

const tokenName = 'autoglm.operator';
const pause = 2000;
/** Sources and statistics change slowly: every so many rounds. */
const slowRounds = 5;

/** Takes the token out of the address, where it would stay in the history and on screenshots. */
function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (given) sessionStorage.setItem(tokenName, given);
    if (location.hash) history.replaceState(history.state, '', location.pathname + location.search);
    return given ?? sessionStorage.getItem(tokenName);
  } catch {
    return given;
  }
}

export class Desk {
  #token: string | null = takeToken();
  picture = $state.raw<Picture>({ actors: [], devices: [], pipeline: null, sources: [], cluster: null, happenings: [], statistics: null });
  status = $state<'loading' | 'ready' | 'locked' | 'error'>(this.#token ? 'loading' : 'locked');
  error = $state.raw<unknown>(null);
  /** The last round got no answer. */
  stale = $state(false);
  at = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #over = false;

  /** What the parts of the page ask with that ask for themselves. */
  get token(): string {
    return this.#token ?? '';
  }

  start(): () => void {
    this.#over = false;
    const seen = (): void => {
      if (document.visibilityState === 'visible') this.#soon(0);
    };
    document.addEventListener('visibilitychange', seen);
    this.#soon(0);
    return () => {
      this.#over = true;
      clearTimeout(this.#timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }

  #soon(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#over && this.status !== 'locked') this.#timer = setTimeout(() => void this.#look(), milliseconds);
  }

  async #look(): Promise<void> {
    if (document.visibilityState === 'hidden') return;
    const asking = { token: this.#token ?? '' };
    const slow = this.#round++ % slowRounds === 0;
    const keep = this.picture;
    try {
      const [actors, devices, pipeline, cluster, happenings, sources, statistics] = await Promise.all([
        get<Page<Actor>>('/admin/actors', asking).then(({ items }) => items),
        get<Page<Device>>('/admin/devices', asking).then(({ items }) => items),
        get<Pipeline>('/admin/pipeline', asking),
        get<Cluster>('/admin/cluster', asking).catch((error: unknown) => absent(error, null)),
        get<Page<Happening>>('/admin/cluster/events?limit=20', asking).then(({ items }) => items),
        slow ? get<Page<OperatedSource>>('/admin/sources', asking).then(({ items }) => items) : keep.sources,
        slow ? get<Statistics>('/api/v1/statistics', asking).catch(() => keep.statistics) : keep.statistics,
      ]);
      this.picture = { actors, devices, pipeline, cluster, happenings, sources, statistics };
      this.status = 'ready';
      this.stale = false;
      this.error = null;
      this.at = Date.now();
    } catch (error) {
      this.#round = 0;
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
        this.status = 'locked';
        return;
      }
      this.stale = true;
      this.error = error;
      if (this.at === 0) this.status = 'error';
    }
    this.#soon(pause);
  }

  retry(): void {
    this.status = 'loading';
    this.#soon(0);
  }

  /** Tries a token typed in; false when it is wrong. */
  async unlock(token: string): Promise<boolean> {
    try {
      await get('/admin/actors', { token });
    } catch (error) {
      if (error instanceof Problem && error.status < 500) return false;
      throw error;
    }
    this.#token = token;
    try {
      sessionStorage.setItem(tokenName, token);
    } catch {
      // Then it is asked for again after a reload.
    }
    this.retry();
    return true;
  }

  async restart(name: string): Promise<void> {
    await ask('POST', `/admin/actors/${encodeURIComponent(name)}/restart`, undefined, { token: this.#token ?? '' });
    this.#soon(200);
  }

  async drain(): Promise<void> {
    await ask('POST', '/admin/drain', undefined, { token: this.#token ?? '' });
  }
}

/** A part the server does not have is left out; every other failure counts. */
function absent<T>(error: unknown, instead: T): T {
  if (error instanceof Problem && error.status !== 401 && error.status !== 403) return instead;
  throw error;
}
