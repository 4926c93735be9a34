// The page of sources: adding, refusing with a reason, health, pausing and removing.
import { expect, openList, picture, stillDemo, test } from '../support/test.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';

test.use({ demo: stillDemo });

interface Source {
  id: number;
  url: string;
  paused: boolean;
  health: { class: string; cause: string | null };
}

async function open(page: Page): Promise<void> {
  await page.goto('/sources');
  await expect(page.getByTestId('source-row').first()).toBeVisible();
}

async function add(page: Page, address: string): Promise<void> {
  await page.getByTestId('source-url').fill(address);
  await page.getByTestId('source-look').click();
}

test('every source shows how it is', async ({ page, node }) => {
  await open(page);
  const { items } = await node.get<{ items: Source[] }>('/api/v1/sources?limit=200');
  await expect(page.getByTestId('source-row')).toHaveCount(items.length);
  await expect(page.getByTestId('source-health').filter({ hasText: 'Healthy' })).toHaveCount(items.filter(({ health }) => health.class === 'healthy').length);
  await expect(page.getByTestId('source-row').first().locator('dd').nth(1)).toHaveText(/now|\d+ (s|min|h)|–/);
});

test('what cannot be a source is refused with the reason, and the address stays to be mended', async ({ page, watch }) => {
  watch.expect(/status of 403/);
  await open(page);
  const count = await page.getByTestId('source-row').count();
  await add(page, 'ftp://files.example/news');
  await expect(page.getByRole('alert')).toContainText('only http and https');
  await expect(page.getByTestId('source-url')).toHaveValue('ftp://files.example/news');
  await expect(page.getByTestId('source-url')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('source-row')).toHaveCount(count);
});

test('an address shows what following it would bring before it is added', async ({ page, node }) => {
  await open(page);
  const feed = (await node.get<{ items: Source[] }>('/api/v1/sources?limit=200')).items.find(({ url }) => url.includes('s005.demo'))!;
  // Another address of the same feed, so that it is new.
  await add(page, `${feed.url}?again`);
  const preview = page.getByTestId('source-preview');
  await expect(preview.getByRole('heading')).toHaveText('The Daily Lantern No. 5');
  await expect(preview.locator('li').first()).toHaveText(/\S/);
  await expect(preview).toContainText(/\d+ articles? now/);
  await picture(page, 'source-preview');
  await preview.getByTestId('source-confirm').click();
  await expect(page.getByTestId('toast')).toContainText('is added');
  await expect(preview).toHaveCount(0);
  await expect(page.getByTestId('source-row').filter({ hasText: `${feed.url}?again` })).toBeVisible();
});

test('an address that must not be fetched is refused in the preview, and shown as failing when it is added all the same', async ({ page, node, watch }) => {
  watch.expect(/status of 403/);
  await open(page);
  await add(page, 'http://127.0.0.1:1/feed');
  await expect(page.getByRole('alert')).toContainText('not an address of the public internet');
  await page.getByTestId('source-insist').click();
  const row = page.getByTestId('source-row').filter({ hasText: '127.0.0.1:1/feed' });
  await expect(row).toBeVisible();
  await expect
    .poll(async () => (await node.get<{ items: Source[] }>('/api/v1/sources?limit=200')).items.find(({ url }) => url.includes('127.0.0.1:1'))?.health.class, { timeout: 30_000 })
    .toBe('failing');
  await expect(row.getByTestId('source-health')).toHaveText(/Failing/, { timeout: 30_000 });
  await expect(row).toContainText('not an address of the public internet');
});

