// The watch over every test must itself be able to fail.
import { openList, stillDemo, test } from '../support/test.ts';

test.use({ demo: stillDemo });

for (const { what, act } of [
  { what: 'an error in the console', act: () => console.error('on purpose') },
  { what: 'an uncaught error', act: () => void setTimeout(() => { throw new Error('on purpose'); }) },
  { what: 'a request to another host', act: () => void fetch('http://elsewhere.invalid/').catch(() => undefined) },
  { what: 'a violation of the policy', act: () => document.body.insertAdjacentHTML('beforeend', '<p style="color: red">on purpose</p>') },
]) {
  test(`${what} fails a test`, async ({ page }) => {
    test.fail();
    await openList(page, '/latest');
    await page.evaluate(act);
    // Long enough for what was done to be seen: the page has painted again.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  });
}
