/** The chosen language and everything that is worded or formatted by it. */
import { stored } from '../state/stored.svelte';
import { en, type Catalogue } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh';

const catalogues: Record<Language, Catalogue> = { en, zh };

/** The languages and their own names, for the switch. */
export const languages: { code: Language; name: string }[] = [
  { code: 'en', name: en.name },
  { code: 'zh', name: zh.name },
];

/** Of ours, the one that stands first in a list of tags such as `zh-CN`. */
export function firstOf(tags: readonly string[]): Language | null {
  const ours = tags.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag === 'zh' || tag === 'en');
  return (ours as Language | undefined) ?? null;
}

class Internationalisation {
  #choice = stored<Language | null>('language', null);
  #browser = firstOf(navigator.languages);
  #reader = $state<Language | null>(null);
  language = $derived<Language>(this.#choice.value ?? this.#browser ?? this.#reader ?? 'en');
  /** The catalogue in use. */
  m = $derived<Catalogue>(catalogues[this.language]);
  /** For `Intl`. */
  locale = $derived(this.language === 'zh' ? 'zh-CN' : 'en-GB');
  #number = $derived(new Intl.NumberFormat(this.locale, { maximumFractionDigits: 1 }));
  #compact = $derived(new Intl.NumberFormat(this.locale, { notation: 'compact', maximumFractionDigits: 1 }));
  #day = $derived(new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'long', weekday: 'long' }));
  #short = $derived(new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short' }));
  #shortYear = $derived(new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short', year: 'numeric' }));
  #full = $derived(new Intl.DateTimeFormat(this.locale, { dateStyle: 'long', timeStyle: 'short' }));
  #clock = $derived(new Intl.DateTimeFormat(this.locale, { timeStyle: 'medium' }));

  /** Chooses a language and remembers it on this device. */
  choose(language: Language): void {
    this.#choice.value = language;
  }

  /** What the server knows of the reader: for browsers that speak neither language. */
  suggest(language: string | null | undefined): void {
    this.#reader = firstOf(language ? [language] : []);
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  compact(value: number): string {
    return this.#compact.format(value);
  }

  percent(share: number): string {
    return `${Math.round(share * 100)}%`;
  }

  /** How long ago, short: `5m`, `3h`, `2d`, then the date. */
  age(iso: string | null | undefined, now: number): string {
    const at = iso ? Date.parse(iso) : NaN;
    if (Number.isNaN(at)) return '';
    const minutes = Math.floor((now - at) / 60_000);
    if (minutes < 1) return this.m.time.now;
    const zh = this.language === 'zh';
    if (minutes < 60) return zh ? `${minutes} 分钟前` : `${minutes}m`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return zh ? `${hours} 小时前` : `${hours}h`;
    const days = Math.floor(hours / 24);
    if (days < 7) return zh ? `${days} 天前` : `${days}d`;
    const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return (sameYear ? this.#short : this.#shortYear).format(at);
  }

  /** In how long, short; never negative. */
  until(iso: string | null | undefined, now: number): string {
    const at = iso ? Date.parse(iso) : NaN;
    if (Number.isNaN(at)) return '–';
    const seconds = Math.round((at - now) / 1000);
    return seconds <= 0 ? this.m.time.soon : this.duration(seconds);
  }

  /** A length of time in its largest unit. */
  duration(seconds: number): string {
    const zh = this.language === 'zh';
    if (seconds < 60) return zh ? `${Math.round(seconds)} 秒` : `${Math.round(seconds)} s`;
    if (seconds < 3600) return zh ? `${Math.round(seconds / 60)} 分钟` : `${Math.round(seconds / 60)} min`;
    if (seconds < 86_400) return zh ? `${this.number(seconds / 3600)} 小时` : `${this.number(seconds / 3600)} h`;
    return zh ? `${this.number(seconds / 86_400)} 天` : `${this.number(seconds / 86_400)} d`;
  }

  /** Milliseconds as a person reads them. */
  milliseconds(value: number | null | undefined): string {
    if (value === null || value === undefined) return '–';
    if (value < 1) return `${value.toFixed(1)} ms`;
    if (value < 1000) return `${Math.round(value)} ms`;
    return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  }

  /** Date and time in full. */
  full(iso: string | null | undefined): string {
    const at = iso ? Date.parse(iso) : NaN;
    return Number.isNaN(at) ? '' : this.#full.format(at);
  }

  clock(at: number): string {
    return this.#clock.format(at);
  }

  /** Heading of a day in a list. */
  day(iso: string, now: number): string {
    const days = Math.round((startOfDay(now) - startOfDay(Date.parse(iso))) / 86_400_000);
    if (days <= 0) return this.m.list.today;
    if (days === 1) return this.m.list.yesterday;
    return this.#day.format(Date.parse(iso));
  }
}

/** Local midnight before `at`. */
export function startOfDay(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export const i18n = new Internationalisation();
