/** One way to ask the server: JSON in, JSON or a `Problem` out. */
import { EventReader, type ServerEvent } from './events';

/** The server answered, and the answer is no (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    /** Seconds after which another try makes sense. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail || title);
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

export interface Asking {
  signal?: AbortSignal;
  /** Bearer token: the operator's. */
  token?: string;
  /** Let the request outlive the page. */
  keepalive?: boolean;
  /** Milliseconds an answer may take. */
  patience?: number;
}

let onUnauthorised: () => void = () => {};

/** Called whenever the server asks for a reader's token. */
export function whenUnauthorised(callback: () => void): void {
  onUnauthorised = callback;
}

/** How long an answer may take. */
const patience = 20_000;

/** Asks, with a body of JSON or a list of sources as it is; throws `Problem`, `Unreachable` or an `AbortError`. */
export async function ask<T>(method: string, path: string, body?: unknown, asking: Asking = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const isList = body instanceof Blob;
  if (body !== undefined) headers['Content-Type'] = isList ? 'text/x-opml' : 'application/json';
  if (asking.token) headers.Authorization = `Bearer ${asking.token}`;
  const timeout = AbortSignal.timeout(asking.patience ?? patience);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined || isList ? body : JSON.stringify(body),
      signal: asking.signal ? AbortSignal.any([asking.signal, timeout]) : timeout,
      keepalive: asking.keepalive ?? false,
      credentials: 'same-origin',
    });
  } catch (cause) {
    if (asking.signal?.aborted) throw cause;
    throw new Unreachable(`could not ${method} ${path}`);
  }
  if (!answer.ok) {
    const problem = await readProblem(answer);
    if (problem.status === 401 && !asking.token) onUnauthorised();
    throw problem;
  }
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Unreachable(`the answer to ${method} ${path} is not the server's`);
  }
}

/** Asks for a stream of events; tells each, and ends with the stream. Throws as `ask`. */
export async function listenTo(path: string, body: unknown, onevent: (event: ServerEvent) => void, signal: AbortSignal): Promise<void> {
  const headers = { Accept: 'text/event-stream', 'Content-Type': 'application/json' };
  let answer: Response;
  try {
    answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal, credentials: 'same-origin' });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Unreachable(`could not POST ${path}`);
  }
  if (!answer.ok || !answer.body) throw await readProblem(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) events.push(part.value).forEach(onevent);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Unreachable(`the answer to POST ${path} broke off`);
  }
}

async function readProblem(answer: Response): Promise<Problem> {
  try {
    return problemOf(answer.status, (await answer.json()) as Record<string, unknown>, answer.statusText);
  } catch {
    return new Problem(answer.status, '', answer.statusText || String(answer.status), '');
  }
}

/** A problem from its body. */
export function problemOf(status: number, body: Record<string, unknown>, title = ''): Problem {
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
  const wait = typeof body.retry_after === 'number' ? body.retry_after : null;
  return new Problem(status, text('kind'), text('title') || title, text('detail'), wait);
}

export const get = <T>(path: string, asking?: Asking): Promise<T> => ask<T>('GET', path, undefined, asking);

/** `path?a=1&b=2`, leaving out what is absent. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') given.set(key, String(value));
  }
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}
