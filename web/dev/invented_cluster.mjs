// An invented cluster for the operator's page: figures that move as a real one's would.

const stages = ['fetch', 'store', 'index', 'understand', 'place', 'rank', 'push'];
const base = { fetch: 42, store: 41, index: 41, understand: 38, place: 38, rank: 37, push: 36 };
const times = { fetch: [180, 1900], store: [3.1, 9.4], index: [6, 21], understand: [24, 140], place: [0.8, 4], rank: [5, 19], push: [1.2, 8], request: [9, 96], route: [1.1, 14], infer: [20, 130] };
const restarted = new Map();
const history = [];

function wave(stage, at) {
  const turn = stages.indexOf(stage);
  const slow = Math.sin(at / 190_000 + turn * 0.4) * 0.22;
  const quick = Math.sin(at / 17_000 + turn) * 0.06 + Math.sin(at / 5300 + turn * 2) * 0.04;
  return Math.max(0, base[stage] * (1 + slow + quick));
}

function queue(stage, at) {
  const most = { understand: 190, index: 24, rank: 14 }[stage] ?? 5;
  return Math.max(0, Math.round(most * (0.55 + 0.45 * Math.sin(at / 140_000 + stages.indexOf(stage)))));
}

function point(at) {
  return {
    at: new Date(at).toISOString(),
    rates: Object.fromEntries(stages.map((stage) => [stage, wave(stage, at)])),
    queues: Object.fromEntries(stages.map((stage) => [stage, queue(stage, at)])),
  };
}

for (let at = Date.now() - 900_000; at < Date.now(); at += 5000) history.push(point(at));
setInterval(() => {
  history.push(point(Date.now()));
  if (history.length > 180) history.shift();
}, 5000).unref();

function actors(world) {
  const actor = (name, parent, status = {}, state = 'running', reason = null) => {
    const again = restarted.get(name);
    const fresh = again && Date.now() - again < 3000;
    return { name, parent, state: fresh ? 'restarting' : again && state === 'parked' ? 'running' : state, restarts: (again ? 1 : 0) + (reason ? 5 : 0), reason: again ? null : reason, status };
  };
  return [
    actor('node', null, { uptime_seconds: Math.round(process.uptime()) }),
    actor('membership', 'node', { members: 3, view: 7 }), actor('transport', 'node', { connections: 2 }), actor('shard-region', 'node', { owned: 86 }),
    actor('source-supervisor', 'node', { sources: world.sources.length }),
    ...world.sources.map((source) => actor(`source-${source.id}`, 'source-supervisor', { title: source.title, fetches: 40 + source.id }, source.id === 14 ? 'parked' : 'running', source.id === 14 ? 'the parser refused the same document five times within a minute' : null)),
    actor('ingest', 'node', { stored: 1_284_512, batch: 64 }), actor('index', 'node', { indexed: 1_284_498 }),
    actor('inference-pool', 'node', { queue: queue('understand', Date.now()) }),
    actor('inference-cuda:0', 'inference-pool', { batches: 90_214 }), actor('inference-cuda:1', 'inference-pool', { batches: 90_101 }), actor('inference-cpu', 'inference-pool', { batches: 1204 }),
    actor('article-window', 'node', { articles: 50_000, bytes: 31_457_280 }), actor('stories', 'node', { stories: 18_204 }), actor('popularity', 'node', {}), actor('janitor', 'node', { repaired: 2 }),
    actor('delivery', 'node', { outbox: 0 }), actor('gateway', 'node', { terminals: 3 }),
  ];
}

const listed = ({ articles, ...story }) => ({ ...story, article_count: articles.length });

function storyWithArticles(id, world) {
  const story = world.stories.find((one) => one.id === id);
  if (!story) return null;
  const articles = world.articles.filter((article) => article.story_id === id);
  return {
    ...listed(story),
    articles: articles.map((article) => ({ id: article.id, source_id: article.source_id, source_title: article.source_title, title: article.title, url: article.url, at: article.fetched_at, duplicate_of: null })),
  };
}

