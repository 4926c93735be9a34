// Everything a reader does often, without a pointer.
import { durable, expect, idsOnScreen, openList, rowOf, rows, stillDemo, test } from '../support/test.ts';

test.use({ demo: stillDemo });

test('j and k walk, o opens, s saves, m turns read, x hides and z takes back', async ({ page, node }) => {
  await openList(page, '/latest');
  const [first, second, third] = (await idsOnScreen(page)) as [number, number, number];
  const here = (id: number) => expect(rowOf(page, id)).toHaveClass(/current/);

  await page.keyboard.press('j');
  await here(first);
  await page.keyboard.press('j');
  await here(second);
  await page.keyboard.press('k');
  await here(first);

  await page.keyboard.press('o');
  await expect(page).toHaveURL(new RegExp(`article=${first}$`));
  await expect(page.getByTestId('article-sheet')).toHaveAttribute('data-article', String(first));
  await expect(rowOf(page, first)).toHaveClass(/read/);
  await page.keyboard.press('j');
  await expect(page.getByTestId('article-sheet')).toHaveAttribute('data-article', String(second));

  await page.keyboard.press('s');
  await expect(page.getByTestId('article-save')).toHaveAttribute('aria-pressed', 'true');
  await durable(node, second, { saved: true, read: true });
  await page.keyboard.press('m');
  await expect(rowOf(page, second)).not.toHaveClass(/\bread\b/);
  await durable(node, second, { read: false });

  await page.keyboard.press('x');
  await expect(rowOf(page, second)).toHaveCount(0);
  await expect(page.getByTestId('article-sheet')).toHaveAttribute('data-article', String(third));
  await durable(node, second, { hidden: true });
  await page.keyboard.press('z');
  await expect(rowOf(page, second)).toBeVisible();
  await durable(node, second, { hidden: false });

  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/latest$/);
});

test('/ searches, ? helps, and g with a letter goes to a view', async ({ page }) => {
  await openList(page, '/latest');
  await page.keyboard.press('?');
  const help = page.getByTestId('help');
  await expect(help).toBeVisible();
  await expect(help.locator('kbd', { hasText: /^j$/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);

  for (const [key, path] of [['f', '/'], ['s', '/stories'], ['a', '/saved'], ['l', '/latest'], ['u', '/sources']] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page).toHaveURL((url) => url.pathname === path);
  }

  await page.keyboard.press('/');
  await expect(page).toHaveURL(/\/search$/);
  await expect(page.getByTestId('search-input')).toBeFocused();
  // Letters that are keys elsewhere are letters here.
  await page.keyboard.type('jksx planet');
  await expect(page.getByTestId('search-input')).toHaveValue('jksx planet');
});

test('the tab key reaches the list by a skip link, and the focus can be seen', async ({ page }) => {
  await openList(page, '/latest');
  await page.keyboard.press('Tab');
  const skip = page.locator('.skip');
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => {
    const at = document.activeElement as HTMLElement;
    return { inside: at.closest('#list') !== null, style: getComputedStyle(at).outlineStyle };
  });
  expect(outline.inside).toBe(true);
  expect(outline.style).not.toBe('none');
  await expect(rows(page).first()).toBeVisible();
});
