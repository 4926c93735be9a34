// A node that asks its reader for a token.
import { expect, rows, stillDemo, test } from '../support/test.ts';

const token = 'a-reader-token-for-this-test-only';

test.use({ demo: stillDemo, flags: ['--set', `server.token=${token}`], warm: false });

test('without the token nothing is shown, a wrong one is refused, the right one lasts', async ({ page, node, watch }) => {
  watch.expect(/status of 401|WebSocket connection/);
  expect((await fetch(`${node.address}/api/v1/articles`)).status).toBe(401);
  await page.goto('/latest');
  const form = page.getByTestId('token-form');
  await expect(form).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  await form.locator('input').fill('wrong');
  await form.getByRole('button').click();
  await expect(form.getByRole('alert')).toHaveText('The token was not accepted.');
  await expect(form.locator('input')).toHaveAttribute('aria-invalid', 'true');

  await form.locator('input').fill(token);
  await form.getByRole('button').click();
  await expect(form).toHaveCount(0);
  await expect(rows(page).first()).toBeVisible();
  expect(page.url()).not.toContain(token);
  expect(await page.evaluate(() => document.cookie), 'scripts cannot read the session').toBe('');
  const cookie = (await page.context().cookies())[0];
  expect(cookie).toMatchObject({ httpOnly: true });
  expect(cookie?.sameSite).toMatch(/Lax|Strict/);

  // A node that has just started has ranked nothing yet; its list fills by itself.
  await page.goto('/');
  await expect(rows(page).first()).toBeVisible({ timeout: 60_000 });
});
