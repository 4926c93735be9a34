//! Words that say little about which story a text is: those of grammar, and those of all news.
//!
//! An index that has seen few articles cannot know which words are common; without a list it would
//! take "Government announces …" for a story. The lists are ours.

use crate::text::hash_of;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

/// How little a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commonness {
    /// Nothing: it is left out.
    Grammar,
    /// Less than others, until the index knows better.
    Common,
    /// As much as its rarity says.
    Other,
}

const GRAMMAR: &str = "about after again against all also am among an and any are around as at be \
    because been before being below between both but by can could did do does doing down during \
    each even few for from further get had has have having he her here hers him his how if in into \
    is isn it its itself just let ll may me might more most much must my near no nor not now of off \
    on once one only onto or other our out over own per re s said same say says shall she should \
    since so some still such than that the their them then there these they this those though \
    through to too toward towards under until up upon us ve very via was we were what when where \
    whether which while who whom whose why will with within without won would yet you your";

const COMMON: &str = "accord accused across act action activist add added address admit adult \
    advance advice adviser affair agency agent agree agreed agreement ahead aid aim air alert \
    allow almost already amid amount analyst anniversary announce announced announcement annual \
    another answer appeal appear approval approve approved area arm army arrest arrested article \
    ask attack authority authorities average award away back ban bank base battle beat become \
    begin begun best better big biggest bill billion blast block board body book boost border boss \
    break bring build building business buy call called campaign capital car care case cause \
    center central centre ceo chairman challenge champion chance change charge charged chief child \
    children choose city civil claim clash clear close closed club coach come comes coming comment \
    commission committee company concern conference confirm confirmed consumer continue control \
    cost council country court create crash crime crisis critic customer cut daily data date day \
    dead deadly deal death debate decade decide decision defeat defence defend defense delay \
    deliver demand deny department deputy despite destroy detail develop development die died \
    director dispute district don drive drop due early earning east economic economy effort eight \
    election emergency employee end energy enter error event ever every evidence exchange executive \
    expand expect expected expert extend face facility fact fail fall family fan far fear federal \
    feel fell fight figure file film final finally finance financial find fire firm first five fix \
    flight focus follow following food force foreign former forward four free fresh friday fuel full \
    fund future gain game general girl give given global go goal goes going gold good got \
    government great group grow growing growth guide hail half hand happen hard head headline health \
    hear held help high higher highest hit hold home honour hope hospital host hotel hour house \
    household human hundred hurt idea illegal image impact improve include including income increase \
    industry inflation information injured inquiry inside insider interest international internet \
    interview investigate investigation investment investor invite issue job join judge jump keep \
    key kill killed kind know known lack land large largest last late later latest launch launched \
    law lawmaker lawyer lead leader leading leaf league least leave left legal less level life like \
    likely limit line link list live local long look lose loss lost lot low lower made main major \
    make maker making man manager many march mark market match mayor mean measure media medical meet \
    meeting member men message middle military million mind minister ministry minute miss mission \
    mobile model monday money month move name named nation national need network never new news next \
    night nine north number offer office officer official oil old online open opened opens operation \
    opposition option order organisation organization outside owner page paid parent park parliament \
    part partner party pass past patient pay people percent period person phone photo pick picture \
    place plan planned plans plant play player point police policy political politician popular \
    position post potential power powerful prepare president press pressure price prime prison \
    private prize problem process produce product profit programme program project promise property \
    protect protest provide public push put quarter quarterly question quit race raise raised range \
    rate reach read ready real reason receive recent record reduce reform region release released \
    remain report reported reporter require rescue research researcher resident response rest result \
    return reuters reveal review right rise rising risk rival road role round rule run running russian \
    safety sale saturday save saw scene school scientist season seat second secretary security see \
    seek seen sell send senior sent september series serious service set seven several shake share \
    shareholder shooting shop short show shut side sign signed six small social software soldier \
    something son source south speak special speech spend spokesman spokesperson spread stage stake \
    stand star start state statement stay step stock stop storm story street strike strong student \
    study sunday supply support supporter survey suspect suspected system take taken talk target tax \
    team tech technology tell ten term test thing think third thousand threat three thursday time \
    today told tomorrow took top total tour town trade train travel trial tried trip troop true try \
    tuesday turn two union unit united unveil update use used user value vehicle version victim \
    victory video view village violence visit vote wait want war warn warning watch water way weak \
    website wednesday week weekend well west whole win winner woman women won work worker working \
    world worry worst worth write year yesterday yet young zone january february march april june \
    july august october november december";

