// Invented sources, stories and articles in both languages. Nothing here is anybody's text.

export const topics = [
  { key: 'technology', en: 'Technology', zh: '科技' },
  { key: 'chips', en: 'Chips', zh: '芯片' },
  { key: 'research', en: 'Research', zh: '科研' },
  { key: 'economy', en: 'Economy', zh: '经济' },
  { key: 'climate', en: 'Climate', zh: '气候' },
  { key: 'health', en: 'Health', zh: '健康' },
  { key: 'space', en: 'Space', zh: '航天' },
  { key: 'culture', en: 'Culture', zh: '文化' },
];

const sourceList = [
  ['Harbour Gazette', 'en', 'News', 'healthy'],
  ['Lattice Weekly', 'en', 'Technology', 'healthy'],
  ['Northfield Observer', 'en', 'News', 'healthy'],
  ['The Slow Compiler', 'en', 'Technology', 'slow'],
  ['Tide & Climate', 'en', 'Science', 'healthy'],
  ['Orbit Notes', 'en', 'Science', 'healthy'],
  ['Ledger Street', 'en', 'News', 'failing', 'timeout', 'could not fetch within 20 s three times; the server accepts the connection and then sends nothing. It is tried again in 40 minutes'],
  ['Small Press Review', 'en', null, 'gone', 'status', 'answers 410: the source asks not to be fetched again. Remove it, or look for its new address'],
  ['晨川日报', 'zh', '新闻', 'healthy'],
  ['硅基周刊', 'zh', '科技', 'healthy'],
  ['远山科学', 'zh', '科技', 'healthy'],
  ['南巷财经', 'zh', '新闻', 'healthy'],
  ['观潮文化', 'zh', null, 'paused'],
  ['青禾健康', 'zh', '新闻', 'failing', 'parse', '返回的内容不是订阅源：文档在第 3 行中断。请检查地址，或改用该网站的首页'],
];

/** An event, as several sources tell it: [language, title, summary, topics]. */
const events = [
  { topics: ['chips', 'technology'], en: ['Kestrel shows a two-watt chip that keeps a translation model in its own memory', 'Kestrel rewrites the balance between memory and logic: a translator on two watts', 'A two-watt translator: what Kestrel’s new chip does without'], zh: ['红隼公布两瓦芯片，翻译模型常驻片上内存', '两瓦功耗跑翻译模型，红隼新芯片如何做到', '片上内存装下整个模型：红隼的取舍'], sum: ['The part trades clock speed for 96 MB of memory beside the arithmetic, so that weights never leave the die.', '该芯片以较低主频换取紧邻运算单元的 96 MB 内存，权重无需离开芯片。'] },
  { topics: ['climate', 'research'], en: ['Ten winters of buoys show where the northern current has slowed', 'The northern current has slowed in two places, and sped up in a third', 'Buoys left adrift for a decade answer an old question'], zh: ['十年浮标数据显示北方洋流在何处变慢', '北方洋流两处减速、一处加快，新数据给出答案'], sum: ['The change is uneven: two of seven straits lost a fifth of their flow while one gained.', '变化并不均匀：七条海峡中有两条流量减少五分之一，一条反而增加。'] },
  { topics: ['economy'], en: ['Ports agree to publish berth times, and freight prices calm down', 'Eleven ports share one timetable for the first time', 'Freight prices ease after ports open their timetables'], zh: ['十一座港口首次共享泊位时刻，运价趋稳', '港口公开泊位时间之后，运价为何回落', '泊位时刻表公开，货代最先受益'], sum: ['Shippers had paid for uncertainty more than for distance; the shared timetable removes most of it.', '货主此前为不确定性付出的代价高于距离本身，共享时刻表消除了大部分不确定性。'] },
  { topics: ['space', 'research'], en: ['A lander the size of a suitcase sends its first weather report from the polar plain', 'Suitcase lander survives its first night on the polar plain'], zh: ['手提箱大小的着陆器从极地平原发回首份气象数据', '着陆器撑过第一个极夜，仪器全部正常'], sum: ['Pressure, dust and temperature arrive every twenty minutes over a relay that was meant for something else.', '气压、尘埃与温度数据每二十分钟经由一颗本为他用的中继星传回。'] },
  { topics: ['health', 'research'], en: ['A quiet trial finds that shorter night shifts help hearts, not only moods', 'Six hours instead of ten: a hospital trial on night work'], zh: ['缩短夜班不仅改善情绪，也保护心脏：一项低调的试验', '夜班从十小时改为六小时，医院试验公布结果'], sum: ['Blood pressure fell within five weeks and stayed down; staffing costs rose by three per cent.', '血压在五周内下降并保持稳定，人力成本上升百分之三。'] },
  { topics: ['technology'], en: ['An old compiler learns to explain itself, one refused program at a time', 'Error messages that teach: notes from rewriting a compiler’s voice'], zh: ['让老编译器学会解释自己：一次改写报错信息的记录'], sum: ['The team rewrote four hundred messages and measured how long people needed to fix what they describe.', '团队改写了四百条报错信息，并测量人们修正问题所需的时间。'] },
  { topics: ['culture'], en: ['The last letterpress shop on Mill Street takes apprentices again', 'Lead type and a waiting list: a printing shop returns'], zh: ['磨坊街最后一家活字印刷铺重新招收学徒', '铅字与等候名单：一家印刷铺的回归'], sum: ['Demand came from an unexpected side: laboratories that want records nobody can edit.', '需求来自意想不到的一方：希望留下不可篡改记录的实验室。'] },
  { topics: ['chips', 'economy'], en: ['Foundries on three continents compare notes on water, and use a third less', 'What three foundries learned from sharing their water books'], zh: ['三大洲晶圆厂交流用水经验，耗水量减少三分之一', '晶圆厂公开用水账本之后'], sum: ['Most of the saving comes from one step that everybody had copied without asking why.', '大部分节约来自一道人人照抄、却无人追问缘由的工序。'] },
  { topics: ['climate', 'technology'], en: ['A village grid runs a whole winter on heat stored in sand', 'Sand, steam and patience: a winter of stored heat'], zh: ['一座村庄靠沙子储热度过整个冬天', '沙子储热的冬天：成本、损耗与耐心'], sum: ['Losses were four per cent a month, better than the design had promised.', '每月热损失为百分之四，好于设计预期。'] },
  { topics: ['research', 'technology'], en: ['Small models beat large ones at reading tables, if they may ask one question back', 'One question back: how a small model learned to read tables'], zh: ['允许反问一次，小模型读表胜过大模型', '小模型的反问：读懂表格的新办法'], sum: ['Letting the model ask for the unit or the year closes most of the gap; a second question adds nothing.', '允许模型询问单位或年份即可弥补大部分差距，第二个问题并无帮助。'] },
  { topics: ['health'], en: ['A paper strip tells two fevers apart in eleven minutes', 'Eleven minutes for an answer: a paper strip goes to the clinics'], zh: ['一张试纸十一分钟分辨两种发热', '十一分钟出结果，试纸进入基层诊所'], sum: ['It costs less than the glove worn to use it, and needs no refrigerator.', '成本低于使用时所戴的手套，且无需冷藏。'] },
  { topics: ['space', 'economy'], en: ['Insurers begin to price the last five years of a satellite', 'Old satellites get a price, and owners a reason to bring them down'], zh: ['保险公司开始为卫星的最后五年定价', '退役卫星有了价格，运营商有了清理的理由'], sum: ['The premium falls by half for craft that can show fuel for a controlled return.', '若能证明留有受控再入的燃料，保费可减半。'] },
];

