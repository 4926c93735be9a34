// Articles that arrive while one reads, and connections that break.
import type { WebSocketRoute } from '@playwright/test';
import { durable, expect, idsOnScreen, newest, openList, places, rowOf, scrollTop, stillDemo, test } from '../support/test.ts';

test('new articles wait behind the pill, and the list does not jump', async ({ page, node }) => {
  await openList(page, '/latest');
  await page.getByTestId('list-scroller').evaluate((scroller) => (scroller.scrollTop = 900));
  await expect.poll(() => scrollTop(page)).toBeGreaterThan(850);
  // The rows around the new place are measured before they are compared.
  let before = await places(page);
  await expect.poll(async () => {
    const last = before;
    before = await places(page);
    return JSON.stringify(before) === JSON.stringify(last);
  }).toBe(true);
  expect(before.length).toBeGreaterThan(2);

  const known = (await newest(node))[0]!.id;
  const pill = page.getByTestId('new-pill');
  await expect(pill).toHaveText(/\d+ new articles?/, { timeout: 30_000 });
  await expect.poll(async () => (await newest(node))[0]!.id, { timeout: 30_000 }).toBeGreaterThan(known + 5);
  await expect.poll(async () => Number(/\d+/.exec((await pill.textContent()) ?? '')?.[0])).toBeGreaterThan(5);
  // Whole pixels of places between two pixels: a rounding may fall either way, a jump is more.
  const after = await places(page);
  expect(after.map(([id]) => id)).toEqual(before.map(([id]) => id));
  const moved = after.map(([, top], at) => Math.abs(top - before[at]![1]));
  expect(Math.max(...moved), `from ${JSON.stringify(before)} to ${JSON.stringify(after)}`).toBeLessThanOrEqual(1);

  await pill.click();
  await expect.poll(() => scrollTop(page)).toBe(0);
  await expect.poll(async () => Math.max(...(await idsOnScreen(page)))).toBeGreaterThan(known);
});

test('a dropped connection is one quiet line, resumes by itself and brings what was missed', async ({ page, context, node, watch }) => {
  watch.expect(/ERR_INTERNET_DISCONNECTED|WebSocket|Failed to load resource/);
  const connections: string[] = [];
  page.on('websocket', (socket) => connections.push(socket.url()));
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/events') connections.push(request.url());
  });
  await openList(page, '/latest');
  await expect(page.getByTestId('new-pill')).toBeVisible({ timeout: 30_000 });
  await page.getByTestId('new-pill').click();
  const shown = await idsOnScreen(page);

  await context.setOffline(true);
  const line = page.getByTestId('connection-line');
  await expect(line).toHaveCount(1);
  await expect(line).toContainText('What is loaded stays readable');
  // Reading goes on: a mark is shown at once and waits.
  const [first] = shown as [number];
  await rowOf(page, first).hover();
  await rowOf(page, first).getByTestId('row-save').click();
  await expect(rowOf(page, first).getByTestId('row-save')).toHaveAttribute('aria-pressed', 'true');
  await expect(line).toContainText('1 change waits');

  // Meanwhile the node goes on publishing.
  const known = (await newest(node))[0]!.id;
  await expect.poll(async () => (await newest(node))[0]!.id, { timeout: 30_000 }).toBeGreaterThan(known + 6);
  const missed = (await newest(node)).filter(({ id }) => id > known).map(({ id }) => id);
  expect((await node.get<{ marks: { saved: boolean } }>(`/api/v1/articles/${first}`)).marks.saved, 'the mark has not left the page').toBe(false);

  const before = connections.length;
  await context.setOffline(false);
  await expect(line).toHaveCount(0, { timeout: 30_000 });
  await expect.poll(() => connections.length).toBeGreaterThan(before);
  expect(connections.at(-1), 'the connection resumes after the last frame that was seen').toMatch(/after=\d+/);
  await durable(node, first, { saved: true });

  await expect(page.getByTestId('new-pill')).toBeVisible();
  await expect.poll(async () => Number(/\d+/.exec((await page.getByTestId('new-pill').textContent()) ?? '')?.[0])).toBeGreaterThanOrEqual(missed.length);
  await page.getByTestId('new-pill').click();
  // Rows outside the screen are not in the document, so the list is walked down, with every story unfolded on the way.
  const seen = new Set<number>();
  const unfold = (): void => {
    for (const toggle of document.querySelectorAll<HTMLElement>('[data-testid="story-toggle"][aria-expanded="false"]')) toggle.click();
  };
  const step = (): Promise<void> => {
    const scroller = document.querySelector('[data-testid="list-scroller"]');
    scroller?.scrollBy(0, scroller.clientHeight / 2);
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
  };
  await expect
    .poll(
      async () => {
        await page.evaluate(unfold);
        for (const id of await idsOnScreen(page)) seen.add(id);
        await page.evaluate(step);
        return missed.filter((id) => !seen.has(id));
      },
      { message: 'every article published meanwhile is in the list', intervals: [20], timeout: 20_000 },
    )
    .toEqual([]);
});

