// A server of invented articles for working on the page: the same routes and shapes, no Rust needed.
//   npm run build && npm run mock          then open http://127.0.0.1:8010
//   PORT=9000 PUSH=2000 npm run mock       another port; a pushed article every 2 s (0: none)
// While it runs, POST /mock/... changes its behaviour:
//   /mock/push?n=12      push articles now          /mock/drop?seconds=10  close sockets and refuse new ones
//   /mock/fail?path=/api/v1/articles&status=503     answer with an error    /mock/heal  no more errors
//   /mock/slow?ms=2000   delay every answer         /mock/lock  ask for the token "reader"
//   /mock/reset          tell every terminal to start again
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { build, compose, topics } from './invented.mjs';
import { operator } from './invented_cluster.mjs';

const port = Number(process.env.PORT ?? 8010);
const pushEvery = Number(process.env.PUSH ?? 7000);
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const operatorToken = 'operator';

const world = build(Number(process.env.ARTICLES ?? 420));
const state = { dropUntil: 0, fail: null, slow: 0, locked: false, seq: 1 };
const terminals = new Set();
const frames = [];

function problem(response, status, kind, title, detail) {
  response.writeHead(status, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ type: `urn:autoglm:${kind}`, title, status, detail, kind }));
}

function json(response, value, status = 200) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(value === undefined ? '' : JSON.stringify(value));
}

function publicArticle({ content_html, model_version, ...article }) {
  return article;
}

function page(items, query, fallback = 50) {
  const limit = Math.min(200, Number(query.get('limit') ?? fallback));
  const from = Number(query.get('cursor') ?? 0);
  const next = from + limit < items.length ? String(from + limit) : null;
  return { items: items.slice(from, from + limit), next_cursor: next };
}

function selected(query) {
  const marks = query.get('marks');
  return world.articles.filter((article) => {
    if (query.get('source') && article.source_id !== Number(query.get('source'))) return false;
    if (query.get('story') && article.story_id !== Number(query.get('story'))) return false;
    if (query.get('language') && article.language !== query.get('language')) return false;
    if (query.get('topic') && !article.topics.some(({ name }) => name === query.get('topic'))) return false;
    if (marks === 'unread') return !article.marks.read;
    return marks ? article.marks[marks] : !article.marks.hidden;
  });
}

function withUnread(source) {
  const unread = world.articles.filter((article) => article.source_id === source.id && !article.marks.read && !article.marks.hidden).length;
  return { ...source, unread };
}

function recommendations(limit) {
  const kinds = ['topic', 'source', 'recent_interest', 'long_interest', 'similar_to', 'popular', 'fresh', 'exploration'];
  const seen = new Set();
  return world.articles
    .filter((article) => !article.marks.hidden && !(article.story_id && seen.has(article.story_id)) && seen.add(article.story_id))
    .slice(0, 160)
    .sort((left, right) => ((left.id * 7919) % 101) - ((right.id * 7919) % 101))
    .slice(0, limit)
    .map((article, at) => {
      const kind = kinds[(article.id * 5) % kinds.length];
      const text = { topic: article.topics[0]?.name ?? 'science', source: article.source_title, similar_to: world.articles[(article.id * 13) % world.articles.length].title }[kind] ?? '';
      const reasons = [{ kind, text, weight: 0.6 }];
      const story = world.stories.find(({ id }) => id === article.story_id);
      if (story && story.source_count > 2) reasons.push({ kind: 'sources', text: String(story.source_count), weight: 0.2 });
      return { article: publicArticle(article), score: 1 - at / 200, reasons };
    });
}

function apply(event) {
  const article = world.articles.find(({ id }) => id === event.article_id);
  if (!article) return;
  const change = {
    open: { read: true }, read: { read: true }, unread: { read: false }, save: { saved: true }, unsave: { saved: false },
    hide: { hidden: true }, unhide: { hidden: false }, less: { hidden: true },
  }[event.kind];
  if (!change) return;
  article.marks = { ...article.marks, ...change };
  send([{ type: 'mark', article_id: article.id, marks: article.marks }]);
}

function send(items) {
  const frame = { seq: ++state.seq, items };
  frames.push(frame);
  if (frames.length > 500) frames.shift();
  for (const say of terminals) say(JSON.stringify(frame));
}

