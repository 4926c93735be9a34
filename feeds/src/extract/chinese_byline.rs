//! Who wrote an article, as Chinese pages say it.

use regex::Regex;
use std::sync::LazyLock;

/// `作者：张三`: a label, then whatever the author is called.
static LABELLED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"(?:作\s*者|撰\s*文|撰\s*稿|著\s*者|執筆|执笔人?|发布人|發布人|发帖人|发表人)(?:/[^:：\s]{1,4})?\s*[:：】]\s*([\p{L}\p{N}_·.()（）、,，]{2,24}(?:[ 　]{1,2}[\p{Han}·]{2,4}(?:[ 　\]）)]|$))*)",
        r"由\s*([^\s]{2,12})\s*(?:张贴|发表|发布|上传)",
        r"^\s*([^\s:：。，]{2,16})\s?发表于",
        r"记者\s?([\p{Han}·]{2,4})发自",
    ])
});
/// `记者 张三 李四`, `文/张三`: words that also stand in running text, so that names must follow.
static REPORTERS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"记\s*者\s*[:：]?[\s　]{0,3}((?:[\p{Han}·]{2,4}[ 　、]{0,2}){1,6})",
        r"(?:^|[\s(（\[【])(?:文|文字)\s?[:：/|]\s?((?:[\p{Han}·]{2,4}[ 　、]{0,2}){1,4})(?:[)）\]】\s，。]|$)",
    ])
});
/// `（记者 格桑边觉）`: in brackets any name may follow.
static BRACKETED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[(（\[【][\p{Han}·]{0,10}记者[\s　]+([\p{Han}·]{2,8}(?:[\s　、][\p{Han}·]{2,5}){0,3})[)）\]】]").ok()
});
/// `……。（张三）` at the end of a paragraph.
static SIGNATURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[。！？”\s　])[(（]\s?([\p{Han}·]{2,4}(?:[ 　、][\p{Han}·]{2,4}){0,4})(?:\s[\p{Han}]{2,4}报道)?\s?[)）]$").ok()
});
/// `责任编辑：王五`: better than nobody.
static EDITOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:责任编辑|责编|编辑)\s?[:：]\s?([\p{Han}·]{2,4})(?:[)）\]】\s]|$)").ok()
});
/// The frequent family names of China.
const SURNAMES: &str = "\
    王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石\
    廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟\
    殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆\
    司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻\
    苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储";
/// Most names in one byline.
const NAMES_MAX: usize = 6;

fn patterns(forms: &[&str]) -> Vec<Regex> {
    forms.iter().filter_map(|form| Regex::new(form).ok()).collect()
}

fn first_group(form: &Regex, line: &str) -> Option<String> {
    Some(form.captures(line)?.get(1)?.as_str().trim().to_owned())
}

/// The author behind a label.
pub(super) fn labelled(line: &str) -> Option<String> {
    LABELLED.iter().find_map(|form| first_group(form, line))
}

/// The reporters behind the word for them.
pub(super) fn reporters(line: &str) -> Option<String> {
    let bracketed = BRACKETED.as_ref().and_then(|form| first_group(form, line));
    bracketed.or_else(|| REPORTERS.iter().find_map(|form| leading_names(&first_group(form, line)?)))
}

/// The author in brackets at the end of a line.
pub(super) fn signature(line: &str) -> Option<String> {
    leading_names(&first_group(SIGNATURE.as_ref()?, line)?)
}

/// The editor behind the word for one.
pub(super) fn editor(line: &str) -> Option<String> {
    first_group(EDITOR.as_ref()?, line)
}

/// A line that is names and nothing else.
pub(super) fn names(line: &str) -> Option<String> {
    let count = split(line).count();
    let all = (1..=NAMES_MAX).contains(&count) && split(line).all(is_name);
    all.then(|| line.trim().to_owned())
}

/// The names a text begins with.
fn leading_names(text: &str) -> Option<String> {
    let names: Vec<&str> = split(text).take_while(|name| is_name(name)).take(NAMES_MAX).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\u{3000}', '、']).filter(|name| !name.is_empty())
}

fn is_name(name: &str) -> bool {
    (2..=4).contains(&name.chars().count())
        && name.starts_with(|c| SURNAMES.contains(c))
        && name.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c) || c == '·')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_named_behind_a_label() {
        for (line, name) in [
            ("来源：晚报 作者：张三 2024年5月1日", "张三"),
            ("作者:river_7 阅读(16)", "river_7"),
            ("由 海边 张贴", "海边"),
            ("海边 发表于 2024-5-1", "海边"),
        ] {
            assert_eq!(labelled(line).as_deref(), Some(name), "{line}");
        }
        assert_eq!(labelled("记者 张三"), None);
    }

    #[test]
    fn reporters_are_told_from_running_text() {
        for (line, name) in [
            ("本报记者 张三 李四", "张三 李四"),
            ("（记者 王五）市政府昨天宣布", "王五"),
            ("据新华社电（记者 格桑边觉）记者近日", "格桑边觉"),
            ("晚报记者 王五 北京报道", "王五"),
            ("文/张三", "张三"),
        ] {
            assert_eq!(reporters(line).as_deref(), Some(name), "{line}");
        }
        assert_eq!(reporters("记者联系采访的时候"), None);
    }

    #[test]
    fn a_signature_and_an_editor_are_better_than_nobody() {
        assert_eq!(signature("河水涨了。（张三 李四）").as_deref(), Some("张三 李四"));
        assert_eq!(signature("河水涨了（图）"), None);
        assert_eq!(editor("责任编辑：赵六").as_deref(), Some("赵六"));
        assert_eq!(names("张三、李四").as_deref(), Some("张三、李四"));
        assert_eq!(names("首页"), None);
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert_eq!(LABELLED.len() + REPORTERS.len(), 6);
        assert!(BRACKETED.is_some() && SIGNATURE.is_some() && EDITOR.is_some());
    }
}
