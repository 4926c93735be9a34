// Walks the page against the mock as a reader would and fails where it does not behave:
// `npm run build && npm run walk` (it starts its own mock on a free port).
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const port = 8100 + Math.floor(Math.random() * 800);
const address = `http://127.0.0.1:${port}`;
function mock(environment = {}) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./mock.mjs', import.meta.url))], { env: { ...process.env, PORT: String(port), PUSH: '0', ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((started) => child.stdout.once('data', () => started(child)));
}
const tell = (path) => fetch(`${address}/mock/${path}`, { method: 'POST' });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let failed = 0;
const expectedNoise = /status of (4|5)\d\d|WebSocket|ERR_INTERNET|ERR_EMPTY|ERR_CONNECTION|ERR_FAILED|Failed to load resource/;

async function walk(name, act, options = {}) {
  const only = process.argv[2];
  if (only && !name.includes(only)) return;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !expectedNoise.test(message.text()) && troubles.push(message.text()));
  try {
    await act(page, context);
    assert.deepEqual(troubles, []);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).split('\n').slice(0, 8).join('\n      ')}`);
  }
  await context.close();
  await tell('heal');
}

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const title = (page, at) => page.getByTestId('article-title').nth(at);
const scrollTop = (page) => page.getByTestId('list-scroller').evaluate((node) => node.scrollTop);

let server = await mock({ ARTICLES: '12000' });

await walk('paints the list within a second on loopback', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  const paint = await page.evaluate(() => performance.now());
  console.log(`      list on screen after ${Math.round(paint)} ms`);
});

await walk('the keyboard reads, marks, undoes and closes', async (page) => {
  await page.goto(`${address}/latest?show=unread`);
  await title(page, 0).waitFor();
  const first = await title(page, 0).textContent();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByTestId('article-sheet').waitFor();
  assert.equal((await page.locator('article h1').textContent())?.trim(), first?.trim());
  assert.match(page.url(), /\/latest\?show=unread&article=\d+/);
  assert.match(await page.getByTestId('article-row').nth(0).getAttribute('class'), /read/);
  await page.keyboard.press('s');
  await page.getByTestId('toast').waitFor();
  assert.equal(await page.getByTestId('article-save').getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('z');
  assert.equal(await page.getByTestId('article-save').getAttribute('aria-pressed'), 'false');
  const before = page.url();
  await page.keyboard.press('j');
  await page.waitForFunction((url) => location.href !== url, before);
  await page.keyboard.press('x');
  await page.getByTestId('toast-undo').click();
  await page.keyboard.press('Escape');
  assert.match(page.url(), /\/latest\?show=unread$/);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL('**/saved');
  await page.keyboard.press('/');
  await page.waitForURL('**/search');
  await page.keyboard.type('paper strip');
  await page.waitForURL(/q=paper/);
  await page.getByTestId('article-row').first().waitFor();
  assert.equal(await page.locator('mark').first().textContent().then((text) => /paper|strip/i.test(text)), true);
});

await walk('arrivals wait behind the pill and do not move the list', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  await page.getByTestId('list-scroller').evaluate((node) => (node.scrollTop = 1500));
  await page.waitForTimeout(300);
  const visible = () => page.getByTestId('article-row').evaluateAll((rows) => rows.map((row) => [row.dataset.article, Math.round(row.getBoundingClientRect().top)]).filter(([, top]) => top > 60 && top < 800));
  const before = await visible();
  await tell('push?n=12');
  await page.getByTestId('new-pill').waitFor();
  assert.match(await page.getByTestId('new-pill').textContent(), /12 new/);
  assert.deepEqual(await visible(), before);
  await page.getByTestId('new-pill').click();
  await page.waitForTimeout(200);
  assert.equal(await scrollTop(page), 0);
  assert.equal(await page.getByTestId('new-pill').count(), 0);
});

await walk('a lost connection is one line, resumes, and brings what was missed', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  await tell('push?n=1');
  await page.getByTestId('new-pill').waitFor();
  await tell('drop?seconds=4');
  await page.getByTestId('connection-line').waitFor();
  await tell('push?n=4');
  await page.getByTestId('connection-line').waitFor({ state: 'detached', timeout: 20_000 });
  await page.waitForFunction(() => /5 new/.test(document.querySelector('[data-testid=new-pill]')?.textContent ?? ''), undefined, { timeout: 5000 });
});

await walk('a reset asks again without moving the list', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  const first = await title(page, 0).textContent();
  await tell('reset');
  await page.waitForTimeout(500);
  assert.equal(await title(page, 0).textContent(), first);
});

await walk('the language changes without a reload, also of reasons and ages', async (page) => {
  await page.goto(`${address}/`);
  await title(page, 0).waitFor();
  await page.evaluate(() => (globalThis.stillHere = true));
  await page.getByTestId('language-zh').click();
  assert.equal(await page.getByTestId('list-heading').textContent(), '为你推荐');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  assert.match(await page.getByTestId('reason').first().textContent(), /[一-鿿]/);
  assert.equal(await page.evaluate(() => globalThis.stillHere), true);
  await page.reload();
  await page.getByText('为你推荐').first().waitFor();
});

await walk('a list is as it was after a page without lists', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  const first = await title(page, 0).textContent();
  await page.getByTestId('nav-sources').click();
  await page.getByTestId('source-row').first().waitFor();
  await page.getByTestId('nav-latest').click();
  assert.equal(await title(page, 0).textContent({ timeout: 3000 }), first);
  const top = () => page.getByTestId('article-row').first().getAttribute('data-article');
  const shown = await top();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByTestId('toast').waitFor();
  assert.notEqual(await top(), shown);
  await page.getByTestId('toast-undo').click();
  await page.waitForTimeout(100);
  assert.equal(await top(), shown);
});

await walk('the theme is switched and survives a reload', async (page) => {
  await page.goto(`${address}/`);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByTestId('theme-dark').click();
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await ground(), dark);
});

await walk('every list says what is wrong and tries again', async (page) => {
  await tell('fail?path=/api/v1/articles');
  await page.goto(`${address}/latest`);
  await page.getByTestId('state-error').waitFor();
  assert.match(await page.getByTestId('state-error').textContent(), /store does not answer/);
  await tell('heal');
  await page.getByRole('button', { name: 'Try again' }).click();
  await title(page, 0).waitFor();
});

await walk('loading, empty and unknown are designed', async (page) => {
  await tell('slow?ms=900');
  await page.goto(`${address}/latest`);
  await page.getByTestId('state-loading').waitFor();
  await tell('heal');
  await title(page, 0).waitFor();
  await page.goto(`${address}/search?q=zzzz`);
  await page.getByTestId('state-empty').first().waitFor();
  await page.goto(`${address}/no/such/place`);
  await page.getByTestId('state-empty').waitFor();
});

await walk('offline: what is loaded stays, marks wait and are sent later', async (page, context) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  await page.waitForTimeout(500);
  await context.setOffline(true);
  await page.getByTestId('connection-line').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await page.waitForTimeout(300);
  assert.match(await page.getByTestId('connection-line').textContent(), /1 change/);
  const id = Number(await page.getByTestId('article-row').first().getAttribute('data-article'));
  const saved = async () => (await (await fetch(`${address}/api/v1/articles/${id}`)).json()).marks.saved;
  const before = await saved();
  await context.setOffline(false);
  await page.getByTestId('connection-line').waitFor({ state: 'detached', timeout: 20_000 });
  await page.waitForTimeout(600);
  assert.notEqual(await saved(), before);
});

await walk('on a phone going back keeps the place in the list', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  await page.getByTestId('list-scroller').evaluate((node) => (node.scrollTop = 2400));
  await page.waitForTimeout(300);
  const before = await scrollTop(page);
  const visible = page.locator('[data-testid=article-title]').nth(6);
  await visible.click();
  await page.getByTestId('article-sheet').waitFor();
  await page.getByTestId('article-back').click();
  await page.waitForTimeout(400);
  assert.ok(Math.abs((await scrollTop(page)) - before) < 400, `${await scrollTop(page)} is far from ${before}`);
  await page.getByTestId('tab-stories').click();
  await page.getByTestId('story-row').first().waitFor();
  const there = await page.goBack().then(() => page.waitForTimeout(300)).then(() => scrollTop(page));
  assert.ok(Math.abs(there - before) < 400, `${there} is far from ${before}`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
}, phone);

await walk('the server asks for a token and takes it', async (page) => {
  await tell('lock');
  await page.goto(`${address}/latest`);
  await page.getByTestId('token-form').waitFor();
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('not accepted').waitFor();
  await page.getByLabel('Token').fill('reader');
  await page.getByRole('button', { name: 'Enter' }).click();
  await title(page, 0).waitFor();
});

await walk('sources are added, refused with a reason, and removed with undo', async (page) => {
  await page.goto(`${address}/sources`);
  await page.getByTestId('source-row').first().waitFor();
  const count = await page.getByTestId('source-row').count();
  await page.getByTestId('source-url').fill('nonsense');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('alert').getByText('not the address').waitFor();
  await page.getByTestId('source-url').fill('quiet.example/feed.xml');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.waitForFunction((wanted) => document.querySelectorAll('[data-testid=source-row]').length === wanted, count + 1);
  await page.getByTestId('source-remove').last().click();
  await page.getByTestId('toast-undo').click();
  await page.waitForFunction((wanted) => document.querySelectorAll('[data-testid=source-row]').length === wanted, count + 1);
});

await walk('the operator’s token leaves the address; the tree restarts an actor', async (page) => {
  await page.goto(`${address}/operator#token=operator`);
  await page.getByTestId('verdict').waitFor();
  assert.equal(await page.evaluate(() => location.hash), '');
  await page.locator('[data-actor="source-14"]').getByTestId('actor-restart').click();
  await page.locator('[data-actor="source-14"].restarting').waitFor();
  await page.reload();
  await page.getByTestId('verdict').waitFor();
});

