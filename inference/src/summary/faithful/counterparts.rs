//! States and organisations everybody has a word for, in English and Chinese.
//!
//! A text that names one must be about an article that names it or hints at it; the hints are
//! generous, because a wrong accusation costs a good summary and the table is no list of everything.

use crate::token::is_ideographic;

/// One of them: its names in English and in Chinese, and what hints at it besides; `|` between.
struct Known(&'static str, &'static str, &'static str);

/// A few dozen that news is full of. Acronyms that stand for no state are here too.
const KNOWN: [Known; 66] = [
    Known(
        "United States|U.S.|US|USA|America|American|Americans",
        "美国|美方",
        "NASA|FBI|CIA|Washington|White House|Pentagon|Wall Street|Fed|Congress|Trump|Biden|Google|Apple|华盛顿|白宫|美联储|美军|美股|纽约|硅谷|特朗普|拜登|中美|美中|美媒|赴美|在美|对美|驻美|美元",
    ),
    Known(
        "United Kingdom|UK|U.K.|Britain|British",
        "英国|英方",
        "England|English|London|Scotland|Wales|伦敦|英格兰|苏格兰|英镑|中英",
    ),
    Known(
        "China|Chinese",
        "中国|中方",
        "PBOC|PBoC|Beijing|Shanghai|Hong Kong|Shenzhen|PRC|Xi|北京|上海|国务院|央行|全国|我国",
    ),
    Known("Japan|Japanese", "日本|日方", "Tokyo|Osaka|东京|大阪|日元|中日|日媒|日企"),
    Known(
        "South Korea|South Korean",
        "韩国|韩方",
        "Korea|Korean|Seoul|Samsung|首尔|三星|韩元|韩媒|中韩",
    ),
    Known("North Korea|North Korean", "朝鲜", "Korea|Korean|Pyongyang|DPRK|平壤|金正恩"),
    Known(
        "Russia|Russian|Russians",
        "俄罗斯|俄方",
        "Moscow|Kremlin|Putin|Soviet|莫斯科|克里姆林|普京|俄军|俄乌|俄媒|中俄|卢布",
    ),
    Known(
        "Ukraine|Ukrainian|Ukrainians",
        "乌克兰|乌方",
        "Kyiv|Kiev|Zelensky|Zelenskyy|基辅|泽连斯基|俄乌|乌军",
    ),
    Known(
        "Germany|German|Germans",
        "德国|德方",
        "Berlin|Munich|Frankfurt|Bundestag|柏林|慕尼黑|法兰克福|中德",
    ),
    Known("France|French", "法国|法方", "Paris|Lyon|Marseille|Macron|巴黎|里昂|马赛|马克龙|中法"),
    Known("Italy|Italian|Italians", "意大利", "Rome|Milan|Venice|罗马|米兰|威尼斯"),
    Known("Spain|Spanish", "西班牙", "Madrid|Barcelona|Catalonia|马德里|巴塞罗那"),
    Known("India|Indian|Indians", "印度", "Delhi|Mumbai|Bengaluru|Modi|新德里|孟买|莫迪|中印"),
    Known("Indonesia|Indonesian", "印尼|印度尼西亚", "Jakarta|Bali|雅加达|巴厘"),
    Known("Pakistan|Pakistani", "巴基斯坦", "Islamabad|Karachi|伊斯兰堡|卡拉奇|中巴"),
    Known(
        "Canada|Canadian|Canadians",
        "加拿大",
        "Ottawa|Toronto|Vancouver|渥太华|多伦多|温哥华|加方",
    ),
    Known(
        "Australia|Australian|Australians",
        "澳大利亚|澳洲",
        "Sydney|Canberra|Melbourne|悉尼|堪培拉|墨尔本|中澳|澳方",
    ),
    Known("Brazil|Brazilian|Brazilians", "巴西", "Rio|Brasília|Brasilia|Lula|圣保罗|里约|卢拉"),
    Known("Mexico|Mexican|Mexicans", "墨西哥", "Sheinbaum|辛鲍姆"),
    Known("Argentina|Argentine|Argentinian", "阿根廷", "Buenos Aires|Milei|布宜诺斯艾利斯|米莱"),
    Known(
        "Israel|Israeli|Israelis",
        "以色列|以方",
        "Jerusalem|Tel Aviv|Netanyahu|耶路撒冷|特拉维夫|内塔尼亚胡|以军|巴以",
    ),
    Known(
        "Palestine|Palestinian|Palestinians",
        "巴勒斯坦",
        "Gaza|West Bank|Hamas|加沙|约旦河西岸|哈马斯|巴以",
    ),
    Known("Iran|Iranian|Iranians", "伊朗", "Tehran|德黑兰"),
    Known("Iraq|Iraqi", "伊拉克", "Baghdad|巴格达"),
    Known("Syria|Syrian|Syrians", "叙利亚", "Damascus|大马士革"),
    Known("Saudi Arabia|Saudi", "沙特", "Riyadh|Aramco|利雅得|阿美"),
    Known("UAE|Emirates|Emirati", "阿联酋", "Dubai|Abu Dhabi|迪拜|阿布扎比"),
    Known(
        "Turkey|Türkiye|Turkish",
        "土耳其",
        "Ankara|Istanbul|Erdogan|Erdoğan|安卡拉|伊斯坦布尔|埃尔多安",
    ),
    Known("Egypt|Egyptian", "埃及", "Cairo|Suez|开罗|苏伊士"),
    Known(
        "South Africa|South African",
        "南非",
        "Pretoria|Johannesburg|Cape Town|约翰内斯堡|开普敦",
    ),
    Known("Nigeria|Nigerian", "尼日利亚", "Lagos|Abuja|拉各斯|阿布贾"),
    Known("Vietnam|Vietnamese", "越南", "Hanoi|Ho Chi Minh|河内|胡志明"),
    Known("Thailand|Thai", "泰国", "Bangkok|曼谷"),
    Known("Singapore|Singaporean", "新加坡", "狮城"),
    Known("Malaysia|Malaysian", "马来西亚", "Kuala Lumpur|吉隆坡|大马"),
    Known("Philippines|Filipino|Philippine", "菲律宾", "Manila|马尼拉|菲方"),
    Known("Switzerland|Swiss", "瑞士", "Zurich|Geneva|Bern|苏黎世|日内瓦"),
    Known("Sweden|Swedish", "瑞典", "Stockholm|斯德哥尔摩"),
    Known("Norway|Norwegian", "挪威", "Oslo|奥斯陆"),
    Known("Netherlands|Dutch", "荷兰", "Holland|Amsterdam|Hague|Rotterdam|阿姆斯特丹|海牙|鹿特丹"),
    Known("Poland|Polish", "波兰", "Warsaw|华沙"),
    Known("Greece|Greek", "希腊", "Athens|雅典"),
    Known("EU|European Union", "欧盟", "Brussels|Europe|European|欧洲|布鲁塞尔|中欧"),
    Known("UN|United Nations|U.N.", "联合国", "Security Council|General Assembly|安理会|联大"),
    Known("NATO", "北约", "North Atlantic|北大西洋公约"),
    Known(
        "WHO|World Health Organization|World Health Organisation",
        "世卫组织|世界卫生组织",
        "世卫",
    ),
    Known("WTO|World Trade Organization", "世贸组织|世界贸易组织", "世贸"),
    Known("IMF|International Monetary Fund", "国际货币基金组织", "货币基金"),
    Known("World Bank", "世界银行|世行", ""),
    Known("OPEC", "欧佩克", "石油输出国组织|oil producers"),
    Known("ASEAN", "东盟", "Southeast Asian Nations|东南亚国家联盟"),
    Known("ECB|European Central Bank", "欧洲央行|欧洲中央银行", "欧央行"),
    Known("Fed|Federal Reserve", "美联储", "联邦储备|Powell|鲍威尔"),
    Known("PBOC|PBoC|People's Bank of China", "中国人民银行", "央行|人民银行"),
    Known("NASA", "美国航天局|美国宇航局", "航天局|宇航局|space agency"),
    Known("FBI", "联邦调查局", ""),
    Known("CIA", "中情局|中央情报局", ""),
    Known(
        "GDP",
        "国内生产总值|本地生产总值",
        "gross domestic product|经济增长|economy grew|economic output",
    ),
    Known("CPI", "居民消费价格指数", "consumer price|消费价格|消费者物价"),
    Known("AI", "人工智能", "artificial intelligence|智能体|大模型|language model"),
    Known("CEO|CEOs", "首席执行官", "chief executive|总裁|执行长"),
    Known("CFO", "首席财务官", "chief financial|财务总监"),
    Known(
        "IPO|IPOs",
        "首次公开募股",
        "initial public offering|上市|公开发行|招股|go public|listing",
    ),
    Known("EV|EVs", "电动汽车|电动车", "electric vehicle|electric car|新能源车|新能源汽车|纯电"),
    Known("COVID|Covid|COVID-19", "新冠", "coronavirus|冠状病毒"),
    Known("TV", "电视", "television"),
];

impl Known {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.split('|').chain(self.1.split('|')).filter(|name| !name.is_empty())
    }

    fn is_in(&self, article: &str) -> bool {
        let hints = self.2.split('|').filter(|hint| !hint.is_empty());
        self.names().chain(hints).any(|name| stands_in(name, article))
    }
}

