/** The shapes of the operator's JSON. */
import type { Source, Statistics } from '../lib/api/types';

export type ActorState = 'running' | 'restarting' | 'parked' | 'stopped';

export interface Actor {
  name: string;
  parent: string | null;
  state: ActorState;
  restarts: number;
  reason: string | null;
  status: Record<string, unknown> | null;
}

export interface Device {
  name: string;
  kind: string;
  model: string | null;
  state: string;
  batches: number;
  items: number;
  queue: number;
  mean_batch: number;
  busy_share: number;
  /** Of a graphics processor whose driver says so. */
  gauges?: { memory_used_bytes: number | null; memory_total_bytes: number | null; utilisation: number | null; temperature_celsius: number | null };
}

/** A topic of the list by which articles are sorted. */
export interface ListedTopic {
  key: string;
  en: string;
  zh: string;
  description: { en: string; zh: string };
  seeds: string[];
}

export interface TopicList {
  origin: 'built_in' | 'config' | 'page';
  changed_at: string | null;
  /** Articles that are still to be sorted by it. */
  waiting: number;
  topics: ListedTopic[];
}

export const stageNames = ['fetch', 'store', 'index', 'understand', 'place', 'rank', 'push'] as const;
export type StageName = (typeof stageNames)[number];

export interface Stage {
  name: string;
  rate: number;
  p50_ms: number | null;
  p99_ms: number | null;
  queue: number;
  errors: number;
}

export interface Pipeline {
  at: string;
  stages: Stage[];
  history: { at: string; rates: Record<string, number>; queues: Record<string, number> }[];
}

export interface OperatedSource extends Source {
  host: string;
  consecutive_failures: number;
  last_fetch_ms: number | null;
}

export interface Link {
  state: string;
  /** What is wrong, in the node's own words. */
  why: string | null;
  round_trip_us: number | null;
  under_way: number;
  reconnects: number;
}

/** That something takes much longer than it usually does. */
export interface Hot {
  /** `stage` when most nodes are slower than usual. */
  kind: 'node' | 'stage';
  p99_ms: number;
  usual_ms: number;
  /** Null when no other node had enough to do to say. */
  others_ms: number | null;
  seconds: number;
}

/** How long a stage took on a node in the last minute. */
export interface StageLatency {
  name: string;
  count: number;
  p50_ms: number;
  p99_ms: number;
  queue: number;
  usual_ms: number | null;
  hot?: Hot;
}

export interface NodeLoad {
  cpu_share: number | null;
  /** The queue is the cluster's: every node says the same. */
  queue_age_seconds: number | null;
  /** Null without a device. */
  expected_wait_ms: number | null;
  terminals: number;
  shards: number;
}

export interface HotSpot extends Hot {
  stage: string;
  nodes: string[];
}

export interface Member {
  name: string;
  incarnation: number;
  state: string;
  roles: string[];
  weight: number;
  shards: { reader: number; host: number; single: { name: string; epoch: number }[] };
  /** Absent for the node that answers, and without links. */
  link?: Link;
  /** Absent when it has said nothing of itself lately. */
  load?: NodeLoad;
  stages: StageLatency[];
}

export interface Cluster {
  node: string;
  incarnation: number;
  view: number;
  members: Member[];
  /** Shards that nobody owns now. */
  unowned: number;
  hot_spots: HotSpot[];
}

export type HappeningKind = 'joined' | 'up' | 'draining' | 'left' | 'expired' | 'wished' | 'took' | 'gave' | 'hot' | 'cooled';

export interface Happening {
  id: number;
  at: string;
  node: string;
  incarnation: number;
  kind: HappeningKind;
  detail: string;
}

export interface ListedStory {
  id: number;
  title: string;
  representative: number;
  article_count: number;
  source_count: number;
  first_at: string;
  last_at: string;
}

export interface StoryWithArticles extends ListedStory {
  articles: { id: number; source_id: number; source_title: string; title: string; url: string; at: string; duplicate_of: number | null }[];
}

export interface StoryDecided {
  decision: number;
  story: number;
  moved: number;
}

export interface StoryDecision {
  id: number;
  kind: 'merge' | 'split';
  decided_by: string;
  decided_at: string;
  statements: {
    relation: 'together' | 'apart';
    articles: { id: number; title: string; story_id: number | null }[];
    holds: boolean;
  }[];
}

export interface ModelNames {
  encoder: string;
  classifier: string;
  summariser: string;
  version: string;
}

export interface ModelReport {
  rollout: {
    active: ModelNames;
    previous: ModelNames | null;
    candidate: { models: ModelNames; share: number; promoted: boolean } | null;
  } | null;
  loading: boolean;
  problem: string | null;
  reread: { version: string; read: number; changed: number; problem: string | null };
  versions: {
    version: string;
    texts: number;
    failures: number;
    milliseconds_per_text: number;
    without_vector: number;
    without_topic: number;
    compared: number;
    same_topic: number;
    neighbour_agreement: number | null;
  }[];
  encoders: string[];
}

export interface Picture {
  actors: Actor[];
  devices: Device[];
  pipeline: Pipeline | null;
  sources: OperatedSource[];
  cluster: Cluster | null;
  happenings: Happening[];
  statistics: Statistics | null;
}