test.describe('with two windows', () => {
  test.use({ demo: stillDemo });

  test('a mark made in one is seen in the other', async ({ page, context, node }) => {
    await openList(page, '/latest');
    const other = await context.newPage();
    let answers = 0;
    other.on('response', (answer) => {
      if (new URL(answer.url()).pathname === '/api/v1/articles') answers += 1;
    });
    await openList(other, '/latest');
    // A new page asks once more for what came while it connected; from then on only a push can tell it.
    await expect.poll(() => answers).toBeGreaterThanOrEqual(2);
    const [first] = (await idsOnScreen(page)) as [number];
    await rowOf(page, first).hover();
    await rowOf(page, first).getByTestId('row-save').click();
    await expect(rowOf(other, first).getByTestId('row-save')).toHaveAttribute('aria-pressed', 'true');
    await durable(node, first, { saved: true });
  });
});

test('a story that grows says so where it stands, and the list of stories does not jump', async ({ page }) => {
  await page.goto('/stories');
  const stories = page.getByTestId('story-row');
  await expect(stories.nth(4)).toBeVisible();
  const order = () => stories.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.story));
  const told = () => stories.evaluateAll((all) => all.reduce((sum, row) => sum + Number(/(\d+) articles?/.exec(row.textContent ?? '')?.[1]), 0));
  const [before, count] = [await order(), await told()];
  await expect.poll(told, { timeout: 30_000 }).toBeGreaterThan(count);
  // How many rows are drawn below the edge changes with their measured heights; their order must not.
  const after = await order();
  const drawn = Math.min(before.length, after.length);
  expect(drawn).toBeGreaterThan(4);
  expect(after.slice(0, drawn)).toEqual(before.slice(0, drawn));
});

test('stories that the operator merges become one in a list that is on the screen', async ({ page, node }) => {
  await page.goto('/stories');
  const row = (id: string): ReturnType<typeof page.locator> => page.locator(`[data-testid="story-row"][data-story="${id}"]`);
  await expect(page.getByTestId('story-row').nth(1)).toBeVisible();
  const [first, second] = await page.getByTestId('story-row').evaluateAll((all) => all.slice(0, 2).map((one) => one.getAttribute('data-story')!));
  const answer = await fetch(`${node.address}/admin/stories/merge`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${node.operatorToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ stories: [Number(first), Number(second)] }),
  });
  expect(answer.status).toBe(200);
  await expect(row(second!)).toHaveCount(0);
  await expect(row(first!)).toBeVisible();
});

test('a node that has the page connect again, because others have fewer, is not heard of', async ({ page }) => {
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await openList(page, '/latest');
  await expect(page.getByTestId('new-pill')).toBeVisible({ timeout: 30_000 });
  await page.getByTestId('new-pill').click();
  await page.evaluate(() => {
    const counted = globalThis as unknown as { lines: number };
    counted.lines = 0;
    new MutationObserver(() => {
      counted.lines += document.querySelectorAll('[data-testid="connection-line"]').length;
    }).observe(document.body, { subtree: true, childList: true });
  });
  const began = Date.now();
  await sockets[0]!.close({ code: 1012, reason: 'connect again' });
  await expect.poll(() => sockets.length).toBe(2);
  expect(Date.now() - began, 'at once').toBeLessThan(2_000);
  expect(sockets[1]!.url(), 'after the last frame that was seen').toMatch(/after=\d+/);
  // Articles go on to come.
  await expect(page.getByTestId('new-pill')).toBeVisible({ timeout: 30_000 });
  expect(await page.evaluate(() => (globalThis as unknown as { lines: number }).lines), 'no line was shown').toBe(0);
});

test('a node that is killed and started again is found again, and keeps what it acknowledged', async ({ page, node, watch }) => {
  watch.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket|Failed to load resource/);
  await openList(page, '/latest');
  const [first] = (await idsOnScreen(page)) as [number];
  await rowOf(page, first).hover();
  await rowOf(page, first).getByTestId('row-save').click();
  await durable(node, first, { saved: true });

  await node.kill();
  const line = page.getByTestId('connection-line');
  await expect(line).toContainText('Connection lost');
  await expect(rowOf(page, first), 'what was loaded can still be read').toBeVisible();
  await node.startAgain();
  await expect(line).toHaveCount(0, { timeout: 40_000 });
  await durable(node, first, { saved: true });
  await expect(page.getByTestId('new-pill')).toBeVisible({ timeout: 30_000 });
});

test('where sockets are blocked, server-sent events bring the articles', async ({ page }) => {
  await page.addInitScript(() => {
    // As behind a proxy that lets no upgrade through.
    class Blocked extends EventTarget {
      onclose: (() => void) | null = null;
      constructor() {
        super();
        setTimeout(() => this.onclose?.());
      }
      close(): void {}
    }
    globalThis.WebSocket = Blocked as unknown as typeof WebSocket;
  });
  const stream = page.waitForRequest((request) => new URL(request.url()).pathname === '/events', { timeout: 30_000 });
  await openList(page, '/latest');
  await stream;
  await expect(page.getByTestId('new-pill')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId('connection-line')).toHaveCount(0);
});
