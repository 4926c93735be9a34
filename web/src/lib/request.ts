/** What a form says about how a site is asked, as the server takes it. */
import type { SourceRequest } from './api/types';

export interface RequestForm {
  user: string;
  password: string;
  bearer: string;
  cookie: string;
  /** `Name: value`, one a line. */
  headers: string;
  userAgent: string;
  proxy: string;
}

/** Nothing when nothing is said: then the source is shared with everybody. */
export function requestOf(form: RequestForm): SourceRequest | undefined {
  const headers: Record<string, string> = {};
  for (const line of form.headers.split('\n')) {
    const colon = line.indexOf(':');
    // A line without a colon is sent as a name alone, so that the server says what is wrong with it.
    const name = (colon < 0 ? line : line.slice(0, colon)).trim();
    if (name) headers[name] = colon < 0 ? '' : line.slice(colon + 1).trim();
  }
  const request: SourceRequest = {
    ...(form.user || form.password ? { basic: { user: form.user, password: form.password } } : {}),
    ...(form.bearer.trim() ? { bearer: form.bearer.trim() } : {}),
    ...(form.cookie.trim() ? { cookie: form.cookie.trim() } : {}),
    ...(Object.keys(headers).length ? { headers } : {}),
    ...(form.userAgent.trim() ? { user_agent: form.userAgent.trim() } : {}),
    ...(form.proxy.trim() ? { proxy: form.proxy.trim() } : {}),
  };
  return Object.keys(request).length ? request : undefined;
}
