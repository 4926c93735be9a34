/** The shapes of the server's JSON, as far as the page uses them. */

export interface Marks {
  read: boolean;
  saved: boolean;
  hidden: boolean;
}

export interface TopicScore {
  name: string;
  score: number;
}

export const entityKinds = ['company', 'person', 'place', 'organisation', 'model', 'ticker'] as const;
export type EntityKind = (typeof entityKinds)[number];

/** Something an article names. */
export interface Entity {
  key: string;
  name: string;
  kind: EntityKind;
}

/** What an entity is called. */
export interface EntityNames extends Entity {
  en: string | null;
  zh: string | null;
  articles: number;
}

export interface Article {
  id: number;
  source_id: number;
  source_title?: string;
  story_id: number | null;
  url: string;
  title: string;
  authors: string[];
  language: string | null;
  published_at: string | null;
  fetched_at: string;
  topics: TopicScore[];
  summary: string | null;
  entities?: Entity[];
  keywords?: string[];
  stage: string;
  marks: Marks;
}

export interface ArticleWithContent extends Article {
  content_html: string;
  model_version?: string | null;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export const reasonKinds = [
  'long_interest',
  'recent_interest',
  'similar_to',
  'source',
  'topic',
  'popular',
  'sources',
  'fresh',
  'exploration',
] as const;
export type ReasonKind = (typeof reasonKinds)[number];

export interface Reason {
  kind: ReasonKind;
  text: string;
  weight: number;
}

export interface Recommendation {
  article: Article;
  score: number;
  reasons: Reason[];
}

/** The ranked list; stale while nobody who could be reached keeps the reader's profile. */
export interface RankedList {
  items: Recommendation[];
  stale: boolean;
}

export interface Story {
  id: number;
  title: string;
  representative: number;
  articles: number[];
  source_count: number;
  first_at: string;
  last_at: string;
}

export type HealthClass = 'new' | 'healthy' | 'slow' | 'failing' | 'moved' | 'gone' | 'paused';

/** How a hub pushes a source (WebSub). */
export interface SourcePush {
  state: 'asked' | 'active' | 'renewing' | 'failing' | 'denied';
  hub: string;
  until: string | null;
  last_push_at: string | null;
  problem?: string | null;
}

export interface Source {
  id: number;
  kind: string;
  url: string;
  title: string;
  site_url: string;
  folder: string | null;
  unread: number;
  health: { class: HealthClass; cause?: string | null };
  problem?: string | null;
  last_success_at: string | null;
  next_fetch_at: string | null;
  interval_seconds: number;
  paused: boolean;
  full_text: boolean;
  /** Absent for a feed that is read as it comes. */
  settings?: SourceSettings;
  /** Where it says it has moved to, or where it was found after it had failed for a while. */
  offered_url?: string | null;
  /** It is this reader's alone. */
  private: boolean;
  /** Names of what is said when it is asked, never the values. */
  request: string[];
  push?: SourcePush | null;
}

/** Where articles are in a page or JSON document: rule by name. */
export interface SourceSettings {
  selectors?: Record<string, string>;
  mapping?: Record<string, string>;
  url_contains?: string;
  full_text?: boolean;
  /** How the pages of articles are read where the general rules fail. */
  page_rule?: { content?: string[]; remove?: string[] };
}

export type SourceKind = 'feed' | 'json_api' | 'page' | 'sitemap';

/** What is said to a source besides the usual; only ever sent, never shown. */
export interface SourceRequest {
  user_agent?: string;
  headers?: Record<string, string>;
  cookie?: string;
  basic?: { user: string; password: string };
  bearer?: string;
  proxy?: string;
}

/** What to follow, or to look at first. */
export interface SourceWish {
  url: string;
  kind?: SourceKind;
  settings?: SourceSettings;
  request?: SourceRequest;
}

export interface SourcePreview {
  url: string;
  kind: SourceKind;
  settings: SourceSettings;
  title: string;
  site_url: string;
  article_count: number;
  articles: { title: string; url: string; published_at: string | null; text: string }[];
  feeds: { url: string; title: string }[];
  problems: string[];
}

/** What came of an imported list of sources. */
export interface ImportedList {
  total: number;
  added: number;
  known: number;
  problems: { url: string; title: string; problem: string; imported: boolean }[];
  problems_left_out: number;
}

export type TopicWidth = 'narrow' | 'normal' | 'wide';

/** What a reader says of a topic of their own. */
export interface OwnTopic {
  description: string;
  seeds: string[];
  width: TopicWidth;
}

export interface Topic {
  key: string;
  en: string;
  zh: string;
  /** Absent for topics of the common list. */
  own?: OwnTopic;
}

export interface Statistics {
  sources: number;
  articles: { stored: number; understood: number };
  stories: number;
  readers: number;
  terminals: number;
  backlog: number;
}

export interface Me {
  reader: { id: number; name: string; language?: string | null };
  token_required: boolean;
  /** Who writes summaries that are asked for. */
  writer?: { name: string } | null;
}

export interface Summary {
  article_id: number;
  language: string | null;
  text: string;
  kind: 'written' | 'extractive';
  written_by: string | null;
  written_at: string | null;
  can_write: boolean;
}

export const refusals = ['empty', 'too_long', 'other_language', 'address', 'invented_number', 'invented_name', 'off_subject', 'writer'] as const;
export type RefusalKind = (typeof refusals)[number];

export interface Refused {
  kind: RefusalKind;
  reason: string;
  /** The number or name the article does not have. */
  claim?: string | null;
}

export interface AskedSummary {
  outcome: 'written' | 'refused';
  summary: Summary;
  refused?: Refused;
}

export type EventKind =
  | 'impression'
  | 'open'
  | 'dwell'
  | 'read'
  | 'unread'
  | 'save'
  | 'unsave'
  | 'hide'
  | 'unhide'
  | 'less'
  | 'share'
  | 'mute'
  | 'unmute';

export type EventTarget = { source: number } | { topic: string } | { story: number };

export interface ReaderEvent {
  id: string;
  kind: EventKind;
  article_id?: number;
  target?: EventTarget;
  at: string;
  dwell_ms?: number;
}

export type LiveItem =
  | { type: 'article'; article: Article }
  | { type: 'story'; story_id: number; article_id: number }
  | { type: 'mark'; article_id: number; marks: Marks };

export type Frame = { type?: undefined; seq: number; items: LiveItem[] } | { type: 'reset'; seq?: number };