/** The answer to an operator's request; `null` when there is no such route. */
export function operator(method, pathname, world) {
  const now = Date.now();
  const restart = /^\/admin\/actors\/(.+)\/restart$/.exec(pathname);
  if (method === 'POST' && restart) {
    restarted.set(decodeURIComponent(restart[1]), now);
    return { accepted: true };
  }
  if (method === 'POST' && pathname === '/admin/drain') return { draining: true };
  if (method === 'POST' && pathname.startsWith('/admin/stories/')) return { decision: 2, story: world.stories[0].id, moved: 1 };
  const story = /^\/admin\/stories\/(\d+)$/.exec(pathname);
  if (story) return storyWithArticles(Number(story[1]), world);
  switch (pathname) {
    case '/admin/actors':
      return { items: actors(world) };
    case '/admin/devices':
      return {
        items: [
          { name: 'cuda:0', kind: 'cuda', model: 'GLM-4-9B 0414', state: 'running', batches: 90_214, items: 1_443_120, queue: queue('understand', now), mean_batch: 16, busy_share: 0.71 + 0.1 * Math.sin(now / 9000) },
          { name: 'cuda:1', kind: 'cuda', model: 'GLM-4-9B 0414', state: 'running', batches: 90_101, items: 1_440_908, queue: Math.round(queue('understand', now) * 0.9), mean_batch: 16, busy_share: 0.66 + 0.1 * Math.sin(now / 7000) },
          { name: 'cpu', kind: 'cpu', model: 'static-bilingual v1', state: 'running', batches: 1204, items: 38_528, queue: 0, mean_batch: 32, busy_share: 0.08 },
        ],
      };
    case '/admin/pipeline':
      return {
        at: new Date(now).toISOString(),
        stages: stages.map((name) => ({ name, rate: wave(name, now), p50_ms: times[name][0], p99_ms: times[name][1] * (1 + 0.1 * Math.sin(now / 11_000)), queue: queue(name, now), errors: name === 'fetch' ? 3 : 0 })),
        history,
      };
    case '/admin/sources':
      return { items: world.sources.map((source) => ({ ...source, host: `${source.host}:443`, consecutive_failures: source.health.class === 'failing' ? 3 : 0, last_fetch_ms: 90 + source.id * 37 })) };
    case '/admin/stories':
      return { items: world.stories.slice(0, 12).map(listed), next_cursor: null };
    case '/admin/stories/decisions': {
      const named = world.articles.slice(0, 2).map(({ id, title, story_id }) => ({ id, title, story_id }));
      const statements = [{ relation: 'together', articles: named, holds: true }];
      return { items: [{ id: 1, kind: 'merge', decided_by: 'operator', decided_at: new Date(now - 4_000_000).toISOString(), statements }], next_cursor: null };
    }
    case '/admin/cluster': {
      const hot = { kind: 'node', p99_ms: 480, usual_ms: 35, others_ms: 40, seconds: 40 };
      const latency = (name, slow) => ({ name, count: 600, p50_ms: times[name][0] * slow, p99_ms: times[name][1] * slow * (1 + 0.1 * Math.sin(now / 11_000)), queue: 0, usual_ms: times[name][1], ...(slow > 3 && { hot }) });
      const load = (cpu_share, terminals) => ({ cpu_share, queue_age_seconds: 12, expected_wait_ms: 40, terminals, shards: 172 });
      const link = { state: 'ready', why: null, round_trip_us: 420, under_way: 3, reconnects: 0 };
      const names = Object.keys(times);
      return {
        node: 'node-a', incarnation: 3, view: 7, unowned: 0,
        members: [
          { name: 'node-a', incarnation: 3, state: 'up', roles: ['all'], weight: 1, shards: { reader: 86, host: 128, single: [{ name: 'story', epoch: 12 }, { name: 'janitor', epoch: 9 }] }, load: load(0.35, 3), stages: names.map((name) => latency(name, 1)) },
          { name: 'node-b', incarnation: 1, state: 'up', roles: ['fetch', 'serve'], weight: 1, shards: { reader: 85, host: 128, single: [{ name: 'popularity', epoch: 4 }] }, link, load: load(0.92, 41), stages: names.map((name) => latency(name, name === 'request' ? 5 : 1.1)) },
          { name: 'node-c', incarnation: 5, state: 'draining', roles: ['infer', 'recommend'], weight: 1, shards: { reader: 85, host: 0, single: [] }, link, stages: [] },
        ],
        hot_spots: [{ ...hot, stage: 'request', nodes: ['node-b'] }],
      };
    }
    case '/admin/cluster/events':
      return { items: [{ id: 9, at: new Date(now - 40_000).toISOString(), node: 'node-b', incarnation: 1, kind: 'hot', detail: 'request: p99 480 ms, usually 35 ms, others 40 ms' }, { id: 8, at: new Date(now - 4_000_000).toISOString(), node: 'node-c', incarnation: 5, kind: 'up', detail: '' }] };
    default:
      return null;
  }
}