function push(count) {
  const items = [];
  for (let index = 0; index < count; index += 1) {
    const article = compose(world, world.articles.length + 1 + Math.floor(Math.random() * 3), Date.now() - index * 1000);
    world.articles.unshift(article);
    items.push({ type: 'article', article: publicArticle(article) });
  }
  send(items);
}

async function bodyOf(request) {
  let text = '';
  for await (const piece of request) {
    text += piece;
    if (text.length > 1_000_000) return {};
  }
  try {
    return JSON.parse(text || '{}');
  } catch {
    return {};
  }
}

const seenEvents = new Set();
let nextSource = 1000;

async function api(request, response, url) {
  const { pathname, searchParams: query } = url;
  const body = request.method === 'GET' ? {} : await bodyOf(request);
  const route = `${request.method} ${pathname}`;
  const [, id, action] = /^\/api\/v1\/(?:articles|sources)\/(\d+)(\/refresh)?$/.exec(pathname) ?? [];
  if (route === 'POST /api/v1/session') {
    if (body.token !== 'reader') return problem(response, 401, 'unauthorised', 'Unauthorised', 'this token is not known');
    state.locked = false;
    return json(response, undefined, 204);
  }
  if (state.locked) return problem(response, 401, 'unauthorised', 'Unauthorised', 'this reader needs a token');
  switch (route) {
    case 'GET /api/v1/me':
      return json(response, { reader: { id: 1, name: 'reader', language: null }, token_required: false });
    case 'GET /api/v1/articles':
      return json(response, page(selected(query).map(publicArticle), query));
    case 'GET /api/v1/recommendations':
      return json(response, { items: recommendations(Number(query.get('limit') ?? 50)) });
    case 'GET /api/v1/stories':
      return json(response, page(world.stories, query));
    case 'GET /api/v1/search': {
      const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
      const found = world.articles.filter((article) => words.every((word) => `${article.title} ${article.summary}`.toLowerCase().includes(word)));
      return json(response, page(found.map(publicArticle), query));
    }
    case 'GET /api/v1/sources':
      return json(response, { items: world.sources.map(withUnread), next_cursor: null });
    case 'POST /api/v1/sources': {
      if (!/^https?:\/\/[^/]+\.[^/]+/.test(body.url ?? '')) return problem(response, 422, 'invalid', 'Not an address', `“${body.url}” is not the address of a web page or a feed`);
      const source = { ...world.sources[0], id: ++nextSource, url: body.url, title: new URL(body.url).host, folder: body.folder ?? null, health: { class: 'new' }, problem: null, last_success_at: null, next_fetch_at: new Date().toISOString() };
      world.sources.push(source);
      return json(response, withUnread(source), 201);
    }
    case 'GET /api/v1/topics':
      return json(response, { items: topics });
    case 'POST /api/v1/events': {
      const fresh = (body.events ?? []).filter((event) => !seenEvents.has(event.id) && seenEvents.add(event.id));
      fresh.forEach(apply);
      if (process.env.LOG) console.log(fresh.map(({ kind, article_id, dwell_ms }) => `${kind} ${article_id ?? ''} ${dwell_ms ?? ''}`).join('\n'));
      return json(response, { accepted: fresh.length, duplicates: (body.events ?? []).length - fresh.length });
    }
    case 'GET /api/v1/statistics':
      return json(response, { sources: world.sources.length, articles: { stored: 1_284_512, understood: 1_284_377 }, stories: 18_204, readers: 14, terminals: terminals.size, backlog: 135 });
    case 'GET /api/v1/image':
      return response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(picture(query.get('url') ?? ''));
  }
  if (id && pathname.includes('/articles/') && request.method === 'GET') {
    const article = world.articles.find((other) => other.id === Number(id));
    return article ? json(response, article) : problem(response, 404, 'not_found', 'Not found', `there is no article ${id}`);
  }
  const source = world.sources.find((other) => other.id === Number(id));
  if (id && pathname.includes('/sources/') && source) {
    if (action) return json(response, undefined, 202);
    if (request.method === 'PATCH') {
      Object.assign(source, body);
      if ('paused' in body) source.health = { class: body.paused ? 'paused' : 'healthy' };
    }
    if (request.method === 'DELETE') world.sources.splice(world.sources.indexOf(source), 1);
    return json(response, request.method === 'DELETE' ? undefined : withUnread(source), request.method === 'DELETE' ? 204 : 200);
  }
  return problem(response, 404, 'not_found', 'Not found', `there is nothing at ${pathname}`);
}

