/** The live connection: WebSocket, else server-sent events; reconnects and resumes by itself. */
import type { LiveItem } from '../api/types';
import { withQuery } from '../api/client';
import { grace, wait } from './backoff';
import { FrameReader } from './queue';

export interface Listener {
  items(items: LiveItem[]): void;
  /** Something may have been missed: ask for everything again. */
  reset(): void;
  /** Connected for the first time: what was loaded before may already be behind. */
  begun(): void;
}

/** After so many sockets that never opened, the other transport is tried. */
const socketTries = 3;

class Connection {
  /** Lost for longer than a moment. */
  lost = $state(false);
  connected = $state(false);
  offline = $state(!navigator.onLine);
  #reader = new FrameReader();
  #listener: Listener | null = null;
  #close: (() => void) | null = null;
  #attempt = 0;
  #neverOpened = 0;
  #everConnected = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  /** Starts; later calls replace the listener. */
  start(listener: Listener): void {
    const first = this.#listener === null;
    this.#listener = listener;
    if (!first) return;
    addEventListener('online', () => {
      this.offline = false;
      this.#retryNow();
    });
    addEventListener('offline', () => {
      this.offline = true;
      this.#close?.();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#retryNow();
    });
    this.#connect();
  }

  #retryNow(): void {
    if (this.connected || !this.#timer) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  }

  #connect(): void {
    this.#timer = undefined;
    const asSocket = this.#neverOpened < socketTries || this.#neverOpened % 4 === 0;
    const open = asSocket ? openSocket : openStream;
    let opened = false;
    let over = false;
    const end = (code?: number): void => {
      if (over) return;
      over = true;
      this.#close?.();
      // Without a network nothing opens, which says nothing about sockets.
      if (opened) this.#neverOpened = 0;
      else if (!this.offline) this.#neverOpened += 1;
      this.#lose(code);
    };
    const close = open(this.#reader.after, {
      opened: () => {
        opened = true;
        this.#gain();
      },
      text: (text) => this.#hear(text),
      closed: end,
    });
    this.#close = () => {
      close();
      this.#close = null;
      end();
    };
  }

  #gain(): void {
    clearTimeout(this.#graceTimer);
    const first = !this.#everConnected;
    const missed = !first && this.#reader.after === null;
    this.connected = true;
    this.lost = false;
    this.#attempt = 0;
    this.#everConnected = true;
    // Without a number to resume after, whatever came meanwhile is unknown.
    if (missed) this.#listener?.reset();
    else if (first) this.#listener?.begun();
  }

  #lose(code?: number): void {
    if (this.connected || !this.#everConnected) {
      clearTimeout(this.#graceTimer);
      // Shown only when it lasts.
      this.#graceTimer = setTimeout(() => (this.lost = !this.connected), grace(code));
    }
    this.connected = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait(this.#attempt++, Math.random()));
  }

  #hear(text: string): void {
    const reading = this.#reader.read(text);
    if (reading.kind === 'items') this.#listener?.items(reading.items);
    else if (reading.kind === 'reset') this.#listener?.reset();
  }
}

interface Ears {
  opened(): void;
  text(text: string): void;
  closed(code?: number): void;
}

function openSocket(after: number | null, ears: Ears): () => void {
  const address = withQuery('/ws', { after });
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${address}`);
  socket.onopen = () => ears.opened();
  socket.onmessage = (event) => {
    if (typeof event.data === 'string') ears.text(event.data);
  };
  socket.onclose = (event?: CloseEvent) => ears.closed(event?.code);
  return () => {
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  };
}

function openStream(after: number | null, ears: Ears): () => void {
  const stream = new EventSource(withQuery('/events', { after }));
  stream.onopen = () => ears.opened();
  stream.onmessage = (event: MessageEvent<string>) => ears.text(event.data);
  // The browser would retry by itself, but always with the first `after`.
  stream.onerror = () => ears.closed();
  return () => stream.close();
}

export const connection = new Connection();