await walk('10,000 articles scroll smoothly and only a screenful is rendered', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  const loaded = await page.evaluate(async () => {
    const scroller = document.querySelector('[data-testid=list-scroller]');
    for (let round = 0; round < 900; round += 1) {
      scroller.scrollTop = scroller.scrollHeight;
      await new Promise((done) => setTimeout(done, 40));
      const size = Number(document.querySelector('li[aria-setsize]')?.getAttribute('aria-setsize'));
      if (size >= 5000) break;
    }
    return Number(document.querySelector('li[aria-setsize]')?.getAttribute('aria-setsize'));
  });
  const frames = await page.evaluate(async () => {
    const scroller = document.querySelector('[data-testid=list-scroller]');
    scroller.scrollTop = 0;
    const times = [];
    let last = performance.now();
    for (let at = 0; at < 240; at += 1) {
      scroller.scrollTop += 90;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    times.sort((a, b) => a - b);
    return { p50: times[120], p95: times[228], worst: times.at(-1), rendered: document.querySelectorAll('[data-testid=article-row]').length };
  });
  console.log(`      ${loaded} rows after folding some 10,000 articles; frame p50 ${frames.p50.toFixed(1)} ms, p95 ${frames.p95.toFixed(1)} ms, worst ${frames.worst.toFixed(1)} ms; ${frames.rendered} rows in the document`);
  assert.ok(frames.rendered < 60);
});

await walk('memory stays flat under an hour’s worth of pushes', async (page, context) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  const devtools = await context.newCDPSession(page);
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const flood = async () => {
    for (let round = 0; round < 60; round += 1) await tell('push?n=50');
    await page.waitForTimeout(500);
  };
  await flood();
  const before = await heap();
  await flood();
  const after = await heap();
  console.log(`      heap ${before.toFixed(1)} MB after 3,000 pushes, ${after.toFixed(1)} MB after 6,000`);
  assert.ok(after - before < 3);
});

server.kill();
server = await mock({ NO_WS: '1' });
await walk('without WebSocket the event stream serves', async (page) => {
  await page.goto(`${address}/latest`);
  await title(page, 0).waitFor();
  for (let round = 0; round < 20 && (await page.getByTestId('new-pill').count()) === 0; round += 1) {
    await page.waitForTimeout(500);
    await tell('push?n=1');
  }
  await page.getByTestId('new-pill').waitFor();
});
server.kill();
await browser.close();
console.log(failed === 0 ? 'all walks are fine' : `${failed} walks failed`);
process.exitCode = failed === 0 ? 0 : 1;
