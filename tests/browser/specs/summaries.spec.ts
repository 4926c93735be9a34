// A summary in the reader's language: asked for, streamed, checked, refused; its own sentences stay in reach.
import { AxeBuilder } from '@axe-core/playwright';
import { startEngine, type ChatEngine } from '../support/engine.ts';
import { type Article, expect, newest, picture, stillDemo, test as base } from '../support/test.ts';
import type { Page } from '@playwright/test';

const test = base.extend<{ engine: ChatEngine }>({
  // eslint-disable-next-line no-empty-pattern
  engine: async ({}, use) => {
    const engine = await startEngine();
    await use(engine);
    await engine.stop();
  },
  config: async ({ engine }, use) => use(`understanding:\n  writer: local\n  engines:\n    - { name: local, url: "${engine.address}", model: glm-test }\n`),
});
test.use({ demo: stillDemo });

/** An article with a summary, and its first sentence: words that keep to it. */
async function summarised(node: { get<T>(path: string): Promise<T> }, articles: Article[], language: string): Promise<{ article: Article; sentence: string }> {
  for (const article of articles.filter((one) => one.language === language && one.summary)) {
    const { content_html } = await node.get<{ content_html: string }>(`/api/v1/articles/${article.id}`);
    const text = content_html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
    const sentence = (language === 'zh' ? /^[^。]+。/ : /^.+?[a-z]\.(?= )/).exec(text)?.[0];
    if (sentence && sentence !== article.summary && sentence.length > 20) return { article, sentence };
  }
  throw new Error(`no article in ${language} has a summary and a first sentence`);
}

const text = (page: Page) => page.getByTestId('summary-text');
const by = (page: Page) => page.getByTestId('summary-by');

test('asked for, the words come as they are written, are checked, and make room for the article’s own again', async ({ page, node, engine }) => {
  const { article, sentence } = await summarised(node, await newest(node, 200), 'en');
  engine.says(sentence);
  engine.hold();
  await page.goto(`/latest?article=${article.id}`);
  await expect(text(page)).toHaveText(article.summary!);
  await page.getByTestId('summary-ask').click();
  await expect(page.locator('.unchecked')).toHaveText(sentence.slice(0, 6).trim());
  await expect(page.getByTestId('article-summary')).toContainText('not checked yet');
  await picture(page, 'summary-being-written');
  engine.release();
  await expect(by(page)).toContainText('glm-test@local');
  await expect(text(page)).toHaveText(sentence);
  await picture(page, 'summary-written');

  await page.getByTestId('summary-toggle').click();
  await expect(text(page)).toHaveText(article.summary!);
  await page.keyboard.press('t');
  await expect(text(page)).toHaveText(sentence);

  // It is kept: a reload shows it without asking anybody.
  engine.says(null);
  await page.reload();
  await expect(text(page)).toHaveText(sentence);
  await expect(by(page)).toContainText('machine');
});

test('what the article does not say does not stand, and a writer that is away says so', async ({ page, node, engine, watch }) => {
  watch.expect(/status of 503/);
  const { article, sentence } = await summarised(node, await newest(node, 200), 'en');
  engine.says(`${sentence} It cost 987654 pounds.`);
  await page.goto(`/latest?article=${article.id}`);
  await page.getByTestId('article-content').waitFor();
  await page.keyboard.press('t');
  await expect(page.getByTestId('summary-refused')).toContainText('987654');
  await expect(text(page)).toHaveText(article.summary!);
  await picture(page, 'summary-refused');
  engine.says(null);
  await page.getByTestId('summary-ask').click();
  await expect(page.getByTestId('summary-failed')).toContainText('Again in');
  await expect(text(page)).toHaveText(article.summary!);
  engine.says(sentence);
  await expect(page.getByTestId('summary-ask')).toHaveText('Try again');
});

test('without a writer there is nothing to ask', async ({ page, node }) => {
  await page.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), writer: null } });
  });
  const { article } = await summarised(node, await newest(node, 200), 'en');
  await page.goto(`/latest?article=${article.id}`);
  await expect(text(page)).toHaveText(article.summary!);
  await expect(page.getByTestId('summary-ask')).toHaveCount(0);
  await page.getByTestId('article-text').click();
  await expect(page.getByTestId('summary-language')).toHaveCount(0);
});

for (const { name, use } of [
  { name: 'phone', use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  { name: 'wide', use: {} },
]) {
  test.describe(`in Chinese, ${name}`, () => {
    test.use({ ...use, locale: 'zh-CN' });

    test(`the language of summaries is the reader’s choice, ${name}`, async ({ page, node, engine }) => {
      const { article, sentence } = await summarised(node, await newest(node, 200), 'zh');
      engine.says(sentence);
      await page.goto(`/latest?article=${article.id}`);
      await expect(page.getByTestId('summary-ask')).toHaveText('用中文总结');
      await page.getByTestId('article-text').click();
      await page.getByTestId('summary-language-en').click();
      await picture(page, `summary-language-${name}`);
      await page.keyboard.press('Escape');
      await expect(page.getByTestId('summary-ask')).toHaveText('用英文总结');
      // Words in Chinese are no summary in English.
      await page.getByTestId('summary-ask').click();
      await expect(page.getByTestId('summary-refused')).toContainText('语言不对');
      await picture(page, `summary-refused-zh-${name}`);
      await page.getByTestId('article-text').click();
      await page.getByTestId('summary-language-zh').click();
      await page.keyboard.press('Escape');
      await page.getByTestId('summary-ask').click();
      await expect(by(page)).toContainText('机器撰写');
      await expect(text(page)).toHaveText(sentence);
      await picture(page, `summary-written-zh-${name}`);
      const { violations } = await new AxeBuilder({ page }).include('[data-testid="article-sheet"]').analyze();
      expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, 'nothing sticks out').toBeLessThanOrEqual(0);
    });
  });
}
