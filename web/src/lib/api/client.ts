/** One way to ask the server: JSON in, JSON or a `Problem` out. */

/** The server answered, and the answer is no (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
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

async function readProblem(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Record<string, unknown>;
    const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
    return new Problem(answer.status, text('kind'), text('title') || answer.statusText, text('detail'));
  } catch {
    return new Problem(answer.status, '', answer.statusText || String(answer.status), '');
  }
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
