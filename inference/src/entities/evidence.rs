//! Words that say what stands beside them, in both languages. Lists of our own.

use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) type Words = LazyLock<HashSet<&'static str, FixedState>>;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $text:expr) => {
        $(#[$doc])*
        pub(super) static $name: Words = LazyLock::new(|| $text.split_whitespace().collect());
    };
}

words!(
    /// Given names that are common in English news.
    GIVEN_NAMES = "aaron adam adrian aisha alan albert alberto alejandro alex alexander alexandra alexei alexis ali \
    alice alison allison amanda amber amit amy ana anders andre andrea andreas andrei andrew andy angela anita anjali \
    ann anna anne annie anthony antoine anton antonio anya april arjun arthur arun ashley barbara ben benjamin bernard \
    beth bill bob bobby boris brad bradley brandon brenda brian bruce bruno bryan caitlin carl carla carlo carlos \
    carmen carol caroline catherine cathy charles charlie charlotte chen chloe chris christian christina christine \
    christopher claire clara colin connor craig cynthia dan dana daniel daniela danny darren dave david dean deborah \
    dennis derek diana diane diego dmitry dominic don donna dorothy doug douglas dylan eddie edgar eduardo edward elena \
    eli elias elizabeth ella ellen emily emma eric erica erik erin esther ethan eva evan fabio fatima felipe felix \
    fernando fiona florian frances francesca francesco francis francisco frank fred frederick gabriel gareth gary gavin \
    george gerald gerard gina giovanni giulia giuseppe glenn gordon graham greg gregory guillermo gustavo guy hannah \
    hans harold harry hassan heather hector heidi helen helena henrik henry hiroshi howard hugh hugo ian igor ingrid \
    irene isaac isabel isabella ivan jack jackie jacob jacqueline jake james jamie jan jane janet jason javier jay jean \
    jeff jeffrey jennifer jenny jeremy jerry jesse jessica jill jim jimmy joan joanna joe joel johan johanna john johnny \
    jon jonas jonathan jordan jorge jose joseph josh joshua juan juan judith judy julia julian julie jun june justin kamal \
    karen karl kate katherine kathleen kathy katie keith kelly ken kenneth kenji kevin kim kimberly kiran klaus kofi kumar \
    kurt kyle lara larry lars laura lauren laurent lawrence lea leah lee lena leo leon leonard leonardo leslie li liam \
    lila linda lindsay lisa liz lorenzo louis louise luca lucas lucy luis luisa luke lydia madeleine manuel marc marco \
    marcus margaret maria marie marina mario mark markus marta martha martin martina mary mason mateo matt matthew \
    matthias maurice max maya megan mehmet mei melanie melissa mia michael michel michelle miguel mike mikhail ming \
    miranda mohamed mohammad mohammed molly monica muhammad nadia nancy naomi natalia natalie natasha nathan neil nicholas \
    nick nicola nicolas nicole nigel nikhil nikolai nina noah nora nour oleg oliver olivia omar oscar owen pablo pamela \
    patricia patrick paul paula pavel pedro peggy penny pete peter phil philip philippe pierre priya rachel rafael raj \
    rajesh ralph ramon randy raphael rashid raul ravi ray raymond rebecca ricardo richard rick riya rob robert roberto \
    robin rodrigo roger roland roman ron ronald rory rosa rosie ross roy russell ruth ryan sally sam samantha samir samuel \
    sandra sandy sanjay santiago sara sarah scott sean sebastian sergei sergey sharon shaun sheila shreya simon simone \
    sofia sonia sophia sophie stacy stefan stefano stella stephanie stephen steve steven stuart sue sunil susan suzanne \
    sven sylvia takashi tamara tanya tara ted teresa terry thomas tim timothy tina toby todd tom tommy tony tracy trevor \
    tristan tyler valentina valeria vanessa vera veronica victor victoria vijay vikram vincent virginia vladimir walter \
    wang wayne wei wendy wesley william xavier yan yann yasmin yuki yusuf yuri yves zachary zahra zhang zoe lina \
    rosalind imogen beatriz ingrid tomas marek anika kenta haruto sakura minho jiwoo amara chidi ngozi kwame thandiwe"
);
words!(
    /// Given names that are ordinary words too: among capitals they say nothing.
    PLAIN_GIVEN_NAMES = "mark bill rob sue dean guy rose robin penny jack max jean jay ray april may june frank drew art \
    grace hope joy rich pat nick victor ross ming mason will grant chase miles dan don gene"
);
words!(
    /// Words that stand before or after a person's name.
    ROLES = "mr mrs ms miss dr prof professor sir lord lady dame sheikh king queen prince princess president \
    vice-president premier chancellor minister secretary senator representative congressman congresswoman governor \
    mayor ambassador judge justice attorney general admiral colonel captain sergeant ceo cfo cto coo chief executive \
    chairman chairwoman chair founder co-founder cofounder director analyst economist strategist researcher scientist \
    engineer spokesman spokeswoman spokesperson lawmaker lawyer prosecutor author writer novelist journalist reporter \
    editor actor actress singer rapper director filmmaker striker midfielder goalkeeper coach manager quarterback \
    pope bishop archbishop imam billionaire investor entrepreneur astronaut historian physicist biologist chemist \
    economist dictator premier commissioner inspector officer detective pilot activist architect designer developer \
    chief officer head principal prime vice deputy former acting foreign interior finance defence defense"
);
words!(
    /// Verbs of speech around a person's name.
    SAYING = "said says told tells added wrote writes argued argues explained explains warned warns tweeted noted"
);
words!(
    /// Last words of companies' names.
    COMPANY_ENDINGS = "inc incorporated corp corporation ltd limited llc plc lp llp ag gmbh nv sa spa ab oyj co company \
    group holdings holding technologies technology tech labs laboratories systems semiconductor semiconductors \
    electronics motors motor automotive airlines airways aerospace pharmaceuticals pharma therapeutics biosciences \
    biotech energy oil gas petroleum steel mining minerals foods beverages brands stores capital partners ventures \
    securities financial bancorp insurance media entertainment studios games gaming interactive software networks \
    communications telecom robotics ai analytics cloud health healthcare logistics shipping railways batteries solar"
);
words!(
    /// Of these endings, those that are not shown as part of a name.
    LEGAL_FORMS = "inc incorporated corp corporation ltd limited llc plc lp llp ag gmbh nv spa ab oyj co"
);
words!(
    /// Nouns before a company's name.
    COMPANY_KINDS = "startup start-up chipmaker automaker carmaker drugmaker retailer company firm lender airline \
    insurer developer maker giant rival unicorn bank brokerage manufacturer supplier publisher operator conglomerate \
    lab startups steelmaker planemaker miner automakers phonemaker subsidiary"
);
words!(
    /// Words after a company's name that belong to companies.
    COMPANY_THINGS = "shares stock shareholders investors ceo cfo executives employees earnings revenue"
);
words!(
    /// Words of the names of authorities, schools, clubs and other organisations.
    ORGANISATION_WORDS = "university institute college academy school ministry department commission council agency \
    association foundation party committee court authority federation union parliament assembly congress senate \
    bureau administration organization organisation alliance league society museum hospital laboratory observatory \
    orchestra police army navy times post herald tribune gazette journal daily news fc united coalition center centre"
);
words!(
    /// Last words of places' names.
    PLACE_ENDINGS = "city county province state river island islands bay valley airport mountain mountains lake sea \
    ocean desert peninsula district region township beach harbor harbour canal strait street avenue forest park \
    glacier volcano reef coast"
);
words!(
    /// Prepositions before a place.
    AT_A_PLACE = "in near at from around outside across"
);
words!(
    /// Words with a capital that are no names: days, months, languages, peoples, religions, and what titles begin with.
    CAPITAL_WORDS = "monday tuesday wednesday thursday friday saturday sunday january february march april may june july \
    august september october november december english chinese american british french german italian spanish russian \
    ukrainian japanese korean indian israeli palestinian iranian iraqi european asian african australian canadian \
    mexican brazilian turkish arab muslim islamic christian jewish catholic dutch swiss swedish norwegian danish finnish \
    polish greek portuguese austrian belgian irish scottish welsh vietnamese thai indonesian malaysian filipino \
    taiwanese pakistani afghan syrian lebanese egyptian saudi south north east west western eastern northern southern \
    the a an this that these those it he she they we you i my our his her its their and but or if when where why how \
    what who which while after before as at by for from in into of on to with without under over not no yes new first \
    last more most less some many all any each every other another such there here now then today yesterday tomorrow \
    breaking exclusive update watch live opinion analysis review report study video photos internet ai ceo cfo cto coo \
    gdp ipo pc tv uk us usa eu"
);
words!(
    /// English words that carry no meaning of their own, or none in news; never keywords.
    STOP_WORDS = "a about above across actually after again against ago ahead all almost along already also although \
    always am amid among an and another any anyone anything are aren't around as ask asked at away back be became \
    because become becomes been before began begin begins behind being believe below best better between beyond big \
    both bring but by call called calls came can can't cannot come comes coming could couldn't day days despite did \
    didn't do does doesn't doing don't done down during each early either end ended even ever every everyone \
    everything expect expected expects face faces far few find finds first five following for former found four from \
    full further gave get gets getting give given gives go goes going gone good got great had hadn't half happen has \
    hasn't have haven't having he hear held help helped helps her here hers herself high him himself his hit hits how \
    however if in including instead into is isn't it it's its itself january february march april may june july august \
    september october november december join joined joins just keep keeps kept key know known large last late later \
    latest lead least leave leaves left less let lets like likely little live long longer look looking looks lot low made \
    main make makes making man many may maybe me mean means men might million billion trillion monday tuesday wednesday \
    thursday friday saturday sunday month months more most mr mrs ms much must my myself near nearly need needs never \
    new next night nine no nor not nothing now number of off often old on once one only onto open or other others our \
    out over own part past people per percent place plan planned plans put question quite rather read really recent \
    recently remain remains report reported reports right run runs said same saw say saying says second see seem seen \
    sees set seven several shall she should show showed shows since six small so some something soon still such take \
    taken takes taking tell tells ten than that that's the their them themselves then there there's these they thing \
    things think third this those though thought three through throughout time times to today together told tomorrow \
    too took top toward towards tuesday try trying turn turned two under until up upon us use used uses using very via \
    want wants warn warns was wasn't watch way we week weekend weeks well went were weren't what what's when where \
    whether which while who whom whose why will with within without won't work working works would wouldn't year \
    years yes yesterday yet you your yours announced announce announces according amid unveils unveiled launches \
    launched says adds added amount based came close continue continues could current currently different due easy \
    effort enough especially ever example fact feel final forward general group hours huge idea important issue it's \
    kind level line list major matter move moves moved needs nearly offer offers order people point points possible \
    process provide provides raise raised raises rise rises rose fall falls fell result results return returns seek \
    seeks send side sign significant single start started starts state stop strong sure system total trying unit \
    usually value ways weekly whole wide word words world"
);
words!(
    /// Chinese words after or before a person's name.
    CHINESE_ROLES = "总干事 总编 站长 团长 指挥 先生 女士 教授 博士 院士 老师 医生 律师 记者 编辑 主任 主席 总统 总理 首相 部长 副部长 省长 市长 \
    县长 书记 副书记 局长 处长 司长 厅长 校长 院长 所长 会长 秘书长 理事长 董事长 副董事长 总裁 副总裁 总经理 副总经理 \
    总监 首席执行官 首席财务官 首席科学家 首席经济学家 首席技术官 首席分析师 CEO CTO CFO COO 创始人 联合创始人 掌门人 \
    合伙人 负责人 发言人 分析师 研究员 经济学家 科学家 工程师 设计师 导演 演员 歌手 作家 诗人 画家 教练 主教练 \
    运动员 选手 球员 队长 冠军 航天员 宇航员 飞行员 司令 将军 上将 中将 少将 检察官 法官 议员 大使 外长 防长 财长 \
    行长 副行长 国王 女王 王子 首富 投资人 企业家 创业者 老板 司机 村民 学生 同学 警官 民警 副教授 副院长 副市长 副总理 \
    国家主席 委员 常委 代表 馆长 台长 社长 总编辑 主编 主持人 主播 博主 棋手 作者"
);
words!(
    /// Chinese verbs of speech and doing after a person's name.
    CHINESE_SAYING = "表示 称 说 指出 认为 透露 介绍 强调 坦言 回应 告诉 告诉记者 直言 写道 宣布 出席 会见 担任 当选 \
    出任 卸任 辞职 辞去 获得 夺得 夺冠 发文 发帖 率领 主持 接受 分析 解释 回忆 补充 提醒 预测 预计 带领 创办 创立 \
    执导 主演 去世 逝世 离世 被捕 接任 上任 讲话 致辞 发表 访问 抵达"
);
words!(
    /// Words that make an ordinary word beside them a company.
    CHINESE_BUSINESS = "公司 集团 股价 市值 财报 营收 净利润 发布 发布会 推出 上市 手机 芯片 汽车 新品 旗舰 CEO \
    首席执行官 董事长 总裁 创始人 投资 收购 用户 销量 季度 股份 门店 供应链 供应商 员工 裁员 产品 系统 应用 商店 \
    模型 算力 数据中心 合同 服务器 云计算 处理器 平板 电脑 笔记本 耳机 新机 工厂 交付 订单 智能 科技 股东 回购 起诉 诉讼 反垄断 工程师"
);
words!(
    /// Family names, those of two characters included.
    SURNAMES = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹 袁 邓 \
    许 傅 沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 \
    白 崔 康 毛 邱 秦 江 史 顾 侯 邵 孟 龙 万 段 雷 钱 汤 尹 黎 易 常 武 乔 贺 赖 龚 文 庞 樊 兰 殷 施 陶 洪 翟 安 颜 倪 \
    严 牛 温 芦 季 俞 章 鲁 葛 伍 韦 申 尤 毕 聂 丛 焦 向 柳 邢 路 岳 齐 沿 梅 莫 庄 辛 管 祝 左 涂 谷 祁 时 舒 耿 牟 卜 \
    路 詹 关 苗 凌 费 纪 靳 盛 童 欧 甄 项 曲 成 游 阳 裴 席 卫 查 屈 鲍 位 覃 霍 翁 隋 植 甘 景 薄 单 包 司 柏 宁 柯 阮 桂 \
    闵 欧阳 上官 司马 司徒 诸葛 皇甫 慕容 令狐 尉迟 闫 肖 付 邬 仇 解 应 宗 宣 蓝 冷 池 楼 岑 储 郎 华 滕 仲 蒲"
);
words!(
    /// Endings of Chinese companies' names.
    CHINESE_COMPANY_ENDINGS = "公司 集团 有限公司 股份有限公司 控股 科技 股份 银行 证券 基金 保险 汽车 航空 电子 半导体 \
    能源 医药 生物 制药 传媒 影业 资本 智能 机器人 通信 光电 电气 重工 钢铁 矿业 食品 乳业 酒业 地产 置业 物流 微电子"
);
words!(
    /// Of these, those that make a name of a proper word only: in text they are mostly ordinary.
    CHINESE_SURE_ENDINGS = "公司 集团 有限公司 股份有限公司 银行 证券 控股 影业 乳业 酒业 重工 股份"
);
words!(
    /// Endings of Chinese organisations' names.
    CHINESE_ORGANISATION_ENDINGS = "大学 学院 研究院 研究所 实验室 委员会 协会 学会 联合会 基金会 法院 检察院 公安局 \
    教育局 统计局 气象局 交通局 卫健委 发改委 医院 博物馆 图书馆 出版社 报社 日报 电视台 中学 小学 交易所 联盟 俱乐部 \
    管理局 监管局 税务局 海关 消防 政府 人民政府 航天局 环境局 纪委 党委 党校 美术馆 科学院 社科院 研究中心 疾控中心 局 乐团 交响乐团 剧院 剧团 歌舞团 足球队 男篮 女排"
);
words!(
    /// Endings of Chinese places' names.
    CHINESE_PLACE_ENDINGS = "省 市 县 区 镇 乡 村 州 岛 湾 山 河 湖 江 港 机场 新区 开发区 自治区 自治州 半岛 群岛 海峡 高原 盆地"
);
words!(
    /// Dictionary places that are ordinary words, peoples or directions.
    NO_PLACES = "中 国 世界 全国 各地 国内 国外 海外 当地 本地 境内 境外 华人 中华 东方 西方 东北 西北 西南 东南 华北 \
    华东 华南 华中 华西 北方 南方 东部 西部 南部 北部 中部 沿海 内地 大陆 海上 海峡 两岸 地球 太空 月球 火星 长城 天安门 \
    城市 农村 首都 省会 开发区 新区 老区 市区 郊区 山区 景区 社区 小区 校区 地区 园区 区 县 市 省 村 镇 乡 州 东 西 南 北 \
    美 英 法 德 日 韩 俄 港 澳 台 沪 京 粤 苏 浙 闽 鲁 豫 渝 川 大桥 一带 河流 太平 新华 公园 广场 大街 高新区 平安 和平 \
    安全 汉语 华为 大庆 大连 三峡 中南 大兴 欧亚 亚太 大西 南部 中东部 人民 中央 机场 大学城 步行街 工业园 朝阳 光明 \
    河水 海水 江水 湖水 海洋 河道 海岸 海滩 海底 河谷 雪山 草原 沙漠 森林 山谷 盆地 高原 平原 丘陵 港口 码头 车站 上市 深度 广度 凤凰 黄金 长安 建国 国际 全球 中西部 西域 科学城 大洋"
);
words!(
    /// Chinese words that say nothing as keywords.
    CHINESE_STOP_WORDS = "表示 认为 指出 介绍 透露 称 说 记者 报道 消息 新闻 今天 昨天 明天 今年 去年 明年 目前 近日 日前 \
    日 月 年 时间 时候 方面 情况 问题 工作 进行 开展 推进 加强 提高 实现 有关 相关 部门 单位 我们 他们 你们 自己 可能 \
    可以 已经 正在 成为 作为 通过 以及 同时 此外 其中 之后 之前 以来 以上 以下 左右 第一 第二 一个 一些 这个 那个 这些 那些 \
    公司 企业 市场 产品 用户 中国 国家 社会 经济 发展 建设 人民 群众 活动 项目 关于 发布 公布 宣布 推出 正式 继续 \
    开始 结束 举行 召开 参加 成功 完成 需要 要求 支持 提供 使用 包括 主要 重要 重大 不断 进一步 全面 积极 充分 具有 达到 \
    超过 增长 下降 上涨 下跌 同比 环比 亿元 万元 美元 人民币 百分点 数据 显示 预计 预期 计划 目标 方案 内容 来源 责任编辑 编辑 \
    作者 图片 视频 原标题 标题 全文 阅读 点击 关注 微信 公众号 分享 评论 网友 大家 人们 个人 世界 全球 国际 国内 地区 全国 \
    上午 下午 晚上 凌晨 小时 分钟 最新 首次 首个 一次 多次 之一 方式 结果 过程 原因 影响 作用 能力 水平 程度 东西 事情 \
    本报 本报讯 电 讯 新华社 见 图 表 附 负责人 人士 专家 业内 业内人士 受访者 先生 女士 总裁 董事长 创始人 首席 执行官"
);
