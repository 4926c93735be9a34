//! The list of topics: a stable key, names in both languages and seed words of our own choosing.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Topics a taxonomy may have.
pub const TOPICS_MAX: usize = 200;
/// Seed words a topic may have.
pub const SEEDS_MAX: usize = 500;

/// One topic, as a configuration file may give it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Stable, in lower case with underscores; what is stored.
    pub key: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// What it is about, in a sentence of either language; may be empty.
    #[serde(default)]
    pub description: String,
    /// Words and phrases of either language that speak for the topic.
    pub seeds: Vec<String>,
}

/// A checked list of topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy(Vec<Topic>);

impl Taxonomy {
    /// Checks a list.
    ///
    /// # Errors
    /// [`Error::InvalidTaxonomy`] for an empty list, an empty or repeated key, or too many topics
    /// or seeds.
    pub fn new(topics: Vec<Topic>) -> Result<Self> {
        let invalid = |reason: String| Err(Error::InvalidTaxonomy { reason });
        if topics.is_empty() || topics.len() > TOPICS_MAX {
            return invalid(format!("it has {} topics; give 1 to {TOPICS_MAX}", topics.len()));
        }
        let mut keys = HashSet::new();
        for topic in &topics {
            if topic.key.trim().is_empty() || !keys.insert(topic.key.as_str()) {
                return invalid(format!("the key {:?} is empty or repeated", topic.key));
            }
            if topic.seeds.len() > SEEDS_MAX {
                return invalid(format!("topic {:?} has over {SEEDS_MAX} seeds", topic.key));
            }
        }
        Ok(Self(topics))
    }

    /// The topics that come with the product.
    #[must_use]
    pub fn built_in() -> Self {
        let topics = BUILT_IN.iter().map(|(key, en, zh, seeds)| Topic {
            key: (*key).to_owned(),
            en: (*en).to_owned(),
            zh: (*zh).to_owned(),
            description: String::new(),
            seeds: seeds.split(',').map(|seed| seed.trim().to_owned()).collect(),
        });
        Self(topics.collect())
    }

    /// The topics in their order.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.0
    }
}