/** A drawing of contour lines in place of a photograph. */
function picture(name) {
  const seed = [...name].reduce((sum, character) => sum + character.charCodeAt(0), 0);
  const lines = Array.from({ length: 14 }, (_, at) => `<path d="M0 ${60 + at * 26} C 240 ${20 + at * 30 + (seed % 90)}, 560 ${140 + at * 18 - (seed % 60)}, 960 ${40 + at * 32}" opacity="${0.25 + at * 0.05}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="480" viewBox="0 0 960 480"><rect width="960" height="480" fill="#dfe6e2"/><g fill="none" stroke="#0b635c" stroke-width="2">${lines.join('')}</g></svg>`;
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

function files(response, pathname) {
  const wanted = join(dist, normalize(pathname));
  const file = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    'Cache-Control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  createReadStream(file).pipe(response);
}

function control(response, url) {
  const number = (name, fallback) => Number(url.searchParams.get(name) ?? fallback);
  switch (url.pathname) {
    case '/mock/push':
      push(number('n', 1));
      break;
    case '/mock/drop':
      state.dropUntil = Date.now() + number('seconds', 10) * 1000;
      for (const say of [...terminals]) say.close();
      break;
    case '/mock/fail':
      state.fail = { path: url.searchParams.get('path') ?? '/api', status: number('status', 503) };
      break;
    case '/mock/heal':
      Object.assign(state, { fail: null, slow: 0, dropUntil: 0 });
      break;
    case '/mock/slow':
      state.slow = number('ms', 1500);
      break;
    case '/mock/lock':
      state.locked = true;
      break;
    case '/mock/reset':
      for (const say of terminals) say(JSON.stringify({ type: 'reset' }));
      break;
  }
  json(response, { done: true });
}

function stream(request, response, url) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  const say = (text) => response.write(`data: ${text}\n\n`);
  say.close = () => response.end();
  resume(say, url);
  request.on('close', () => terminals.delete(say));
}

function resume(say, url) {
  terminals.add(say);
  const after = url.searchParams.get('after');
  if (after === null) say(JSON.stringify({ seq: state.seq, items: [] }));
  else for (const frame of frames.filter(({ seq }) => seq > Number(after))) say(JSON.stringify(frame));
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname.startsWith('/mock/')) return control(response, url);
    const dynamic = /^\/(api|admin|events)/.test(url.pathname);
    if (dynamic && state.slow) await new Promise((done) => setTimeout(done, state.slow));
    if (state.fail && url.pathname.startsWith(state.fail.path)) return problem(response, state.fail.status, 'unavailable', 'Unavailable', 'the store does not answer; it is tried again by itself');
    if (url.pathname === '/events') return stream(request, response, url);
    if (url.pathname.startsWith('/api/')) return await api(request, response, url);
    if (url.pathname.startsWith('/admin/')) {
      if (request.headers.authorization !== `Bearer ${operatorToken}`) return problem(response, 401, 'unauthorised', 'Unauthorised', 'this needs the operator’s token');
      const answer = operator(request.method, url.pathname, world);
      return answer === null ? problem(response, 404, 'not_found', 'Not found', url.pathname) : json(response, answer);
    }
    files(response, url.pathname);
  } catch (error) {
    problem(response, 500, 'internal', 'Internal error', String(error));
  }
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname !== '/ws' || Date.now() < state.dropUntil || process.env.NO_WS) return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (terminal) => {
    const say = (text) => terminal.send(text);
    say.close = () => terminal.terminate();
    resume(say, url);
    terminal.on('close', () => terminals.delete(say));
  });
});

if (pushEvery > 0) setInterval(() => push(1), pushEvery);
server.listen(port, '127.0.0.1', () => {
  console.log(`page with invented articles: http://127.0.0.1:${port}/   operator: http://127.0.0.1:${port}/operator#token=${operatorToken}`);
});
