// The operator's page: is it well, what moves, and what can be done.
import { expect, test } from '../support/test.ts';

interface Actor {
  name: string;
  state: string;
  restarts: number;
}

const stages = ['fetch', 'store', 'index', 'understand', 'place', 'rank', 'push'];

test('every stage moves and says its rate, its times and what waits', async ({ page, node, context }) => {
  // Somebody reads, so that pushes happen.
  const reader = await context.newPage();
  await reader.goto('/latest');
  await page.goto(node.operatorLink);
  await expect(page.getByTestId('verdict')).toContainText('All is well');
  for (const stage of stages) {
    const part = page.getByTestId(`stage-${stage}`);
    await expect(part.locator('.rate')).toHaveText(/^\s*[1-9][\d,.]*\/s|^\s*0\.[1-9]\/s/, { timeout: 40_000 });
    await expect(part.locator('dd').first()).toHaveText(/\d+(\.\d+)? (ms|s)/);
    await expect(part.locator('dd').nth(2)).toHaveText(/^\d/);
  }
  const stored = page.getByTestId('verdict').locator('dd').first();
  const before = await stored.textContent();
  await expect(stored).not.toHaveText(before!, { timeout: 40_000 });
  await expect(page.locator('.uplot canvas')).toHaveCount(2);
  // Stages can be told apart in a chart, also for those who asked for less motion.
  const lines = await page.locator('.uplot').first().locator('.u-marker').evaluateAll((all) => all.map((mark) => getComputedStyle(mark).borderTopColor));
  expect(new Set(lines).size).toBeGreaterThanOrEqual(stages.length);
});

test('sources, devices, the cluster and every actor are on one screen', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  await expect(page.getByTestId('operator-sources')).toContainText(/Healthy\s*\d+/);
  await expect(page.getByTestId('operator-sources')).toContainText('No source is in trouble');
  await expect(page.getByTestId('operator-devices')).toContainText(/cpu/);
  await expect(page.getByTestId('operator-devices')).toContainText(/Mean batch\s*\d/);
  await expect(page.getByTestId('operator-cluster')).toContainText('this node');
  await expect(page.getByTestId('operator-cluster')).toContainText('256');
  // A node says how it is every ten seconds.
  await expect(page.getByTestId('node-load')).toContainText(/cores \d+%/, { timeout: 30_000 });
  await expect(page.getByTestId('latencies').getByRole('row', { name: /^Fetch/ })).toContainText(/[\d.,]+ \/ [\d.,]+/);
  await expect(page.getByTestId('hot-spots')).toHaveCount(0);
  for (const name of ['gateway', 'ingest', 'index', 'inference-pool']) await expect(page.locator(`[data-actor="${name}"]`)).toBeVisible();
});

test('the models that read are shown with how they do', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  const models = page.getByTestId('operator-models');
  await expect(models.getByTestId('model-active')).toHaveText('bilingual-1');
  await expect(models.getByTestId('model-versions').locator('tbody tr').first()).toContainText(/bilingual-1\S*\s*[\d.]+/);
  await expect(models).toContainText('autoglm models pull');
});

test('an actor is restarted from the tree, and the tree counts it', async ({ page, node }) => {
  const actor = async (name: string): Promise<Actor | undefined> => {
    const answer = await fetch(`${node.address}/admin/actors`, { headers: { Authorization: `Bearer ${node.operatorToken}` } });
    return ((await answer.json()) as { items: Actor[] }).items.find((one) => one.name === name);
  };
  await page.goto(node.operatorLink);
  const row = page.locator('[data-actor="index"]');
  await expect(row).toBeVisible();
  expect((await actor('index'))?.restarts).toBe(0);
  await row.getByTestId('actor-restart').click();
  await expect(page.getByTestId('toast')).toContainText('index is restarting');
  await expect(row).toContainText('1 restart');
  await expect.poll(() => actor('index')).toMatchObject({ restarts: 1, state: 'running' });
  // It works on: articles still reach the end of the way.
  const placed = page.getByTestId('stage-place').locator('.rate');
  await expect(placed).not.toHaveText(/^\s*0\/s/, { timeout: 30_000 });
});

test('the token leaves the address bar, and lasts for the tab', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  await expect(page.getByTestId('verdict')).toBeVisible();
  expect(await page.evaluate(() => location.hash)).toBe('');
  await page.reload();
  await expect(page.getByTestId('verdict')).toBeVisible();
});

test('a wrong token is not accepted, and the right one opens the page', async ({ page, node, watch }) => {
  watch.expect(/status of 401/);
  await page.goto('/operator#token=wrong');
  const form = page.getByTestId('token-form');
  await expect(form).toBeVisible();
  await form.getByRole('textbox').or(form.locator('input')).first().fill('also wrong');
  await form.getByRole('button').click();
  await expect(form.getByRole('alert')).toHaveText('The token was not accepted.');
  await form.locator('input').fill(node.operatorToken);
  await form.getByRole('button').click();
  await expect(page.getByTestId('verdict')).toBeVisible();
});

test('draining asks once, and goes back on no', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  await page.getByTestId('drain').click();
  await expect(page.getByTestId('drain-yes')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByTestId('drain')).toBeVisible();
  expect((await fetch(`${node.address}/readyz`)).status).toBe(200);
});

test('stories are merged and an article is split off again, and both are remembered', async ({ page, node }) => {
  await page.goto(node.operatorLink);
  const stories = page.getByTestId('operated-story');
  await expect(stories.nth(1)).toBeVisible();
  const [first, second] = await stories.evaluateAll((all) => all.slice(0, 2).map((row) => row.getAttribute('data-story')!));
  for (const id of [first, second]) await page.locator(`[data-story="${id}"]`).getByTestId('story-tick').check();
  await page.getByTestId('stories-merge').click();
  await expect(page.getByTestId('toast')).toContainText('The stories are one now');
  await expect(page.locator(`[data-testid="operated-story"][data-story="${second}"]`)).toHaveCount(0);
  // What has become of it is shown with its articles.
  const merged = page.locator(`[data-testid="operated-story"][data-story="${first}"]`);
  const articles = merged.getByTestId('operated-article');
  await expect(articles.nth(1)).toBeVisible();
  await expect(merged.getByTestId('story-split')).toBeDisabled();
  await articles.last().getByTestId('article-tick').check();
  await merged.getByTestId('story-split').click();
  await expect(page.getByTestId('toast')).toContainText('a story of their own now');
  await page.getByText('What was decided before').click();
  const decisions = page.getByTestId('story-decision');
  await expect(decisions.first()).toContainText('Split');
  await expect(decisions.nth(1)).toContainText('Merged');
  await decisions.first().getByTestId('decision-forget').click();
  await expect(page.getByTestId('toast')).toContainText('forgotten');
  await expect(decisions).toHaveCount(1);
});