const paragraphs = {
  en: [
    'The idea is older than the machine. What changed this year is the price of being wrong: a first version used to take eighteen months and now takes a season, so that a guess can be tested before the people who made it have moved on.',
    'Nobody involved calls it a breakthrough. They speak of bookkeeping: which quantities are measured twice, which are never measured, and which are measured by somebody who has left. The gains come from the second column.',
    'In the field the numbers are smaller than in the paper and more convincing. Seven of nine sites reported the same direction, one reported nothing because a cable had been eaten, and one reported the opposite and turned out to be right about its own conditions.',
    'There are limits. The method needs a quiet baseline, and quiet baselines are rare where the need is greatest. The authors say so on the first page, which is unusual, and give the three cases in which they would not use it themselves.',
    'What follows is slow work: a second winter, a second team, and a version that can be repaired by whoever is nearest. If those succeed the question will not be whether it works but who pays for the first ten years.',
  ],
  zh: [
    '想法本身比机器更早。今年真正变化的是犯错的代价：过去第一版要做十八个月，如今只需一个季度，猜想在提出者离开之前就能得到检验。',
    '参与者没有人称之为突破。他们更愿意谈“记账”：哪些量测了两遍，哪些从未测过，哪些由已经离职的人负责测量。改进正来自第二类。',
    '现场的数字比论文里小，却更令人信服。九个站点中有七个给出相同方向，一个因电缆被啃断而没有数据，还有一个结论相反，后来证明它对自身条件的判断是对的。',
    '局限同样存在。这一方法需要平稳的基线，而最需要它的地方往往最缺少平稳的基线。作者在第一页就写明了这一点，并列出三种他们自己也不会使用的情形。',
    '接下来是缓慢的工作：第二个冬天、第二支团队，以及一个谁离得近谁就能修的版本。如果这些都能做到，问题将不再是它是否可行，而是最初十年由谁来承担费用。',
  ],
};

const names = { en: ['Ada Linden', 'Marek Olsen', 'Priya Raman'], zh: ['林知远', '周若川', '沈以宁'] };

