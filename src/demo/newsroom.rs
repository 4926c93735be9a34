//! Invents news: events with facts, and articles in which several sources report them in their
//! own words, in English and Chinese. Varied enough to form topics and stories.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Language of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

/// A name in both languages.
type Name = (&'static str, &'static str);

const COMPANIES: [Name; 16] = [
    ("Northgale Systems", "北风系统"),
    ("Lumenforge", "光铸科技"),
    ("Harrow Dynamics", "哈罗动力"),
    ("Bluefen Robotics", "蓝沼机器人"),
    ("Quillwater", "羽泉软件"),
    ("Orchid Semiconductor", "兰芯半导体"),
    ("Peregrine Motors", "游隼汽车"),
    ("Saltmarsh Energy", "盐沼能源"),
    ("Vantablade", "玄刃安全"),
    ("Cedar & Loom", "雪松织造"),
    ("Tidewright", "潮匠航运"),
    ("Mirrorlake Foods", "镜湖食品"),
    ("Ironpine Steel", "铁松钢铁"),
    ("Helioquay", "日埠光伏"),
    ("Kestrel Bank", "红隼银行"),
    ("Amberline Pharma", "琥珀线制药"),
];

const CITIES: [Name; 14] = [
    ("Port Ellery", "埃勒里港"),
    ("Carrowmere", "卡罗米尔"),
    ("Zhenhe", "臻河"),
    ("Lanting", "兰汀"),
    ("Westhollow", "西谷城"),
    ("Ostrava Bay", "奥湾"),
    ("Qingyuan Lake", "清源湖"),
    ("Marrowgate", "马罗门"),
    ("Sable Point", "黑貂角"),
    ("Yunqi", "云栖镇"),
    ("Fallowdale", "休耕谷"),
    ("Tessaly", "泰萨利"),
    ("Jiangwan", "江湾新区"),
    ("Brackenford", "蕨津"),
];

const PEOPLE: [Name; 14] = [
    ("Ada Merrin", "梅琳"),
    ("Tomas Veldt", "费尔特"),
    ("Lin Qiao", "林乔"),
    ("Grace Okonedo", "奥科内多"),
    ("Shen Yubai", "沈予白"),
    ("Marta Ilves", "伊尔韦斯"),
    ("Rafael Quint", "昆特"),
    ("He Zhiyuan", "何致远"),
    ("Priya Nandakumar", "南达库马尔"),
    ("Owen Strand", "斯特兰德"),
    ("Xu Anning", "许安宁"),
    ("Elif Sarac", "萨拉奇"),
    ("Jonah Pike", "派克"),
    ("Tang Muran", "唐慕然"),
];

/// What kind of event; `{c}` company, `{p}` person, `{t}` town, `{n}` and `{m}` numbers.
struct Pattern {
    topic: &'static str,
    titles: [&'static [&'static str]; 2],
    sentences: [&'static [&'static str]; 2],
}