const COMMON_PAIRS: &str = "中国 美国 公司 集团 公布 发布 宣布 表示 报道 记者 新闻 消息 最新 今日 今天 昨日 昨天 \
    明天 日前 近日 政府 部门 国家 全国 国际 全球 世界 城市 地区 地方 北京 上海 市场 经济 企业 产品 价格 数据 \
    报告 显示 预计 预期 增长 上涨 下跌 大幅 小幅 同比 环比 万元 亿元 美元 人民 问题 情况 工作 项目 计划 方案 \
    措施 政策 改革 发展 建设 投资 服务 管理 技术 科技 研究 人员 专家 专业 大学 学生 学校 教育 考试 会议 活动 \
    举行 举办 召开 启动 开始 正式 结束 完成 实施 推出 推进 进行 通过 获得 成为 成功 首次 首个 第一 第二 第三 \
    多家 多名 超过 达到 目前 未来 今年 去年 明年 年度 季度 月份 时间 小时 分钟 记录 新高 新低 大会 比赛 冠军 \
    决赛 球队 球员 主场 电影 票房 导演 演员 明星 手机 电脑 网络 网友 视频 游戏 玩家 用户 新款 新型 新的 上市 \
    股市 股票 基金 银行 收购 合作 签署 协议 总统 总理 部长 主席 负责 警方 法院 发现 发生 事故 死亡 人死 受伤 \
    调查 影响 要求 呼吁 支持 反对 回应 曝光 揭秘 分析 指南 注意 事项 推荐 如何 什么 为何 怎么 可以 需要 成立 \
    开通 运营 开发 创新 参加 参与 提供 提高 下降 上调 下调 科学 学家 车型 汽车 楼盘 房价 招生 报名 录取 名单";

const GRAMMAR_CHARACTERS: &str = "的了是在和与及或也都就而又于以为之其这那个有不被将对向";

static LISTED: LazyLock<HashMap<u64, Commonness>> = LazyLock::new(|| {
    let mut listed = HashMap::new();
    for pair in COMMON_PAIRS.split_whitespace() {
        listed.insert(xxh3_64(pair.as_bytes()), Commonness::Common);
    }
    for word in COMMON.split_whitespace() {
        listed.insert(hash_of(word), Commonness::Common);
    }
    for word in GRAMMAR.split_whitespace() {
        listed.insert(hash_of(word), Commonness::Grammar);
    }
    listed
});
static CHARACTERS: LazyLock<HashSet<char>> = LazyLock::new(|| GRAMMAR_CHARACTERS.chars().collect());

/// How little the word of a hash says.
pub(crate) fn commonness(hash: u64) -> Commonness {
    LISTED.get(&hash).copied().unwrap_or(Commonness::Other)
}

/// Whether an ideograph mostly serves grammar.
pub(crate) fn is_grammar_character(character: char) -> bool {
    CHARACTERS.contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_common() {
        for name in ["dresden", "volcano", "nvidia"] {
            assert_eq!(commonness(hash_of(name)), Commonness::Other);
        }
        assert_eq!(commonness(hash_of("announces")), Commonness::Common);
        assert_eq!(commonness(hash_of("the")), Commonness::Grammar);
        assert!(is_grammar_character('的') && !is_grammar_character('芯'));
    }
}