/// Key, English name, Chinese name, seeds.
const BUILT_IN: [(&str, &str, &str, &str); 15] = [
    (
        "world",
        "World",
        "国际",
        "foreign minister, diplomacy, diplomat, embassy, ambassador, treaty, \
        united nations, nato, ceasefire, sanctions, refugee, border, summit, bilateral, kremlin, \
        envoy, ukraine, gaza, israel, iran, iraq, syria, peace talks, insurgent, european union, \
        外交, 联合国, 大使, 使馆, 停火, 制裁, 难民, 峰会, 双边, 北约, 欧盟, 中东, 外长, 边境, 国际社会, 俄乌",
    ),
    (
        "politics",
        "Politics",
        "政治",
        "election, parliament, senate, senator, congress, president, \
        prime minister, minister, vote, voter, ballot, campaign, party leader, governor, mayor, \
        legislation, lawmaker, coalition, white house, democrat, republican, opposition, cabinet, \
        referendum, policy, government, 选举, 总统, 总理, 议会, 国会, 参议院, 政府, 内阁, 政党, 投票, \
        立法, 部长, 主席, 书记, 国务院, 人大, 政协, 选民, 执政",
    ),
    (
        "business",
        "Business",
        "商业",
        "company, ceo, merger, acquisition, takeover, retailer, sales, \
        revenue, startup, venture capital, supplier, factory, manufacturer, layoffs, chief executive, \
        quarterly, profit, contract, brand, logistics, supply chain, consumer, corporate, airline, \
        公司, 企业, 收购, 并购, 营收, 利润, 销售, 创业, 融资, 裁员, 供应链, 品牌, 零售, 董事长, 总裁, 电商, 物流, 订单",
    ),
    (
        "finance",
        "Finance",
        "财经",
        "stocks, shares, bond, yield, investor, wall street, nasdaq, \
        dow, inflation, interest rate, central bank, federal reserve, currency, dollar, euro, bank, \
        banking, fund, hedge fund, earnings, ipo, dividend, mortgage, loan, tariff, gdp, economy, \
        economic, oil prices, bitcoin, crypto, 股市, 股票, 基金, 债券, 央行, 利率, 通胀, 人民币, 汇率, \
        美元, 银行, 保险, 证券, A股, 港股, 美股, 沪指, 涨停, 投资者, 经济, 理财, 黄金, 信托, 贷款, 上市, 个股, 大盘",
    ),
    (
        "technology",
        "Technology",
        "科技",
        "software, hardware, internet, smartphone, android, iphone, \
        app, browser, computer, laptop, chip, semiconductor, processor, server, cloud, cyber, hacker, \
        malware, encryption, open source, linux, windows, microsoft, google, apple, database, \
        programming, developer, web, website, online, wireless, 5g, startup, robot, gadget, 软件, 硬件, \
        互联网, 手机, 芯片, 半导体, 处理器, 电脑, 笔记本, 服务器, 云计算, 网络安全, 黑客, 开源, 操作系统, 程序员, 数码, 机器人, 微软, 谷歌, 苹果, 华为, 小米, 像素, 相机",
    ),
    (
        "artificial_intelligence",
        "Artificial intelligence",
        "人工智能",
        "artificial intelligence, \
        machine learning, deep learning, neural network, language model, chatbot, openai, chatgpt, gpt, \
        llm, transformer, training data, inference, reinforcement learning, generative, anthropic, \
        deepmind, embedding, fine-tuning, computer vision, ai, 人工智能, 大模型, 机器学习, 深度学习, \
        神经网络, 语言模型, 智能体, 生成式, 算力, 训练数据, 智谱, 强化学习, 多模态, 预训练",
    ),
    (
        "science",
        "Science",
        "科学",
        "scientist, researcher, physics, astronomy, telescope, galaxy, \
        planet, mars, nasa, spacecraft, rocket, satellite, orbit, quantum, particle, molecule, \
        chemistry, biology, gene, genome, dna, fossil, species, laboratory, experiment, mathematics, \
        discovery, peer-reviewed, moon, 科学家, 研究人员, 物理, 天文, 望远镜, 行星, 火星, 航天, 火箭, 卫星, \
        量子, 粒子, 分子, 化学, 生物学, 基因, 化石, 物种, 实验室, 数学, 太空, 论文",
    ),
    (
        "health",
        "Health",
        "健康",
        "health, hospital, doctor, patient, disease, vaccine, virus, \
        pandemic, covid, flu, cancer, diabetes, drug, medicine, clinical trial, surgery, therapy, \
        mental health, obesity, diet, nurse, infection, symptom, pharmaceutical, outbreak, 健康, 医院, \
        医生, 患者, 疾病, 疫苗, 病毒, 疫情, 癌症, 糖尿病, 药物, 医疗, 手术, 治疗, 感染, 症状, 医保, 流感, 中医, 临床",
    ),
    (
        "sports",
        "Sports",
        "体育",
        "football, soccer, basketball, baseball, tennis, golf, cricket, rugby, \
        olympic, olympics, world cup, champion, championship, league, coach, striker, midfielder, goal, \
        tournament, playoff, quarterback, nba, nfl, fifa, uefa, match, player, season, team, victory, \
        medal, athlete, stadium, innings, 足球, 篮球, 网球, 乒乓球, 羽毛球, 奥运, 世界杯, 冠军, 联赛, 教练, \
        球员, 球队, 进球, 比赛, 决赛, 主场, 客场, 金牌, 运动员, 火箭队, 湖人, 皇马, 巴萨, 国足, 中超, 英超, 主帅, 后卫, 前锋",
    ),
    (
        "entertainment",
        "Entertainment",
        "娱乐",
        "film, movie, actor, actress, director, hollywood, \
        box office, oscar, album, singer, song, concert, band, celebrity, television, tv series, drama, \
        netflix, premiere, music, pop star, comedy, theatre, novel, museum, exhibition, grammy, 电影, \
        演员, 导演, 票房, 明星, 歌手, 专辑, 演唱会, 电视剧, 综艺, 主演, 影片, 粉丝, 娱乐圈, 首映, 音乐, 绯闻, 女星, 男星, 偶像, 剧组, 票友",
    ),
    (
        "games",
        "Games",
        "游戏",
        "video game, gamer, gameplay, console, playstation, xbox, nintendo, \
        esports, multiplayer, steam, rpg, gaming, game developer, dlc, quest, 游戏, 玩家, 网游, 手游, \
        电竞, 主机, 副本, 公测, 内测, 职业联赛, 装备, 服务器开放, 魔兽, 任天堂, 资料片, 新服",
    ),
    (
        "education",
        "Education",
        "教育",
        "school, university, college, student, teacher, exam, \
        curriculum, tuition, campus, graduate, degree, classroom, scholarship, literacy, admissions, \
        kindergarten, professor, 高考, 考研, 留学, 大学, 招生, 考试, 英语, 四六级, 分数线, 学生, 教师, 学校, \
        毕业生, 公务员, 录取, 高校, 中小学, 课程, 校园, 考生, 雅思, 托福, 阅卷",
    ),
    (
        "environment",
        "Environment",
        "环境",
        "climate, climate change, emissions, carbon, renewable, \
        solar, wind farm, pollution, wildlife, forest, drought, flood, hurricane, earthquake, wildfire, \
        biodiversity, conservation, ocean, glacier, recycling, energy, electricity, nuclear power, \
        electric vehicle, storm, weather, 气候, 排放, 碳中和, 可再生, 光伏, 风电, 污染, 环保, 干旱, 洪水, \
        台风, 地震, 山火, 生态, 能源, 新能源, 电力, 核电, 天气, 暴雨, 气温",
    ),
    (
        "society",
        "Society and law",
        "社会",
        "police, crime, murder, arrest, arrested, court, judge, \
        trial, lawsuit, prison, prosecutor, verdict, suspect, fraud, killed, shooting, accident, crash, \
        protest, immigration, human rights, supreme court, victim, community, housing, poverty, 警方, \
        警察, 犯罪, 嫌疑人, 法院, 法官, 判决, 诉讼, 监狱, 检察, 诈骗, 车祸, 事故, 抗议, 居民, 男子, 女子, 死亡, \
        楼盘, 房价, 购房, 二手房, 业主, 小区, 村民, 民警, 城管, 拆迁, 身亡, 受害人",
    ),
    (
        "lifestyle",
        "Life and travel",
        "生活",
        "recipe, restaurant, cooking, travel, tourist, hotel, \
        fashion, beauty, wedding, garden, food, wine, chef, holiday, vacation, parenting, fitness, \
        yoga, decor, designer, luxury, skincare, horoscope, car review, 美食, 餐厅, 旅游, 酒店, 时尚, 美容, \
        婚礼, 家居, 穿搭, 减肥, 护肤, 育儿, 菜谱, 度假, 景区, 星座, 运势, 搭配, 瘦身, 单品, 发型, 白羊, 金牛座, 游客",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_topics_are_a_valid_taxonomy_with_seeds_in_both_languages() {
        let taxonomy = Taxonomy::new(Taxonomy::built_in().0).unwrap();
        for topic in taxonomy.topics() {
            assert!(topic.seeds.iter().any(|seed| seed.is_ascii()), "{}", topic.key);
            assert!(topic.seeds.iter().any(|seed| !seed.is_ascii()), "{}", topic.key);
            assert!(topic.seeds.iter().all(|seed| !seed.is_empty()), "{}", topic.key);
        }
    }

    #[test]
    fn a_repeated_key_is_refused_by_name() {
        let mut topics = Taxonomy::built_in().0;
        topics.push(topics[0].clone());
        assert!(Taxonomy::new(topics).unwrap_err().to_string().contains("world"));
        assert!(Taxonomy::new(Vec::new()).is_err());
    }
}