const PATTERNS: [Pattern; 12] = [
    Pattern {
        topic: "technology",
        titles: [
            &[
                "{c} unveils a chip that trains language models with {n} percent less power",
                "New {c} processor cuts the energy of AI training by {n} percent",
                "{c} says its AI chip needs {n} percent less electricity",
            ],
            &[
                "{c}发布人工智能芯片，训练大模型能耗降低{n}%",
                "{c}新处理器让大模型训练省电{n}%",
                "训练更省电：{c}推出新一代AI芯片",
            ],
        ],
        sentences: [
            &[
                "The processor was shown to engineers in {t} on the opening day of a semiconductor conference.",
                "According to {p}, who leads the chip team, the design keeps model weights close to the arithmetic units.",
                "{c} plans to ship {m} thousand accelerators to data centres before the end of the year.",
                "Independent benchmarks of the software and the neural network compiler are expected within weeks.",
                "Cloud companies have been looking for cheaper hardware as language models grow.",
            ],
            &[
                "这款处理器在{t}举行的半导体大会首日向工程师展示。",
                "芯片团队负责人{p}表示，新架构让模型权重更靠近计算单元。",
                "{c}计划年内向数据中心交付{m}千块加速卡。",
                "软件与神经网络编译器的独立评测将在数周内公布。",
                "随着大模型规模扩大，云计算企业一直在寻找更便宜的算力。",
            ],
        ],
    },
    Pattern {
        topic: "technology",
        titles: [
            &[
                "Security flaw in {c} software exposes {n} thousand servers",
                "{c} rushes out a patch after hackers reach {n} thousand servers",
                "Administrators urged to update {c} software at once",
            ],
            &[
                "{c}软件曝出安全漏洞，{n}千台服务器受影响",
                "黑客利用漏洞，{c}紧急发布补丁",
                "管理员请尽快升级：{c}软件存在高危漏洞",
            ],
        ],
        sentences: [
            &[
                "Researchers in {t} found that a crafted network packet gives an attacker control of the machine.",
                "{p}, a security researcher, reported the vulnerability {m} days before it was made public.",
                "{c} has published a software update and asks customers to change their passwords.",
                "Scans of the internet suggest that {n} thousand servers still run the old version.",
                "No stolen data has been offered for sale so far.",
            ],
            &[
                "{t}的研究人员发现，攻击者只需发送一个特制的网络数据包即可控制主机。",
                "安全研究员{p}在公开前{m}天已报告该漏洞。",
                "{c}已发布软件更新，并建议用户修改密码。",
                "互联网扫描显示仍有{n}千台服务器运行旧版本。",
                "目前尚未发现有人出售被窃数据。",
            ],
        ],
    },
    Pattern {
        topic: "business",
        titles: [
            &[
                "{c} shares jump {n} percent after quarterly profit beats forecasts",
                "Quarterly earnings lift {c} stock by {n} percent",
                "{c} profit surprises the market",
            ],
            &[
                "{c}季度利润超预期，股价大涨{n}%",
                "财报亮眼，{c}股票上涨{n}%",
                "{c}盈利好于市场预期",
            ],
        ],
        sentences: [
            &[
                "Revenue rose to {m} billion in the quarter, the company told investors in {t}.",
                "Chief executive {p} raised the forecast for the year and announced a dividend.",
                "Analysts had expected lower margins because of rising wages and interest rates.",
                "Trading volume in {c} stock was the highest in two years.",
                "The company will invest part of the profit in a new factory.",
            ],
            &[
                "公司在{t}向投资者表示，本季度营收增至{m}亿元。",
                "首席执行官{p}上调全年业绩预期，并宣布派发股息。",
                "此前分析师认为，工资与利率上升会压低利润率。",
                "{c}股票成交量创两年新高。",
                "公司将把部分利润投入新工厂建设。",
            ],
        ],
    },
    Pattern {
        topic: "business",
        titles: [
            &[
                "{c} agrees to buy a rival for {m} billion",
                "{m} billion merger creates a new market leader around {c}",
                "Regulators to examine the {c} takeover",
            ],
            &[
                "{c}将以{m}亿元收购竞争对手",
                "{m}亿元并购案：{c}有望成为行业龙头",
                "监管机构将审查{c}收购案",
            ],
        ],
        sentences: [
            &[
                "The boards of both companies approved the merger at a meeting in {t}.",
                "{p}, who will lead the combined company, promised that {n} offices would stay open.",
                "Shareholders must still vote on the acquisition, and banks are arranging the loans.",
                "The market regulator said that it would look at prices and competition.",
                "Unions fear for jobs in the supply chain.",
            ],
            &[
                "双方董事会在{t}举行的会议上批准了合并方案。",
                "将出任新公司负责人的{p}承诺保留{n}处办公地点。",
                "收购仍须股东投票，银行正在安排贷款。",
                "市场监管部门表示将关注价格与竞争问题。",
                "工会担心供应链上的就业岗位。",
            ],
        ],
    },
    Pattern {
        topic: "science",
        titles: [
            &[
                "Astronomers near {t} find a planet {n} light years away with water in its air",
                "Water vapour detected on a world {n} light years from Earth",
                "A distant planet shows signs of clouds and water",
            ],
            &[
                "{t}天文学家发现{n}光年外行星大气含水",
                "距地球{n}光年的行星上探测到水汽",
                "遥远行星出现云层与水的迹象",
            ],
        ],
        sentences: [
            &[
                "The telescope followed the planet through {m} passages in front of its star.",
                "{p}, an astronomer and first author of the study, called the spectrum unusually clear.",
                "The research team used a laboratory in {t} to compare the molecules.",
                "Other physicists want to repeat the observation with a space telescope.",
                "The study appears in a peer reviewed journal this week.",
            ],
            &[
                "望远镜跟踪了这颗行星{m}次凌星过程。",
                "论文第一作者、天文学家{p}说，光谱异常清晰。",
                "研究团队在{t}的实验室里比对了分子特征。",
                "其他物理学家希望用太空望远镜重复观测。",
                "这项研究本周发表于同行评议期刊。",
            ],
        ],
    },
    Pattern {
        topic: "science",
        titles: [
            &[
                "Deep sea expedition off {t} returns with {n} unknown species",
                "Biologists describe {n} new species from the ocean floor",
                "Life without light: {n} new animals found near {t}",
            ],
            &[
                "{t}深海科考带回{n}个未知物种",
                "生物学家在海底发现{n}种新生物",
                "没有阳光的生命：{t}附近发现{n}种新动物",
            ],
        ],
        sentences: [
            &[
                "A research vessel lowered cameras to a depth of {m} hundred metres.",
                "Marine biologist {p} said that most of the animals live on bacteria.",
                "Samples of their DNA are being sequenced in a laboratory in {t}.",
                "The scientists warn that mining could destroy the habitat before it is understood.",
                "The expedition lasted six weeks and mapped an unknown ridge.",
            ],
            &[
                "科考船把摄像机下放到{m}百米深处。",
                "海洋生物学家{p}表示，多数动物以细菌为食。",
                "样本的DNA正在{t}的实验室测序。",
                "科学家警告，采矿可能在人们了解之前就毁掉这片栖息地。",
                "此次考察历时六周，还绘制了一条未知海岭。",
            ],
        ],
    },
    Pattern {
        topic: "health",
        titles: [
            &[
                "Vaccine trial by {c} protects {n} percent of volunteers",
                "{c} reports strong results for a new vaccine",
                "Late stage trial: {c} vaccine works in {n} percent of patients",
            ],
            &[
                "{c}疫苗试验保护率达{n}%",
                "{c}公布新疫苗良好结果",
                "三期临床：{c}疫苗对{n}%受试者有效",
            ],
        ],
        sentences: [
            &[
                "Doctors at {m} hospitals took part in the clinical trial, most of them near {t}.",
                "{p}, a physician who was not involved, praised the careful design.",
                "Side effects were mild and patients recovered within two days.",
                "The health authority will decide on approval in spring.",
                "Doses could reach clinics in poorer regions first.",
            ],
            &[
                "{m}家医院的医生参与了临床试验，大多位于{t}周边。",
                "未参与研究的医生{p}称赞试验设计严谨。",
                "副作用轻微，患者两天内即恢复。",
                "卫生部门将于春季决定是否批准上市。",
                "疫苗可能优先供应欠发达地区的诊所。",
            ],
        ],
    },
    Pattern {
        topic: "sports",
        titles: [
            &[
                "{t} win the championship final after extra time",
                "{p} scores twice as {t} lift the trophy",
                "Late goal decides the final for {t}",
            ],
            &["{t}队加时赛夺冠", "{p}梅开二度，{t}队捧起奖杯", "绝杀进球！{t}队赢得决赛"],
        ],
        sentences: [
            &[
                "{n} thousand fans filled the stadium and sang until midnight.",
                "Captain {p} scored the first goal in minute {m} and the winner in extra time.",
                "The coach praised the defence and a goalkeeper who saved two penalties.",
                "It is the first league title for the club from {t} in eleven seasons.",
                "The players will parade through the streets on Sunday.",
            ],
            &[
                "{n}千名球迷挤满球场，歌声持续到午夜。",
                "队长{p}在第{m}分钟首开纪录，又在加时赛打入制胜球。",
                "主教练称赞防线和扑出两个点球的门将。",
                "这是{t}俱乐部十一个赛季以来首个联赛冠军。",
                "球员们将于周日巡游庆祝。",
            ],
        ],
    },
    Pattern {
        topic: "climate",
        titles: [
            &[
                "Floods around {t} force {n} thousand people from their homes",
                "Storm leaves {n} thousand without shelter near {t}",
                "Rivers rise again: {t} declares an emergency",
            ],
            &[
                "{t}洪水迫使{n}千人撤离家园",
                "暴雨袭击{t}，{n}千人无家可归",
                "河水再次上涨，{t}进入紧急状态",
            ],
        ],
        sentences: [
            &[
                "More rain fell in {m} hours than in an ordinary month, the weather service said.",
                "Mayor {p} asked residents to stay away from the river and its bridges.",
                "Climate scientists link such storms to a warmer ocean.",
                "Emergency crews use boats to bring drinking water and medicine.",
                "Farmers fear that the harvest is lost.",
            ],
            &[
                "气象部门称，{m}小时内的降雨量超过平常一个月。",
                "市长{p}请居民远离河道与桥梁。",
                "气候学家认为，此类暴雨与海洋变暖有关。",
                "救援队用船运送饮用水和药品。",
                "农民担心今年颗粒无收。",
            ],
        ],
    },
    Pattern {
        topic: "energy",
        titles: [
            &[
                "{c} switches on a battery that stores {n} hours of wind power",
                "Largest battery yet keeps {t} lit through the night",
                "{c} battery plant begins work near {t}",
            ],
            &[
                "{c}储能电站投运，可储存{n}小时风电",
                "最大储能电池点亮{t}之夜",
                "{c}电池电站在{t}附近投入运行",
            ],
        ],
        sentences: [
            &[
                "The plant near {t} charges when the wind blows and feeds the grid in the evening.",
                "{p} of the grid operator said that {m} thousand households can be supplied.",
                "Solar and wind energy now cover more than half of the region's electricity.",
                "Critics point to the price of lithium and to the question of recycling.",
                "Two more storage plants are planned along the coast.",
            ],
            &[
                "电站位于{t}附近，有风时充电，傍晚向电网送电。",
                "电网公司的{p}表示，可满足{m}千户家庭用电。",
                "太阳能与风能已占该地区用电的一半以上。",
                "批评者指出锂价高企和回收难题。",
                "沿海还将再建两座储能电站。",
            ],
        ],
    },
    Pattern {
        topic: "politics",
        titles: [
            &[
                "Parliament passes the housing law by {n} votes",
                "{p} wins a vote on affordable housing",
                "Housing reform clears its last hurdle in {t}",
            ],
            &[
                "议会以{n}票之差通过住房法案",
                "{p}推动的保障房法案获通过",
                "住房改革在{t}闯过最后一关",
            ],
        ],
        sentences: [
            &[
                "Lawmakers debated in {t} for {m} hours before the vote.",
                "Minister {p} said that the government would build homes on public land.",
                "The opposition party called the law too expensive and will go to court.",
                "Mayors and tenants' groups welcomed the decision.",
                "The law takes effect in January.",
            ],
            &[
                "议员们在{t}辩论{m}小时后投票。",
                "部长{p}表示，政府将在公有土地上建房。",
                "反对党称法案开支过大，将提起诉讼。",
                "市长们和租户团体对决定表示欢迎。",
                "法律将于明年一月生效。",
            ],
        ],
    },
    Pattern {
        topic: "culture",
        titles: [
            &[
                "Film by {p} wins the main prize at the {t} festival",
                "{t} festival honours a quiet film about a lighthouse",
                "Critics cheer as {p} takes the festival prize",
            ],
            &[
                "{p}执导影片获{t}电影节大奖",
                "{t}电影节把荣誉给了一部关于灯塔的安静电影",
                "{p}摘得电影节最高奖，影评人叫好",
            ],
        ],
        sentences: [
            &[
                "The jury saw {n} films in ten days and decided unanimously.",
                "Director {p} shot the story with amateur actors on an island.",
                "The audience in {t} applauded for {m} minutes.",
                "The film comes to cinemas in autumn and a museum will show its photographs.",
                "Music by a young composer carries the last scene.",
            ],
            &[
                "评审团十天内观看了{n}部影片，最终意见一致。",
                "导演{p}在一座小岛上与业余演员合作拍摄。",
                "{t}的观众鼓掌长达{m}分钟。",
                "影片将于秋季上映，博物馆还会展出其剧照。",
                "一位年轻作曲家的音乐撑起了最后一幕。",
            ],
        ],
    },
];

