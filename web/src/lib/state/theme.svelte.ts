/** Light, dark, or as the system; `public/theme.js` applies the same choice before the first paint. */
import { stored } from './stored.svelte';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

class ThemeChoice {
  #choice = stored<Theme>('theme', 'system');

  get value(): Theme {
    return this.#choice.value;
  }

  set value(theme: Theme) {
    this.#choice.value = theme;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

export const theme = new ThemeChoice();
