// What an article names leads to the other articles that name it.
import { type Article, expect, newest, openList, picture, rowOf, rows, stillDemo, test } from '../support/test.ts';

interface Named extends Article {
  entities: { key: string; name: string; kind: string }[];
  keywords: string[];
}

/** An article in a language whose first entity others name too. */
async function withEntity(node: Parameters<typeof newest>[0], language: string): Promise<{ article: Named; key: string; name: string }> {
  const articles = (await newest(node, 200)) as Named[];
  for (const article of articles.filter((one) => one.language === language)) {
    for (const { key, name } of article.entities) {
      const others = articles.filter((one) => one.entities.some((entity) => entity.key === key));
      if (others.length > 1) return { article, key, name };
    }
  }
  throw new Error(`no two articles in ${language} name the same thing`);
}

test.use({ demo: stillDemo });

test('a name in an article opens the list of those that name it, and back again', async ({ page, node }) => {
  const { article, key, name } = await withEntity(node, 'en');
  await page.goto(`/latest?article=${article.id}`);
  const named = page.getByTestId('article-named');
  await expect(named).toContainText('Named in this article');
  await expect(named.getByTestId('entity')).toHaveCount(article.entities.length);
  await named.scrollIntoViewIfNeeded();
  await picture(page, 'entities-article');
  await named.getByTestId('entity').filter({ hasText: name }).first().click();
  await expect(page).toHaveURL(new RegExp(`/entities/${encodeURIComponent(key).replaceAll(/[$.]/g, '\\$&')}$`));
  await expect(page.getByTestId('list-heading')).toHaveText(name);
  await expect(page).toHaveTitle(new RegExp(name));
  await expect(rowOf(page, article.id)).toBeVisible();
  const listed = await node.get<{ items: Named[] }>(`/api/v1/articles?entity=${encodeURIComponent(key)}`);
  expect(listed.items.length).toBeGreaterThan(1);
  for (const one of listed.items) expect(one.entities.map((entity) => entity.key)).toContain(key);
  await picture(page, 'entities-list');
  await page.goBack();
  await expect(page.getByTestId('article-named')).toBeVisible();
});

test('by keyboard and in Chinese, on a telephone, it is the same way', async ({ page, node }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.addInitScript(() => localStorage.setItem('autoglm.language', '"zh"'));
  const { article, name } = await withEntity(node, 'zh');
  await page.goto(`/latest?article=${article.id}`);
  const named = page.getByTestId('article-named');
  await expect(named).toContainText('文中提到');
  const chip = named.getByTestId('entity').filter({ hasText: name }).first();
  await chip.focus();
  await picture(page, 'entities-phone');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, 'nothing is wider than the screen').toBeLessThanOrEqual(0);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('list-heading')).toHaveText(name);
  await expect(rows(page).first()).toBeVisible();
});

test('a keyword searches for itself, and an entity nobody names says so', async ({ page, node, watch }) => {
  const article = ((await newest(node, 100)) as Named[]).find((one) => one.keywords.length > 0);
  expect(article, 'some article has keywords').toBeDefined();
  await page.goto(`/latest?article=${article!.id}`);
  await page.getByTestId('keyword').first().click();
  await expect(page).toHaveURL(/\/search\?q=/);
  await openList(page, page.url());
  const counted = await node.get<{ items: { key: string; articles: number }[] }>('/api/v1/entities?limit=5');
  expect(counted.items.length).toBeGreaterThan(0);
  watch.expect(/404/);
  await page.goto('/entities/nobody-names-this');
  await expect(page.getByText('Nothing names this yet')).toBeVisible();
});