/// Whether a marked word stands in the table and it, by any name, in the article.
pub(super) fn counterpart_of(word: &str, article: &str) -> bool {
    KNOWN.iter().any(|known| known.names().any(|name| name == word) && known.is_in(article))
}

/// The first name of the table that the text has and the article neither has nor hints at.
pub(super) fn missing_counterpart(text: &str, article: &str) -> Option<String> {
    // 印度 is part of 印度尼西亚 and not meant there.
    let text = text.replace("印度尼西亚", "印尼");
    let is_chinese = article.chars().any(is_ideographic);
    KNOWN.iter().find_map(|known| {
        let name = known.names().find(|name| stands_in(name, &text))?;
        // Where a Chinese article names no country, China is meant.
        let is_home = is_chinese && known.1.starts_with("中国");
        (!is_home && !known.is_in(article)).then(|| name.to_owned())
    })
}

/// Whole words in Latin letters, anywhere in Chinese.
fn stands_in(name: &str, text: &str) -> bool {
    if !name.is_ascii() && name.chars().all(is_ideographic) {
        return text.contains(name);
    }
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        let is_end = |character: Option<char>| {
            character.is_none_or(|one| !one.is_alphabetic() || is_ideographic(one))
        };
        is_end(before) && is_end(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words_and_in_one_row_of_states_only() {
        assert!(
            stands_in("US", "the US economy")
                && !stands_in("US", "FOCUS")
                && !stands_in("US", "us")
        );
        assert!(stands_in("EU", "由EU出资") && stands_in("法国", "在法国人"));
        let mut seen = std::collections::HashMap::new();
        for (row, known) in KNOWN.iter().enumerate() {
            assert!(known.names().count() >= 2, "row {row} has no counterpart");
            for name in known.names() {
                // The central banks are also hints of their countries.
                assert!(seen.insert(name, row).is_none(), "{name} stands in two rows");
            }
        }
    }

    #[test]
    fn a_translation_of_the_name_or_a_hint_is_enough() {
        assert_eq!(missing_counterpart("德国总理访问。", "The chancellor spoke in Berlin."), None);
        assert_eq!(missing_counterpart("The US and China.", "中美会谈。"), None);
        assert_eq!(
            missing_counterpart("日本央行。", "The Bank of England.").as_deref(),
            Some("日本")
        );
        assert_eq!(missing_counterpart("China's central bank cut rates.", "央行降息。"), None);
    }
}