/// What sets one happening apart from others of its kind: sentences around two names that no other
/// happening has, `{k}` and `{q}`.
const DETAILS: [&[&str]; 2] = [
    &[
        "The {k} plan had been drawn up by the {q} working group.",
        "Reporters were shown the {k} papers at the {q} office.",
        "Residents near {q} spoke of nothing but {k}.",
        "Neighbours of the {k} site hope that {q} keeps its promise.",
        "A spokeswoman for {q} said that {k} would be reviewed.",
        "The archive of {q} mentions {k} for the first time nine years ago.",
        "Letters about {k} have reached the editors from {q}.",
        "Without {q} there would have been no {k}, people say.",
    ],
    &[
        "{k}方案由{q}工作组起草。",
        "记者在{q}办公室看到了{k}文件。",
        "{q}一带的居民都在谈论{k}。",
        "{k}附近的住户希望{q}信守承诺。",
        "{q}发言人表示将重新评估{k}。",
        "{q}档案九年前首次提到{k}。",
        "编辑部收到许多来自{q}的信，谈的都是{k}。",
        "人们说，没有{q}就没有{k}。",
    ],
];

/// Syllables of invented names in both languages.
const SYLLABLES: [Name; 20] = [
    ("vel", "维"),
    ("ora", "奥"),
    ("tim", "廷"),
    ("sul", "苏"),
    ("bre", "布"),
    ("nak", "纳"),
    ("del", "德"),
    ("mio", "缪"),
    ("rus", "鲁"),
    ("pho", "福"),
    ("gan", "甘"),
    ("lir", "黎"),
    ("tes", "特"),
    ("kav", "卡"),
    ("zun", "尊"),
    ("hal", "哈"),
    ("wex", "维克"),
    ("jor", "约"),
    ("dym", "迪"),
    ("fen", "芬"),
];

