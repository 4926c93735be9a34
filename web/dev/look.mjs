// Takes pictures of the page against the mock, in both languages and themes and at three widths, and
// runs axe over each: `npm run build && npm run mock & npm run look`, then look at dev/pictures/*.png.
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const address = process.env.URL ?? 'http://127.0.0.1:8010';
const only = process.argv[2];
const folder = fileURLToPath(new URL('./pictures', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(folder, { recursive: true });

const tell = (path) => fetch(`${address}/mock/${path}`, { method: 'POST' });

const sizes = { wide: [1440, 900], tablet: [900, 1100], phone: [390, 844] };
const article = async (page) => {
  await page.getByTestId('article-title').nth(1).click();
  await page.getByTestId('article-sheet').waitFor();
};
const pictures = [
  ['for-you', '/', 'wide', 'en', 'light'],
  ['for-you-article', '/', 'wide', 'en', 'light', article],
  ['for-you-article', '/', 'wide', 'zh', 'dark', article],
  ['latest-article', '/latest', 'wide', 'zh', 'light', article],
  ['latest', '/latest', 'tablet', 'en', 'dark', article],
  ['latest', '/latest', 'tablet', 'zh', 'light'],
  ['latest', '/latest', 'phone', 'en', 'light'],
  ['for-you', '/', 'phone', 'zh', 'dark'],
  ['article', '/latest', 'phone', 'zh', 'light', article],
  ['article', '/latest', 'phone', 'en', 'dark', article],
  ['drawer', '/latest', 'phone', 'zh', 'light', (page) => page.getByTestId('menu-open').click()],
  ['stories', '/stories', 'wide', 'en', 'light'],
  ['sources', '/sources', 'wide', 'en', 'light'],
  ['sources', '/sources', 'phone', 'zh', 'dark'],
  ['search', '/search?q=chip', 'wide', 'en', 'dark'],
  ['empty', '/search?q=nothinglikethis', 'wide', 'zh', 'light'],
  ['help', '/latest', 'wide', 'en', 'light', (page) => page.keyboard.press('?')],
  ['pill-line', '/latest', 'wide', 'en', 'light', async (page) => {
    await tell('push?n=12');
    await tell('drop?seconds=6');
    await page.getByTestId('connection-line').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('s');
  }],
  ['error', '/latest', 'tablet', 'en', 'light', async (page) => {
    await tell('heal');
    await tell('fail?path=/api/v1/articles');
    await page.goto(`${address}/latest`);
    await page.getByTestId('state-error').waitFor();
    await tell('heal');
  }],
  ['loading', '/latest', 'phone', 'en', 'dark', async (page) => {
    await tell('slow?ms=3000');
    await page.goto(`${address}/latest`);
    await tell('heal');
  }],
  ['serif-menu', '/latest', 'wide', 'en', 'light', async (page) => {
    await page.getByTestId('article-title').nth(0).click();
    await page.getByTestId('article-sheet').waitFor();
    await page.getByTestId('article-text').click();
    await page.getByRole('button', { name: 'Serif', exact: true }).click();
    await page.locator('[data-article-text]').evaluate((node) => (node.scrollTop = 620));
  }],
  ['unfolded', '/latest', 'wide', 'zh', 'dark', async (page) => {
    await page.getByTestId('story-toggle').first().click();
    await article(page);
    await page.getByTestId('article-more').click();
  }],
  ['token', '/operator', 'phone', 'en', 'dark'],
  ['operator', '/operator#token=operator', 'wide', 'en', 'light'],
  ['operator', '/operator#token=operator', 'wide', 'zh', 'dark'],
  ['operator', '/operator#token=operator', 'tablet', 'en', 'light'],
  ['operator', '/operator#token=operator', 'phone', 'zh', 'light'],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let serious = 0;
for (const [name, path, size, language, scheme, act] of pictures) {
  const file = `${name}-${size}-${language}-${scheme}`;
  if (only && !file.includes(only)) continue;
  const [width, height] = sizes[size];
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: scheme, locale: language === 'zh' ? 'zh-CN' : 'en-GB', bypassCSP: false,
    hasTouch: size === 'phone', isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1,
  });
  const page = await context.newPage();
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(`${file}: ${message.text()}`));
  page.on('pageerror', (error) => console.log(`${file}: ${error}`));
  await page.goto(address + path);
  await page.waitForTimeout(path.startsWith('/operator') ? 2500 : 700);
  if (act) await act(page);
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${folder}/${file}.png`, fullPage: false });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, impact, nodes } of violations) {
    if (impact === 'serious' || impact === 'critical') serious += 1;
    console.log(`${file}: axe ${impact} ${id} ×${nodes.length} ${nodes[0].target} ${(nodes[0].any[0]?.message ?? '').slice(0, 160)}`);
  }
  await context.close();
}
await browser.close();
console.log(`serious findings: ${serious}`);
