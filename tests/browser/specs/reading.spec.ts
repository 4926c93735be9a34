// The way of a reader: from a list that fills by itself to an article, and back with better suggestions.
import { type Article, durable, expect, idsOnScreen, newest, openList, recommended, rowOf, rows, stillDemo, test, titles } from '../support/test.ts';

/** Reasons that only a reader's own behaviour can give. */
const learned = ['long_interest', 'recent_interest', 'similar_to', 'source', 'topic'];

test.describe('on a node that has just started', () => {
  test.use({ warm: false });

  test('the list fills by itself while one looks at it', async ({ page }) => {
    await page.goto('/latest');
    // Whatever came before the page is in the list, and whatever comes after waits behind the pill.
    const pill = page.getByTestId('new-pill');
    await expect(pill).toBeVisible({ timeout: 30_000 });
    const before = await page.getByTestId('nav-latest').locator('.count').textContent({ timeout: 20_000 });
    await pill.click();
    await expect(rows(page).first()).toBeVisible();
    await expect(page.getByTestId('nav-latest').locator('.count')).not.toHaveText(before ?? '', { timeout: 30_000 });
  });
});

test('every suggestion says where it comes from, in which language, on what topic and why', async ({ page, node }) => {
  await openList(page, '/');
  const shown = await recommended(node);
  const languages = new Set(shown.map(({ article }) => article.language));
  expect(languages, 'the demonstration speaks both languages').toEqual(new Set(['en', 'zh']));
  let withTopic = 0;
  for (const id of (await idsOnScreen(page)).slice(0, 6)) {
    const row = rowOf(page, id);
    // A text that is about nothing in particular has no topic, and then no empty chip either.
    const { topics } = await node.get<Article>(`/api/v1/articles/${id}`);
    await expect(row.locator('.chip')).toHaveCount(Math.min(2, topics.length));
    if (topics.length > 0) {
      await expect(row.locator('.chip').first()).toHaveText(/\S/);
      withTopic += 1;
    }
    await expect(row.locator('h2')).toHaveAttribute('lang', /^(en|zh)/);
    await expect(row.getByTestId('article-title')).toHaveText(/\S/);
    await expect(row.locator('.source')).toHaveText(/\S/);
    await expect(row.locator('time')).toHaveAttribute('datetime', /^\d{4}-/);
    await expect(row.getByTestId('reason')).toHaveText(/(Widely read|Just in|report this|Something different|Close to|You often read|Like)/);
  }
  expect(withTopic, 'most articles have a topic').toBeGreaterThan(2);
});

test('a summary stands in the row and, with the name of the model that wrote it, above the article', async ({ page, node }) => {
  const summarised = (await newest(node, 200)).find(({ summary }) => summary);
  expect(summarised, 'at least one article is long enough to be summarised').toBeDefined();
  const { id, source_id, summary } = summarised!;
  await openList(page, `/sources/${source_id}`);
  await expect(rowOf(page, id).locator('.summary')).toHaveText(summary!);
  await rowOf(page, id).getByTestId('article-title').click();
  await expect(page.getByTestId('article-summary')).toContainText(summary!);
  await expect(page.getByTestId('article-summary')).toContainText(/written by \S+/);
  await expect(page.getByTestId('article-content')).toHaveText(/\S/);
});