/// Something that happened; several sources report it.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pattern: usize,
    company: Name,
    city: Name,
    person: Name,
    number: u32,
    measure: u32,
    /// Two invented names, each in English and Chinese.
    names: [(String, String); 2],
}

/// One article's text.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// One line.
    pub(super) title: String,
    /// Three to five paragraphs.
    pub(super) paragraphs: Vec<String>,
}

/// Invents happenings and has sources report them; the same seed invents the same news.
#[derive(Debug)]
pub(super) struct Newsroom {
    random: StdRng,
}

impl Newsroom {
    /// A newsroom with this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    /// Something new happens.
    pub(super) fn invent(&mut self) -> Happening {
        let pick = |random: &mut StdRng, names: &[Name]| {
            names.choose(random).copied().unwrap_or(("Nowhere", "某地"))
        };
        let names = [self.invent_name(), self.invent_name()];
        Happening {
            names,
            pattern: self.random.random_range(0..PATTERNS.len()),
            company: pick(&mut self.random, &COMPANIES),
            city: pick(&mut self.random, &CITIES),
            person: pick(&mut self.random, &PEOPLE),
            number: self.random.random_range(11..97),
            measure: self.random.random_range(3..89),
        }
    }

    fn invent_name(&mut self) -> (String, String) {
        let mut name = (String::new(), String::new());
        for _ in 0..3 {
            if let Some((english, chinese)) = SYLLABLES.choose(&mut self.random) {
                name.0.push_str(english);
                name.1.push_str(chinese);
            }
        }
        // Proper names begin with a capital letter.
        let capital = name.0.get(..1).unwrap_or_default().to_uppercase();
        (format!("{capital}{}", name.0.get(1..).unwrap_or_default()), name.1)
    }

