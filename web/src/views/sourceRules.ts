// Which rules a kind of source has, between the settings of the interface and the fields of a form.

import type { SourceSettings } from '../lib/api/types';

/** One field: a rule, or several of them a line each. */
export interface RuleField {
  name: string;
  label: RuleLabel;
  value: string;
  lines: boolean;
}

export type RuleLabel = 'item' | 'items' | 'id' | 'link' | 'title' | 'summary' | 'content' | 'published' | 'author' | 'url_contains' | 'page_content' | 'page_remove';

const selectors = ['item', 'link', 'title', 'summary', 'published'] as const;
const mapping = ['items', 'title', 'link', 'id', 'summary', 'content', 'published', 'author'] as const;

/** The part of the settings that says where articles are, and its rules. */
function part(kind: string): { key: 'selectors' | 'mapping'; names: readonly RuleLabel[] } | null {
  if (kind === 'page') return { key: 'selectors', names: selectors };
  if (kind === 'json_api') return { key: 'mapping', names: mapping };
  return null;
}

/** Lists of links also have a filter; where whole texts are taken, the pages have rules. */
export function ruleFields(kind: string, settings: SourceSettings): RuleField[] {
  const fields: RuleField[] = [];
  const own = part(kind);
  for (const name of own?.names ?? []) fields.push({ name, label: name, value: settings[own!.key]?.[name] ?? '', lines: false });
  if (kind === 'page' || kind === 'sitemap') fields.push({ name: 'url_contains', label: 'url_contains', value: settings.url_contains ?? '', lines: false });
  if (settings.full_text) {
    fields.push({ name: 'page_content', label: 'page_content', value: (settings.page_rule?.content ?? []).join('\n'), lines: true });
    fields.push({ name: 'page_remove', label: 'page_remove', value: (settings.page_rule?.remove ?? []).join('\n'), lines: true });
  }
  return fields;
}

/** The settings with what the form says; an empty field is no rule. */
export function read(kind: string, settings: SourceSettings, field: (name: string) => string): SourceSettings {
  const next: SourceSettings = { ...settings };
  const own = part(kind);
  if (own) {
    const given = own.names.map((name) => [name, field(name)] as const).filter(([, value]) => value !== '');
    next[own.key] = Object.fromEntries(given);
  }
  if (kind === 'page' || kind === 'sitemap') {
    delete next.url_contains;
    if (field('url_contains')) next.url_contains = field('url_contains');
  }
  if (settings.full_text) {
    const content = lines(field('page_content'));
    const remove = lines(field('page_remove'));
    delete next.page_rule;
    if (content.length || remove.length) next.page_rule = { ...(content.length ? { content } : {}), ...(remove.length ? { remove } : {}) };
  }
  return next;
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
