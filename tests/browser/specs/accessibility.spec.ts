// axe on every main view: nothing serious, nothing critical, in both schemes and on a phone.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, openList, stillDemo, test, titles } from '../support/test.ts';
import type { Page } from '@playwright/test';

async function look(page: Page, where: string): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  expect(passes.length, 'axe has really looked').toBeGreaterThan(5);
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => `${where}: ${impact} ${id} ×${nodes.length}, first ${nodes[0]?.target} ${nodes[0]?.failureSummary ?? ''}`);
  expect.soft(grave).toEqual([]);
}

for (const { name, use } of [
  { name: 'wide and light', use: { colorScheme: 'light' as const } },
  { name: 'wide and dark', use: { colorScheme: 'dark' as const } },
  { name: 'a phone', use: { colorScheme: 'light' as const, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
]) {
  test.describe(name, () => {
    test.use({ ...use, demo: stillDemo });

    test(`axe finds nothing serious on ${name}`, async ({ page, node, watch }) => {
      test.setTimeout(120_000);
      watch.expect(/status of 401/);
      await openList(page, '/');
      await look(page, 'for you');
      await titles(page).first().click();
      await page.getByTestId('article-content').waitFor();
      await look(page, 'article');
      await openList(page, '/latest');
      await look(page, 'latest');
      await page.keyboard.press('?');
      await page.getByTestId('help').waitFor();
      await look(page, 'help');
      await page.goto('/stories');
      await page.getByTestId('story-row').first().waitFor();
      await look(page, 'stories');
      await page.goto('/saved');
      await page.getByTestId('state-empty').first().waitFor();
      await look(page, 'saved, empty');
      await openList(page, '/search?q=planet');
      await look(page, 'search');
      await page.goto('/sources');
      await page.getByTestId('source-row').first().waitFor();
      await look(page, 'sources');
      await page.goto('/topics');
      await page.getByTestId('topic-form').waitFor();
      await look(page, 'topics');
      await page.goto('/operator#token=wrong');
      await page.getByTestId('token-form').waitFor();
      await look(page, 'token');
      // Another page, so that the link with the right token is really loaded.
      await page.goto('/sources');
      await page.goto(node.operatorLink);
      await page.getByTestId('verdict').waitFor();
      await page.locator('.uplot').first().waitFor();
      await page.getByTestId('listed-topic-open').first().click();
      await look(page, 'operator');
    });
  });
}