    /// One source's report: its own choice of title, sentences and order.
    pub(super) fn report(&mut self, happening: &Happening, tongue: Tongue) -> Report {
        let pattern = &PATTERNS[happening.pattern];
        let side = usize::from(tongue == Tongue::Chinese);
        let title = pattern.titles[side].choose(&mut self.random).copied().unwrap_or_default();
        let count = self.random.random_range(3..=pattern.sentences[side].len());
        let details: Vec<&str> = DETAILS[side].sample(&mut self.random, count).copied().collect();
        let gap = if tongue == Tongue::Chinese { "" } else { " " };
        let paragraphs = pattern.sentences[side]
            .sample(&mut self.random, count)
            .zip(details)
            .map(|(sentence, detail)| happening.fill(&format!("{sentence}{gap}{detail}"), tongue))
            .collect();
        let name = if tongue == Tongue::Chinese { "{k}：" } else { "{k}: " };
        Report { title: happening.fill(&format!("{name}{title}"), tongue), paragraphs }
    }

    /// A number below `end`, for schedules.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end.max(1))
    }
}

impl Happening {
    /// What it is about; the name of a topic.
    pub(super) fn topic(&self) -> &'static str {
        PATTERNS[self.pattern].topic
    }

    fn fill(&self, text: &str, tongue: Tongue) -> String {
        let name = |name: Name| if tongue == Tongue::Chinese { name.1 } else { name.0 };
        let invented = |at: usize| {
            let (english, chinese) = &self.names[at];
            if tongue == Tongue::Chinese { chinese } else { english }
        };
        text.replace("{k}", invented(0))
            .replace("{q}", invented(1))
            .replace("{c}", name(self.company))
            .replace("{t}", name(self.city))
            .replace("{p}", name(self.person))
            .replace("{n}", &self.number.to_string())
            .replace("{m}", &self.measure.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{ArticleId, QuantizedEmbedding, SourceId, StoryId, Timestamp};
    use autoglm_ranking::evaluate::b_cubed;
    use autoglm_ranking::{Placement, StoryArticle, StoryIndex, StoryLimits};

    #[test]
    fn two_sources_report_one_happening_with_the_same_facts() {
        let mut newsroom = Newsroom::new(7);
        for _ in 0..50 {
            let happening = newsroom.invent();
            for tongue in [Tongue::English, Tongue::Chinese] {
                let report = newsroom.report(&happening, tongue);
                let text = format!("{} {}", report.title, report.paragraphs.join(" "));
                assert!(!text.contains('{'), "an unfilled place in {text}");
                assert!(report.paragraphs.len() >= 3);
            }
        }
    }

    /// What happened, and which story it was put into.
    fn told_apart(seed: u64, happenings: usize) -> (Vec<(usize, bool)>, Vec<StoryId>) {
        let mut newsroom = Newsroom::new(seed);
        let registry = autoglm_inference::ModelRegistry::built_in().expect("built in");
        let encoder = registry.embed(None).expect("built in");
        let mut index = StoryIndex::new(StoryLimits::default());
        let (mut happened, mut made) = (Vec::new(), Vec::new());
        let mut open: Vec<(usize, Happening)> = Vec::new();
        for number in 0..happenings * 6 {
            if number % 6 == 0 {
                open.push((number / 6, newsroom.invent()));
            }
            // Reports of the last few happenings come mixed.
            let last = open.len() - 1 - newsroom.below(open.len().min(8));
            let (event, happening) = open[last].clone();
            let tongue = [Tongue::English, Tongue::Chinese][newsroom.below(2)];
            let report = newsroom.report(&happening, tongue);
            let text = format!("{}\n{}", report.title, report.paragraphs.join(" "));
            let text: String = text.chars().take(600).collect();
            let vectors = encoder.embed(&[&text]).expect("embedded");
            let article = StoryArticle {
                article_id: ArticleId(number as i64),
                source_id: SourceId(number as i64 % 200),
                text: &text,
                embedding: &QuantizedEmbedding::from_embedding(&vectors[0]),
                published_at: Timestamp(1_790_000_000_000 + number as i64 * 10_000),
            };
            let story = match index.place(&article) {
                Placement::Existing(story) => story,
                Placement::New => StoryId(number as i64 + 1),
            };
            index.add(story, &article);
            happened.push((event, tongue == Tongue::English));
            made.push(story);
        }
        (happened, made)
    }

    #[test]
    fn happenings_of_one_kind_told_in_the_same_sentences_stay_stories_of_their_own() {
        for seed in [11, 12, 13] {
            let (happened, made) = told_apart(seed, 150);
            let (precision, recall, f1) = b_cubed(&made, &happened);
            let reports = made.len();
            println!("{reports} reports: precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}");
            assert!(precision > 0.85 && recall > 0.85, "{precision} {recall} {f1}");
        }
    }

    #[test]
    fn the_same_seed_invents_the_same_news() {
        let title = |seed| {
            let mut newsroom = Newsroom::new(seed);
            let happening = newsroom.invent();
            newsroom.report(&happening, Tongue::English).title
        };
        assert_eq!(title(3), title(3));
    }
}