test('a source is paused, fetched on request, removed, and kept when the removal is taken back', async ({ page, node }) => {
  await open(page);
  const source = (await node.get<{ items: Source[] }>('/api/v1/sources?limit=200')).items.find(({ url }) => url.includes('s003.demo'))!;
  const row = page.locator(`[data-source="${source.id}"]`);
  const now = async () => (await node.get<{ items: Source[] }>('/api/v1/sources?limit=200')).items.find(({ id }) => id === source.id);

  await row.getByRole('button', { name: /^Pause/ }).click();
  await expect(row.getByRole('button', { name: /^Resume/ })).toBeVisible();
  expect((await now())?.paused).toBe(true);
  await row.getByRole('button', { name: /^Resume/ }).click();
  await expect(row.getByRole('button', { name: /^Pause/ })).toBeVisible();

  await row.getByTestId('source-refresh').click();
  await expect(page.getByTestId('toast')).toContainText('is being fetched');

  await row.getByTestId('source-remove').click();
  await expect(row).toHaveCount(0);
  // Asking for the list again must not bring it back before its time.
  const asked = page.waitForResponse((answer) => answer.url().includes('/api/v1/sources'));
  await page.keyboard.press('r');
  await asked;
  await expect(row).toHaveCount(0);
  await page.getByTestId('toast-undo').click();
  await expect(row).toBeVisible();
  expect(await now()).toBeDefined();

  await row.getByTestId('source-remove').click();
  await expect(row).toHaveCount(0);
  await expect.poll(now, { message: 'the server is told once the removal can no longer be taken back', timeout: 20_000 }).toBeUndefined();
});

test('how the pages of a source are read is changed, tried before it is kept', async ({ page, node }) => {
  await open(page);
  const source = (await node.get<{ items: Source[] }>('/api/v1/sources?limit=200')).items.find(({ url }) => url.includes('s004.demo'))!;
  const row = page.locator(`[data-source="${source.id}"]`);
  await expect(row.getByTestId('source-edit-rules')).toHaveCount(0);
  await row.getByTestId('source-full-text-toggle').click();
  await row.getByTestId('source-edit-rules').click();
  const edit = row.getByTestId('source-edit');
  const keep = edit.getByTestId('source-keep-rules');
  await expect(keep).toBeDisabled();
  await edit.getByLabel('Leave out on the article pages').fill('.advert\n.more');
  await edit.getByRole('button', { name: 'Preview' }).click();
  await expect(edit).toContainText(/\d+ articles? now/);
  await picture(page, 'source-rules');
  await keep.click();
  await expect(edit).toHaveCount(0);
  const kept = await node.get<{ settings: unknown }>(`/api/v1/sources/${source.id}`);
  expect(kept.settings).toEqual({ full_text: true, page_rule: { remove: ['.advert', '.more'] } });
});

test('a feed that was found for a failing source is taken with one click', async ({ page, node }) => {
  const site = createServer((request, answer) => {
    const feed = request.url === '/feed.xml';
    answer.setHeader('content-type', feed ? 'application/rss+xml' : 'text/html');
    answer.end(feed ? '<rss version="2.0"><channel><title>Found again</title><item><title>Here</title><guid>1</guid></item></channel></rss>' : '<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body>x</body></html>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  try {
    const origin = `http://blog.demo:${(site.address() as AddressInfo).port}`;
    await open(page);
    // As it would be once a site has put a page where its feed was.
    const id = await page.evaluate(async (url) => {
      const answer = await fetch('/api/v1/sources', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url, kind: 'feed' }) });
      return ((await answer.json()) as { id: number }).id;
    }, `${origin}/`);
    const row = page.locator(`[data-source="${id}"]`);
    await page.reload();
    await expect(row.getByTestId('source-offer')).toContainText(`A feed was found at ${origin}/feed.xml`, { timeout: 30_000 });
    await picture(page, 'source-offer');
    await row.getByTestId('source-take-offer').click();
    await expect(page.getByTestId('toast')).toContainText('is fetched at its new address');
    await expect(row.getByTestId('source-health')).toHaveText(/Healthy/, { timeout: 30_000 });
    expect((await node.get<Source>(`/api/v1/sources/${id}`)).url).toBe(`${origin}/feed.xml`);
  } finally {
    site.close();
  }
});

test('a source in the rail shows its own articles', async ({ page }) => {
  await openList(page, '/');
  const link = page.getByTestId('nav-source').filter({ hasText: /^.*No\. 1\b|第2版/ }).first();
  const name = (await link.locator('.name').textContent())!.trim();
  await link.click();
  await expect(page.getByTestId('list-heading')).toHaveText(name);
  const sources = new Set((await page.getByTestId('article-row').locator('.source').allTextContents()).map((text) => text.trim()));
  expect([...sources]).toEqual([name]);
});