function contentOf(language, at, picture) {
  const [one, two, three, four, five] = paragraphs[language];
  const zh = language === 'zh';
  const figure = `<figure><img src="/api/v1/image?url=https%3A%2F%2Fpictures.example%2F${picture}.jpg" width="960" height="480" alt="${zh ? '等高线示意' : 'Contour lines'}"><figcaption>${zh ? '各站点读数的示意，颜色越深表示变化越大。' : 'Readings from all sites; darker lines changed more.'}</figcaption></figure>`;
  const table = `<table><thead><tr><th>${zh ? '站点' : 'Site'}</th><th>${zh ? '上一季' : 'Last season'}</th><th>${zh ? '本季' : 'This season'}</th><th>${zh ? '变化' : 'Change'}</th></tr></thead><tbody><tr><td>A</td><td>41.2</td><td>33.9</td><td>−17.7%</td></tr><tr><td>B</td><td>38.0</td><td>31.5</td><td>−17.1%</td></tr><tr><td>C</td><td>44.6</td><td>45.1</td><td>+1.1%</td></tr></tbody></table>`;
  const code = '<pre><code>for site in sites:\n    baseline = median(site.readings[-90:])\n    if spread(site.readings[-90:]) &gt; limit:\n        continue  # too restless to compare\n    report(site, site.latest / baseline - 1)</code></pre>';
  return [
    `<p>${one}</p>`, `<p>${two}</p>`, at % 2 === 0 ? figure : '',
    `<h2>${zh ? '现场的数字' : 'Numbers from the field'}</h2>`, `<p>${three}</p>`, table,
    `<blockquote><p>${zh ? '我们先问什么没有被测量，再问什么测得不准。' : 'We ask first what is not measured, and only then what is measured badly.'}</p></blockquote>`,
    `<p>${four} <a href="https://papers.example/${at}">${zh ? '原始记录' : 'The full record'}</a>${zh ? '已经公开。' : ' is public.'}</p>`,
    at % 3 === 0 ? code : '', `<p>${five}</p>`,
  ].join('');
}

/** One article of source and event chosen by `seed`, fetched at `at`. */
export function compose(world, seed, at) {
  const event = events[(seed * 7 + Math.floor(seed / 12)) % events.length];
  const source = world.sources[(seed * 5 + Math.floor(seed / 7)) % world.sources.length];
  const language = source.language;
  const titles = event[language];
  const round = Math.floor(seed / 40);
  const title = titles[seed % titles.length];
  const id = ++world.lastId;
  const told = seed % 5 !== 0;
  return {
    id,
    source_id: source.id,
    source_title: source.title,
    story_id: told ? 1 + ((seed * 7 + Math.floor(seed / 12)) % events.length) + events.length * round : null,
    url: `https://${source.host}/articles/${id}`,
    title,
    authors: seed % 4 === 0 ? [] : names[language].slice(0, 1 + (seed % 2)),
    language,
    published_at: new Date(at - 60_000 * (seed % 9)).toISOString(),
    fetched_at: new Date(at).toISOString(),
    topics: event.topics.map((name, index) => ({ name, score: 0.9 - index * 0.2 })),
    summary: seed % 6 === 5 ? null : event.sum[language === 'zh' ? 1 : 0],
    stage: 'ranked',
    marks: { read: seed % 4 === 1 && seed > 6, saved: seed % 17 === 3, hidden: false },
    content_html: seed % 11 === 10 ? '' : contentOf(language, seed, source.id),
    model_version: seed % 3 === 0 ? 'GLM-4-9B 0414' : 'extract v1',
  };
}

/** The whole invented world, newest articles first. */
export function build(count) {
  const now = Date.now();
  const sources = sourceList.map(([title, language, folder, health, cause, trouble], at) => ({
    id: at + 1, kind: 'feed', host: `${'abcdefghijklmnop'[at]}.example`, url: `https://${'abcdefghijklmnop'[at]}.example/feed.xml`, title, language,
    site_url: `https://${'abcdefghijklmnop'[at]}.example/`, folder, unread: 0, health: { class: health, cause: cause ?? null }, problem: trouble ?? null,
    last_success_at: health === 'gone' ? null : new Date(now - (health === 'failing' ? 9 : 0.2 * (at + 1)) * 3_600_000).toISOString(),
    next_fetch_at: new Date(now + (at + 1) * 97_000).toISOString(), interval_seconds: 900, paused: health === 'paused',
  }));
  const world = { sources, articles: [], stories: [], lastId: 0 };
  for (let seed = count; seed >= 1; seed -= 1) world.articles.unshift(compose(world, seed, now - seed * seed * 900 - seed * 240_000));
  const members = new Map();
  for (const article of world.articles) if (article.story_id) members.set(article.story_id, [...(members.get(article.story_id) ?? []), article]);
  world.stories = [...members.values()].filter((list) => list.length > 1).map((list) => ({
    id: list[0].story_id, title: list[0].title, representative: list[0].id, articles: list.map(({ id }) => id),
    source_count: new Set(list.map(({ source_id }) => source_id)).size, first_at: list.at(-1).fetched_at, last_at: list[0].fetched_at,
  }));
  return world;
}
