// Build, development proxy and unit tests of the page.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const server = process.env.AUTOGLM_URL ?? 'http://127.0.0.1:8000';
const forwarded = ['/api', '/admin', '/ws', '/events'];

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome123', 'firefox124', 'safari17.5'],
    // The server's policy allows no inline code, data: scripts or inline styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      forwarded.map((path) => [path, { target: server, changeOrigin: true, ws: path === '/ws' }]),
    ),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