test.describe('on a node where nothing new is published', () => {
  test.use({ demo: stillDemo });

  test('opening, saving and hiding change the ranking at once and survive a reload', async ({ page, node }) => {
    await openList(page, '/');
    const before = await recommended(node);
    expect(before.flatMap(({ reasons }) => reasons).filter(({ kind }) => learned.includes(kind)), 'nothing is known of this reader yet').toEqual([]);
    const [hidden, saved, opened] = (await idsOnScreen(page)) as [number, number, number];

    await rowOf(page, hidden).hover();
    await rowOf(page, hidden).getByTestId('row-hide').click();
    await expect(rowOf(page, hidden)).toHaveCount(0);
    await expect(page.getByTestId('toast')).toContainText('Hidden');

    await rowOf(page, saved).hover();
    await rowOf(page, saved).getByTestId('row-save').click();
    await expect(rowOf(page, saved).getByTestId('row-save')).toHaveAttribute('aria-pressed', 'true');

    const title = await rowOf(page, opened).getByTestId('article-title').textContent();
    await rowOf(page, opened).getByTestId('article-title').click();
    await expect(page.getByTestId('article-sheet').locator('h1')).toHaveText(title!.trim());
    await expect(rowOf(page, opened)).toHaveClass(/read/);

    await durable(node, hidden, { hidden: true });
    await durable(node, saved, { saved: true });
    await durable(node, opened, { read: true });

    // The very next ranking knows.
    const after = await recommended(node);
    expect(after.map(({ article }) => article.id)).not.toContain(hidden);
    expect(after.flatMap(({ reasons }) => reasons).filter(({ kind }) => learned.includes(kind)).length).toBeGreaterThan(0);
    const order = (list: typeof before) => list.map(({ article }) => article.id).filter((id) => ![hidden, saved, opened].includes(id));
    expect(order(after), 'the order of the others has changed').not.toEqual(order(before));

    await page.keyboard.press('Escape');
    await page.getByTestId('refresh').click();
    await expect(page.getByTestId('reason').filter({ hasText: /Close to what you (often )?read|You often read/ }).first()).toBeVisible();

    await page.reload();
    await expect(rows(page).first()).toBeVisible();
    expect(await idsOnScreen(page)).not.toContain(hidden);
    await openList(page, '/saved');
    expect(await idsOnScreen(page)).toEqual([saved]);
    // In its story no copy is folded away, so its row is there.
    const { story_id } = before.find(({ article }) => article.id === opened)!.article;
    await openList(page, `/stories/${story_id}`);
    await expect(rowOf(page, opened)).toHaveClass(/read/);
  });

  test('hiding is taken back with one click, and the server forgets it too', async ({ page, node }) => {
    await openList(page, '/latest');
    const [first] = (await idsOnScreen(page)) as [number];
    await rowOf(page, first).hover();
    await rowOf(page, first).getByTestId('row-hide').click();
    await expect(rowOf(page, first)).toHaveCount(0);
    await durable(node, first, { hidden: true });
    await page.getByTestId('toast-undo').click();
    await expect(rowOf(page, first)).toBeVisible();
    await durable(node, first, { hidden: false });
  });

  test('a muted source is suggested no more, and comes back when that is taken back', async ({ page, node }) => {
    await openList(page, '/');
    const [{ article }] = (await recommended(node)) as [Awaited<ReturnType<typeof recommended>>[number]];
    await page.goto(`/?article=${article.id}`);
    await expect(page.getByTestId('article-sheet')).toBeVisible();
    await page.getByTestId('article-more').click();
    await page.getByTestId('article-mute-source').click();
    await expect(page.getByTestId('toast')).toContainText('is muted');
    const sources = async () => (await recommended(node)).map((one) => one.article.source_id);
    await expect.poll(sources).not.toContain(article.source_id);
    await page.getByTestId('toast-undo').click();
    await expect.poll(sources).toContain(article.source_id);
  });

  test('only what is unread is shown when that is asked for, and reading does not pull the row away', async ({ page }) => {
    await openList(page, '/latest');
    const [first] = (await idsOnScreen(page)) as [number];
    await rowOf(page, first).getByTestId('article-title').click();
    await expect(rowOf(page, first)).toHaveClass(/read/);
    await page.getByTestId('filter-unread').click();
    await expect(page).toHaveURL(/show=unread/);
    await expect(rows(page).first()).toBeVisible();
    await expect(rowOf(page, first)).toHaveCount(0);
    const [next] = (await idsOnScreen(page)) as [number];
    await rowOf(page, next).getByTestId('article-title').click();
    await expect(rowOf(page, next)).toHaveClass(/read/);
    await expect(rowOf(page, next)).toBeVisible();
  });

  test('the address names the view and the article, so a reload and a shared link restore both', async ({ page }) => {
    await openList(page, '/');
    // The demonstration invents news of some topics only; this is one of them.
    await page.getByTestId('nav-topic').getByText('Technology', { exact: true }).click();
    await expect(page).toHaveURL(/\/topics\/\w+$/);
    await expect(rows(page).first()).toBeVisible();
    const heading = await page.getByTestId('list-heading').textContent();
    const title = await titles(page).first().textContent();
    await titles(page).first().click();
    await expect(page).toHaveURL(/\/topics\/\w+\?article=\d+$/);
    await page.reload();
    await expect(page.getByTestId('list-heading')).toHaveText(heading!);
    await expect(page.getByTestId('article-sheet').locator('h1')).toHaveText(title!.trim());
    await page.goBack();
    await expect(page.getByTestId('article-sheet')).toHaveCount(0);
  });

  test('copies of one story are folded into one row, and the story tells who reported it', async ({ page }) => {
    await openList(page, '/latest');
    const fold = page.getByTestId('story-toggle').first();
    await expect(fold).toHaveText(/^\s*\+\d+ sources?\s*$/);
    await fold.click();
    await expect(fold).toHaveAttribute('aria-expanded', 'true');
    await expect(page.locator('[data-testid="article-row"].child').first()).toBeVisible();

    await page.getByTestId('nav-stories').click();
    const reported = page.getByTestId('story-row').filter({ hasText: /([2-9]|\d\d+) articles from ([2-9]|\d\d+) sources/ });
    await reported.first().getByTestId('story-title').click();
    await expect(page).toHaveURL(/\/stories\/\d+$/);
    await expect(page.getByTestId('list-heading')).toHaveText(/^([2-9]|\d\d+) articles from ([2-9]|\d\d+) sources$/);
    await expect(rows(page).nth(1)).toBeVisible();
  });

  test('an article that does not exist is said to be missing, with a way on', async ({ page, watch }) => {
    watch.expect(/status of 404/);
    await page.goto('/latest?article=999999999');
    await expect(page.getByTestId('article-view').getByTestId('state-error')).toContainText('Nothing is here');
    await expect(rows(page).first()).toBeVisible();
  });
});

test('suggestions made without the owner of the profile say so until they are asked for again', async ({ page }) => {
  await page.route('**/api/v1/recommendations*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), stale: true } });
  });
  await openList(page, '/');
  const line = page.getByTestId('ranking-stale');
  await expect(line).toBeVisible();
  await page.unroute('**/api/v1/recommendations*');
  await line.getByRole('button').click();
  await expect(line).toHaveCount(0);
  await expect(rows(page).first()).toBeVisible();
});
