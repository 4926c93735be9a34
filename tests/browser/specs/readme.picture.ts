// The picture in the README, from the real demonstration: `npm run screenshot`.
import { expect, openList, rows, test } from '../support/test.ts';

test.use({ demo: ['--sources', '30', '--rate', '1', '--readers', '8'] });

test('the picture of the page', async ({ page, node }) => {
  test.setTimeout(400_000);
  // Some history, so that ages, unread counts and stories differ.
  const stored = async () => (await node.get<{ articles: { stored: number } }>('/api/v1/statistics')).articles.stored;
  await expect.poll(stored, { timeout: 300_000, intervals: [2000] }).toBeGreaterThan(300);
  await openList(page, '/');
  // A little reading first, so that the reasons are this reader's own.
  for (const at of [0, 1, 2]) {
    await rows(page).nth(at).getByTestId('article-title').click();
    await expect(page.getByTestId('article-content')).toBeVisible();
    await page.keyboard.press('s');
    await expect(page.getByTestId('toast')).toBeVisible();
  }
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('toast')).toHaveCount(0, { timeout: 20_000 });
  await page.getByTestId('refresh').click();
  await expect(page.getByTestId('reason').filter({ hasText: /Close to what you/ }).first()).toBeVisible();
  const english = rows(page).filter({ has: page.locator('h2[lang^="en"]') });
  const summarised = english.filter({ has: page.locator('.summary') });
  const chosen = (await summarised.count()) > 0 ? summarised.first() : english.first();
  await chosen.getByTestId('article-title').click();
  await expect(page.getByTestId('article-content')).toBeVisible();
  await page.mouse.move(1400, 880);
  await page.screenshot({ path: '../../deploy/screenshot.png', animations: 'disabled' });
});
