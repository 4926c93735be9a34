/** What the reader did, on its way to the server: batched, kept while offline, bounded. Knows no browser. */
import type { ReaderEvent } from '../api/types';

/** How a batch went. `refused` events are dropped: sending them again would be refused again. */
export type Sent = 'accepted' | 'refused' | 'unreachable';

export interface OutboxPorts {
  send(events: ReaderEvent[], leaving: boolean): Promise<Sent>;
  /** Keeps what waits across a reload. */
  keep(events: ReaderEvent[]): void;
  /** Events the server refused. */
  refused(events: ReaderEvent[]): void;
  later(callback: () => void, milliseconds: number): void;
}

/** Events per request. */
export const batchSize = 100;
/** Events that wait; past it impressions go first, then the oldest. */
export const capacity = 1000;
const quiet = 1500;
const retry = 10_000;

export class Outbox {
  #waiting: ReaderEvent[];
  #sending = false;
  #scheduled = false;

  constructor(
    private readonly ports: OutboxPorts,
    kept: ReaderEvent[] = [],
  ) {
    this.#waiting = kept.slice(-capacity);
    if (this.#waiting.length > 0) this.#schedule(0);
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** Adds an event; `soon` for what the reader expects to be safe at once. */
  add(event: ReaderEvent, soon: boolean): void {
    this.#waiting.push(event);
    if (this.#waiting.length > capacity) {
      const least = this.#waiting.findIndex(({ kind }) => kind === 'impression');
      this.#waiting.splice(Math.max(0, least), 1);
    }
    this.ports.keep(this.#waiting);
    this.#schedule(soon ? 0 : quiet);
  }

  #schedule(milliseconds: number): void {
    if (milliseconds > 0 && this.#scheduled) return;
    this.#scheduled = true;
    this.ports.later(() => void this.flush(), milliseconds);
  }

  /** Sends what waits, one batch at a time. */
  async flush(leaving = false): Promise<void> {
    if (this.#sending && !leaving) return;
    this.#scheduled = false;
    this.#sending = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, batchSize);
        const sent = await this.ports.send(batch, leaving);
        if (sent === 'unreachable') {
          this.#schedule(retry);
          return;
        }
        const gone = new Set(batch.map(({ id }) => id));
        this.#waiting = this.#waiting.filter(({ id }) => !gone.has(id));
        this.ports.keep(this.#waiting);
        if (sent === 'refused') this.ports.refused(batch);
      }
    } finally {
      this.#sending = false;
    }
  }
}

/** A version 4 UUID; `crypto.randomUUID` is missing on plain-http addresses other than loopback. */
export function uuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
