// Topics that people edit: a reader's own as lists beside the common ones, and the operator's list.
import type { Page } from '@playwright/test';
import { expect, newest, openList, picture, rows, stillDemo, test, titles } from '../support/test.ts';

test.use({ demo: stillDemo });

/** A word of many titles of the demonstration, whatever it published. */
async function commonWord(page: Page): Promise<string> {
  await openList(page, '/latest');
  const counts = new Map<string, number>();
  for (const title of await titles(page).allTextContents()) {
    for (const word of new Set(title.toLowerCase().match(/[a-z]{6,}/g) ?? [])) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, left], [, right]) => right - left);
  return best![0];
}

test('a reader makes a topic, reads its list, changes it and removes it', async ({ page }) => {
  const word = await commonWord(page);
  await page.getByTestId('nav-topics').click();
  await expect(page).toHaveURL(/\/topics$/);
  const form = page.getByTestId('topic-form').first();
  await form.getByTestId('topic-name').fill('My watch');
  await form.getByTestId('topic-description').fill('Nothing in particular');
  await form.getByTestId('topic-words').fill(`${word}，unheard-of`);
  await form.getByTestId('topic-narrow').check();
  await form.getByTestId('topic-save').click();
  await expect(page.getByTestId('toast')).toContainText('My watch');
  const own = page.getByTestId('own-topic');
  await expect(own).toHaveCount(1);
  await expect(own).toContainText(word);
  await expect(form.getByTestId('topic-name')).toHaveValue('');
  await picture(page, 'topics');
  // It is the first of the topics in the rail, and its list has the articles with the word.
  const link = page.getByTestId('nav-topic').first();
  await expect(link).toHaveText('My watch');
  await link.click();
  await expect(rows(page).first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'My watch' })).toBeVisible();
  await expect(titles(page).filter({ hasText: new RegExp(word, 'i') }).first()).toBeVisible();
  // The same name again is refused in words.
  await page.getByTestId('nav-topics').click();
  await own.getByTestId('topic-edit').click();
  const change = own.getByTestId('topic-form');
  await expect(change.getByTestId('topic-narrow')).toBeChecked();
  await change.getByTestId('topic-name').fill('My other watch');
  await change.getByTestId('topic-save').click();
  await expect(own).toContainText('My other watch');
  await own.getByTestId('topic-remove').click();
  await expect(own).toHaveCount(0);
  await expect(page.getByTestId('nav-topic').first()).not.toHaveText('My other watch');
});

test('a name that is taken is refused in words, and the form keeps what was typed', async ({ page, watch }) => {
  watch.expect(/status of 409/);
  await page.goto('/topics');
  const form = page.getByTestId('topic-form').first();
  for (const last of [false, true]) {
    await form.getByTestId('topic-name').fill('Twice');
    await form.getByTestId('topic-save').click();
    if (!last) await expect(page.getByTestId('own-topic')).toHaveCount(1);
  }
  await expect(form.getByRole('alert')).toContainText('Twice');
  await expect(form.getByTestId('topic-name')).toHaveValue('Twice');
});

test('topics are made from the keyboard alone, in Chinese too', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('autoglm.language', JSON.stringify('zh')));
  await page.goto('/topics');
  const name = page.getByTestId('topic-form').first().getByTestId('topic-name');
  await name.focus();
  await page.keyboard.type('核聚变');
  for (const text of ['等离子体约束', '托卡马克、聚变']) {
    await page.keyboard.press('Tab');
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('own-topic')).toContainText('托卡马克, 聚变');
});

test('the operator changes the list, articles are sorted by it, and the old one comes back', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  const part = page.getByTestId('operator-topics');
  const state = part.getByTestId('topics-state');
  await expect(state).toContainText('comes with the program');
  const listed = part.getByTestId('listed-topic');
  const before = await listed.count();
  const science = part.locator('[data-topic="science"]');
  await science.getByTestId('listed-topic-open').click();
  await science.getByTestId('listed-topic-en').fill('Discoveries');
  await picture(page, 'operator-topics');
  await part.getByTestId('topics-add').click();
  const added = listed.last();
  for (const [field, text] of [['key', 'chips'], ['en', 'Chips'], ['zh', '芯片'], ['about', 'Processors and accelerators for training'], ['words', 'chip, processor, 芯片, 处理器']] as const) {
    await added.getByTestId(`listed-topic-${field}`).fill(text);
  }
  await part.getByTestId('topics-save').click();
  await expect(page.getByTestId('toast')).toContainText('in force');
  await expect(state).toContainText('Your own list is in force');
  await expect(state).toContainText('Every article is sorted by it', { timeout: 60_000 });
  await expect(listed).toHaveCount(before + 1);
  const isChips = async () => (await newest(node, 200)).some(({ topics }) => topics.some(({ name }) => name === 'chips'));
  await expect.poll(isChips, { message: 'articles are sorted by the new topic' }).toBe(true);
  const reader = await page.context().newPage();
  await openList(reader, '/topics/chips');
  await expect(reader.getByTestId('nav-topic').filter({ hasText: 'Discoveries' })).toBeVisible();
  await part.getByTestId('topics-reset').click();
  await expect(state).toContainText('comes with the program');
  await expect(listed).toHaveCount(before);
});

test('a mistake in the list is said in words, and the draft stays', async ({ page, node, watch }) => {
  watch.expect(/status of 400/);
  await page.goto(node.operatorLink);
  const part = page.getByTestId('operator-topics');
  await part.getByTestId('topics-add').click();
  const added = part.getByTestId('listed-topic').last();
  await added.getByTestId('listed-topic-key').fill('world');
  await added.getByTestId('listed-topic-en').fill('Again');
  await added.getByTestId('listed-topic-zh').fill('又');
  await part.getByTestId('topics-save').click();
  await expect(page.getByTestId('toast')).toContainText('world');
  await expect(added.getByTestId('listed-topic-en')).toHaveValue('Again');
  await part.getByTestId('topics-discard').click();
  await expect(part.getByTestId('topics-save')).toBeDisabled();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('topics are made without scrolling sideways', async ({ page, node }) => {
    const overflows = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    await page.goto('/topics');
    await page.getByTestId('topic-form').first().getByTestId('topic-name').fill('Pocket');
    await page.getByTestId('topic-form').first().getByTestId('topic-save').click();
    await page.getByTestId('own-topic').getByTestId('topic-edit').click();
    await expect(page.getByTestId('own-topic').getByTestId('topic-form')).toBeVisible();
    expect(await overflows()).toBe(false);
    await picture(page, 'topics-phone');
    await page.goto(node.operatorLink);
    await page.getByTestId('listed-topic-open').first().click();
    expect(await overflows()).toBe(false);
    await page.getByTestId('operator-topics').scrollIntoViewIfNeeded();
    await picture(page, 'operator-topics-phone');
  });
});
