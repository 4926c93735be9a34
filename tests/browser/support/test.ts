// The tests' own `test`: a running node, and a watch over what a page must never do.
import { test as base, expect, type Page } from '@playwright/test';
import { startDemo, usualDemo, type RunningNode } from './node.ts';

/** An article as the interface gives it, as far as the tests look. */
export interface Article {
  id: number;
  source_id: number;
  story_id: number | null;
  title: string;
  language: string | null;
  topics: { name: string; score: number }[];
  summary: string | null;
  fetched_at: string;
  marks: { read: boolean; saved: boolean; hidden: boolean };
}

export interface Recommendation {
  article: Article;
  score: number;
  reasons: { kind: string; text: string; weight: number }[];
}

/** A demonstration in which nothing new is published and nobody else reads. */
export const stillDemo = ['--sources', '30', '--rate', '0', '--readers', '0'];

const isStill = (demo: string[]) => demo[demo.indexOf('--rate') + 1] === '0';

/** What was seen that should not have been. */
interface Watch {
  /** Console errors that belong to the test: it cuts the connection, or gives a wrong token. */
  expect(pattern: RegExp): void;
}

/** Remembers violations of the content security policy in the page itself. */
function noteViolations(): void {
  const page = globalThis as unknown as { violations: string[] };
  page.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    page.violations.push(`${event.effectiveDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
  });
}

/** What a test may ask of its node. */
interface Options {
  /** Arguments of the demonstration. */
  demo: string[];
  /** Further flags, such as `--set`. */
  flags: string[];
  /** What stands in its configuration file. */
  config: string;
  /** Wait until the first articles are understood before the test begins. */
  warm: boolean;
}

/** Articles that a warm node has at least: more than a screenful in every view. */
const warmArticles = 90;

interface Statistics {
  articles: { stored: number; understood: number };
  backlog: number;
}

/**
 * A still demonstration is still once every source was read and every article understood; on a
 * slow machine the first screenful is there long before, and what comes later moves the lists.
 */
async function settled(node: RunningNode): Promise<boolean> {
  const { items } = await node.get<{ items: { last_success_at: string | null }[] }>('/api/v1/sources');
  const { articles, backlog } = await node.get<Statistics>('/api/v1/statistics');
  const unread = items.filter(({ last_success_at }) => last_success_at === null);
  return unread.length === 0 && backlog === 0 && articles.understood === articles.stored;
}

/** Articles that may be on their way through a demonstration that keeps publishing. */
const usualBacklog = 12;

/**
 * The first burst of a moving demonstration is placed into stories, which folds rows: a list that is
 * opened before that moves for a good reason. A slow machine may never get there; then it has had its time.
 */
async function caughtUp(node: RunningNode): Promise<void> {
  const backlog = async () => (await node.get<Statistics>('/api/v1/statistics')).backlog;
  await expect.poll(backlog, { timeout: 30_000 }).toBeLessThanOrEqual(usualBacklog).catch(() => undefined);
}

export const test = base.extend<Options & { node: RunningNode; watch: Watch }>({
  demo: [usualDemo, { option: true }],
  flags: [[], { option: true }],
  config: ['', { option: true }],
  warm: [true, { option: true }],

  // One node for every test: it starts in a moment, and no test sees the marks of another.
  node: [
    async ({ demo, flags, config, warm }, use) => {
      const node = await startDemo(demo, flags, config);
      try {
        if (warm) {
          const understood = async () => (await node.get<Statistics>('/api/v1/statistics')).articles.understood;
          await expect.poll(understood, { message: 'the first articles are understood', timeout: 45_000 }).toBeGreaterThan(warmArticles);
          if (isStill(demo)) await expect.poll(() => settled(node), { message: 'nothing more is on its way', timeout: 45_000 }).toBe(true);
          else await caughtUp(node);
        }
        await use(node);
      } finally {
        await node.stop();
      }
    },
    { timeout: 120_000 },
  ],

  baseURL: async ({ node }, use) => use(node.address),

  watch: [
    async ({ page, context, baseURL }, use) => {
      const own = new URL(baseURL ?? 'http://127.0.0.1').host;
      const troubles: string[] = [];
      const expected: RegExp[] = [];
      await context.addInitScript(noteViolations);
      context.on('request', (request) => {
        const { host, protocol } = new URL(request.url());
        if (/^https?:$/.test(protocol) && host !== own) troubles.push(`a request to another host: ${request.url()}`);
      });
      page.on('websocket', (socket) => {
        if (new URL(socket.url()).host !== own) troubles.push(`a socket to another host: ${socket.url()}`);
      });
      page.on('pageerror', (error) => troubles.push(`an uncaught error: ${error.stack ?? error}`));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) troubles.push(`the console: ${message.text()} (${message.location().url})`);
      });
      await use({ expect: (pattern) => expected.push(pattern) });
      const violations = await page.evaluate(() => (globalThis as unknown as { violations?: string[] }).violations ?? []).catch(() => []);
      const left = [...troubles, ...violations.map((text) => `the policy: ${text}`)].filter((text) => !expected.some((pattern) => pattern.test(text)));
      expect(left, 'no console errors, no requests to other hosts, no violations of the policy').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** The list on the screen. */
export const rows = (page: Page) => page.getByTestId('article-row');
export const titles = (page: Page) => page.getByTestId('article-title');
export const rowOf = (page: Page, id: number) => page.locator(`[data-testid="article-row"][data-article="${id}"]`);

/** Opens a view and waits until it has rows. */
export async function openList(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(rows(page).first()).toBeVisible();
}

/** Ids of the rows on the screen, from the top. */
export async function idsOnScreen(page: Page): Promise<number[]> {
  return rows(page).evaluateAll((all) => all.map((row) => Number((row as HTMLElement).dataset.article)));
}

/** Rows that can be seen and where they stand, to compare before and after. */
export async function places(page: Page): Promise<[string, number][]> {
  return rows(page).evaluateAll((all) =>
    all
      .map((row) => [(row as HTMLElement).dataset.article ?? '', Math.round(row.getBoundingClientRect().top)] as [string, number])
      .filter(([, top]) => top > 80 && top < innerHeight - 80),
  );
}

export const scrollTop = (page: Page) => page.getByTestId('list-scroller').evaluate((scroller) => scroller.scrollTop);

/** Waits until the node knows the mark: what the page showed at once is now durable. */
export async function durable(node: RunningNode, id: number, marks: Partial<Article['marks']>): Promise<void> {
  await expect.poll(async () => (await node.get<Article>(`/api/v1/articles/${id}`)).marks, { message: `the node keeps ${JSON.stringify(marks)} of ${id}` }).toMatchObject(marks);
}

/** Articles of the whole node, newest first. */
export async function newest(node: RunningNode, limit = 50): Promise<Article[]> {
  return (await node.get<{ items: Article[] }>(`/api/v1/articles?limit=${limit}`)).items;
}

export async function recommended(node: RunningNode, limit = 100): Promise<Recommendation[]> {
  return (await node.get<{ items: Recommendation[] }>(`/api/v1/recommendations?limit=${limit}`)).items;
}

/** A picture for people to look at, beside the results. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/pictures/${name}.png`, animations: 'disabled' });
}
