import { describe, expect, it } from 'vitest';
import { requestOf, type RequestForm } from './request';

const empty: RequestForm = { user: '', password: '', bearer: '', cookie: '', headers: '', userAgent: '', proxy: '' };

describe('how a site is asked', () => {
  it('says nothing when nothing is typed', () => {
    expect(requestOf({ ...empty, headers: ' \n\n', cookie: ' ' })).toBeUndefined();
  });

  it('keeps a password as it is and reads headers by line', () => {
    const request = requestOf({ ...empty, user: 'ada', password: ' p ', headers: 'X-Key: a:b\nAccept:text/xml\n', proxy: ' office ' });
    expect(request).toEqual({ basic: { user: 'ada', password: ' p ' }, headers: { 'X-Key': 'a:b', Accept: 'text/xml' }, proxy: 'office' });
  });
});
