// One pane at a time, with the thumb.
import { expect, openList, rows, scrollTop, stillDemo, test } from '../support/test.ts';
import type { Page } from '@playwright/test';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

/** The first row that can be read whole, and where it stands. */
async function firstInSight(page: Page): Promise<[string, number]> {
  return rows(page).evaluateAll((all) => {
    const row = all.find((one) => one.getBoundingClientRect().top > 60) as HTMLElement;
    return [row.dataset.article ?? '', Math.round(row.getBoundingClientRect().top)];
  });
}

for (const { name, demo } of [
  { name: 'while nothing comes', demo: stillDemo },
  { name: 'while articles keep coming', demo: ['--sources', '30', '--rate', '3', '--readers', '4'] },
]) {
  test.describe(name, () => {
    test.use({ demo });

    test(`going back from an article keeps the place in the list, ${name}`, async ({ page }) => {
      await openList(page, '/latest');
      await page.getByTestId('list-scroller').evaluate((scroller) => (scroller.scrollTop = 1500));
      await expect.poll(() => scrollTop(page)).toBeGreaterThan(1400);
      const steady = async (): Promise<[string, number]> => {
        let before = await firstInSight(page);
        await expect.poll(async () => {
          const last = before;
          before = await firstInSight(page);
          return before.join() === last.join();
        }).toBe(true);
        return before;
      };
      // An article that is folded into its story at that very moment moves the rows: then once more.
      const keepsThePlace = (leave: (first: string) => Promise<void>) =>
        expect(async () => {
          const before = await steady();
          await leave(before[0]);
          await expect.poll(() => firstInSight(page), { timeout: 2_000 }).toEqual(before);
        }).toPass({ timeout: 25_000 });

      for (const back of [() => page.getByTestId('article-back').click(), () => page.goBack()]) {
        await keepsThePlace(async (first) => {
          await page.locator(`[data-testid="article-row"][data-article="${first}"]`).getByTestId('article-title').click();
          await expect(page.getByTestId('article-sheet')).toBeInViewport();
          await expect(page.locator('#list')).toHaveAttribute('inert');
          await back();
          await expect(page).toHaveURL(/\/latest$/);
          await expect(page.locator('#list')).not.toHaveAttribute('inert');
        });
      }

      await keepsThePlace(async () => {
        await page.getByTestId('tab-stories').click();
        await expect(page.getByTestId('story-row').first()).toBeVisible();
        await page.goBack();
        await expect(rows(page).first()).toBeVisible();
      });
    });
  });
}

test.describe('with a thumb', () => {
  test.use({ demo: stillDemo });

  test('the drawer opens, names the views and closes again', async ({ page }) => {
    await openList(page, '/latest');
    await expect(page.getByTestId('nav-operator')).not.toBeInViewport();
    await page.getByTestId('menu-open').click();
    await expect(page.getByTestId('nav-saved')).toBeInViewport();
    await page.getByTestId('nav-saved').click();
    await expect(page).toHaveURL(/\/saved$/);
    await expect(page.getByTestId('nav-saved')).not.toBeInViewport();
  });

  test('everything that is tapped is large enough for a thumb', async ({ page }) => {
    await openList(page, '/latest');
    const small = await page.locator('nav.tabs a, header.head button').evaluateAll((all) =>
      all
        .map((one) => ({ text: one.getAttribute('aria-label') ?? one.textContent?.trim() ?? '', box: one.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && (box.width < 32 || box.height < 32))
        .map(({ text, box }) => `${text} ${Math.round(box.width)}×${Math.round(box.height)}`),
    );
    expect(small).toEqual([]);
  });
});
