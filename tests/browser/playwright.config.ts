// How the real product is driven in a real browser: Debian's Chromium, a node for every test.
import { defineConfig } from '@playwright/test';

const picturesOnly = process.env.AUTOGLM_SCREENSHOT === '1';

export default defineConfig({
  testDir: './specs',
  testMatch: picturesOnly ? '**/readme.picture.ts' : '**/*.spec.ts',
  // Emptied at every start; the pictures beside it are written anew by the tests.
  outputDir: './test-results/failures',
  reporter: [['list']],
  // Each worker has a browser, and each test a node of its own.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    colorScheme: 'light',
    contextOptions: { reducedMotion: 'reduce' },
    actionTimeout: 15_000,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.AUTOGLM_CHROMIUM || '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
