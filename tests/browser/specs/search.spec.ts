// Search in both languages, over titles and texts.
import { expect, idsOnScreen, newest, openList, rows, stillDemo, test } from '../support/test.ts';

test.use({ demo: stillDemo });

interface WithContent {
  title: string;
  content_html: string;
}

for (const { language, query, word } of [
  { language: 'English', query: 'chip power', word: /chips?|power/i },
  { language: 'Chinese', query: '芯片', word: /芯片/ },
]) {
  test(`a search in ${language} finds what contains the words, and only that`, async ({ page, node }) => {
    await openList(page, '/latest');
    await page.keyboard.press('/');
    await page.keyboard.type(query);
    await expect(page).toHaveURL((url) => url.searchParams.get('q') === query);
    await expect(rows(page).first()).toBeVisible();
    const found = await idsOnScreen(page);
    for (const id of found.slice(0, 8)) {
      const { title, content_html } = await node.get<WithContent>(`/api/v1/articles/${id}`);
      expect(title + content_html).toMatch(word);
    }
    await expect(page.locator('mark').filter({ hasText: word }).first()).toBeVisible();

    // The address alone brings the same results back.
    await page.reload();
    await expect(page.getByTestId('search-input')).toHaveValue(query);
    await expect(rows(page).first()).toBeVisible();
    expect(await idsOnScreen(page)).toEqual(found);
  });
}

test('an article is found by a word of its own title, in either language', async ({ page, node }) => {
  const articles = await newest(node, 100);
  const english = articles.find(({ language }) => language === 'en')!;
  const chinese = articles.find(({ language, title }) => language === 'zh' && /[一-鿿]{6}/.test(title))!;
  for (const { id, words } of [
    { id: english.id, words: english.title },
    { id: chinese.id, words: chinese.title },
  ]) {
    await page.goto(`/search?q=${encodeURIComponent(words)}`);
    await expect(rows(page).first()).toBeVisible();
    const folded = page.locator('[data-testid="story-toggle"][aria-expanded="false"]');
    while ((await folded.count()) > 0) await folded.first().click();
    await expect.poll(() => idsOnScreen(page), { message: `a search for “${words}” finds it` }).toContain(id);
  }
});

test('a search without results says so and names the words; an empty one says what it can do', async ({ page }) => {
  await page.goto('/search?q=zyxwvut');
  await expect(page.getByTestId('state-empty').first()).toContainText('zyxwvut');
  await page.getByTestId('search-input').fill('');
  await expect(page.getByTestId('state-empty').first()).toContainText('English or Chinese');
});
