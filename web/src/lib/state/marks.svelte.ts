/** What the reader does to articles: shown at once, sent soon, and taken back on request. */
import { ask, Problem } from '../api/client';
import type { EventKind, EventTarget, Marks, ReaderEvent } from '../api/types';
import { Outbox, uuid, type Sent } from '../events/outbox';
import { i18n } from '../i18n/index.svelte';
import type { Entry } from './articles.svelte';
import { known } from './articles.svelte';
import { library } from './library.svelte';
import { read, write } from './stored.svelte';
import { toasts } from './toasts.svelte';

const outboxName = 'outbox';

async function send(events: ReaderEvent[], leaving: boolean): Promise<Sent> {
  try {
    await ask('POST', '/api/v1/events', { events }, { keepalive: leaving });
    return 'accepted';
  } catch (problem) {
    // Overload, time-outs and a missing session pass; only a plain no is final.
    if (problem instanceof Problem && problem.status < 500 && ![401, 408, 429].includes(problem.status)) return 'refused';
    return 'unreachable';
  }
}

class MarkBook {
  /** Changes not yet acknowledged. */
  waiting = $state(0);
  #before = new Map<string, { entry: Entry; marks: Marks }>();
  #last: (() => void) | null = null;
  #outbox: Outbox;

  constructor() {
    this.#outbox = new Outbox(
      {
        send,
        keep: (events) => {
          this.waiting = events.filter(({ kind }) => kind !== 'impression' && kind !== 'dwell').length;
          write(outboxName, events.length > 0 ? events : null);
          if (events.length === 0) this.#settle();
        },
        refused: (events) => this.#takeBack(events),
        later: (callback, milliseconds) => setTimeout(callback, milliseconds),
      },
      read<ReaderEvent[]>(outboxName, []),
    );
    addEventListener('pagehide', () => void this.#outbox.flush(true));
    addEventListener('online', () => void this.#outbox.flush());
  }

  /** Sends what waits now. */
  flush(): void {
    void this.#outbox.flush();
  }

  /** Records something that changes no mark on the page. */
  note(kind: EventKind, about: { article_id: number } | { target: EventTarget }, dwell_ms?: number): void {
    const event: ReaderEvent = { id: uuid(), kind, ...about, at: new Date().toISOString() };
    if (dwell_ms !== undefined) event.dwell_ms = dwell_ms;
    this.#outbox.add(event, kind === 'mute' || kind === 'unmute');
  }

  #mark(entry: Entry, kind: EventKind, change: Partial<Marks>): void {
    const marks = { ...entry.marks, ...change };
    const id = uuid();
    this.#before.set(id, { entry, marks: entry.marks });
    entry.unsent += 1;
    if (marks.read !== entry.marks.read) library.count(entry.data.source_id, marks.read ? -1 : 1);
    entry.marks = marks;
    this.#outbox.add({ id, kind, article_id: entry.id, at: new Date().toISOString() }, kind !== 'open');
  }

  #settle(): void {
    for (const { entry } of this.#before.values()) {
      entry.unsent = 0;
      entry.settled = performance.now();
    }
    this.#before.clear();
  }

  #takeBack(events: ReaderEvent[]): void {
    let changed = false;
    for (const { id } of [...events].reverse()) {
      const before = this.#before.get(id);
      if (!before) continue;
      changed = true;
      before.entry.marks = before.marks;
      before.entry.unsent = 0;
      this.#before.delete(id);
    }
    library.recountLater();
    if (changed) toasts.say(i18n.m.error.notSaved, null, true);
  }

  #done(text: string, undo: () => void): void {
    this.#last = undo;
    toasts.say(text, () => this.undo());
  }

  /** Takes back the last mark. */
  undo(): void {
    const last = this.#last;
    this.#last = null;
    toasts.current = null;
    last?.();
  }

  opened(entry: Entry): void {
    this.#mark(entry, 'open', { read: true });
  }

  setRead(entry: Entry, value: boolean): void {
    this.#mark(entry, value ? 'read' : 'unread', { read: value });
    this.#last = () => this.#mark(entry, value ? 'unread' : 'read', { read: !value });
  }

  setSaved(entry: Entry, value: boolean): void {
    this.#mark(entry, value ? 'save' : 'unsave', { saved: value });
    this.#done(value ? i18n.m.marks.saved : i18n.m.marks.unsaved, () =>
      this.#mark(entry, value ? 'unsave' : 'save', { saved: !value }),
    );
  }

  setHidden(entry: Entry, value: boolean): void {
    this.#mark(entry, value ? 'hide' : 'unhide', { hidden: value });
    this.#done(value ? i18n.m.marks.hidden : i18n.m.marks.shown, () =>
      this.#mark(entry, value ? 'unhide' : 'hide', { hidden: !value }),
    );
  }

  less(entry: Entry): void {
    this.#mark(entry, 'less', { hidden: true });
    this.#done(i18n.m.marks.less, () => this.#mark(entry, 'unhide', { hidden: false }));
  }

  mute(target: EventTarget, name: string): void {
    this.note('mute', { target });
    this.#done(i18n.m.marks.muted(name), () => this.note('unmute', { target }));
  }

  /** A mark made elsewhere: another terminal, or the server's own view of ours. */
  heard(articleId: number, marks: Marks): void {
    const entry = known(articleId);
    if (!entry) {
      library.recountLater();
      return;
    }
    // While ours is on its way, ours is what the reader expects to see.
    if (entry.unsent > 0) return;
    if (marks.read !== entry.marks.read) library.count(entry.data.source_id, marks.read ? -1 : 1);
    entry.marks = marks;
  }
}

export const marks = new MarkBook();
