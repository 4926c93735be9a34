//! What is found and what is not.

use super::*;
use proptest::prelude::*;

const ENGLISH: &str = "Angela Merkel met Emmanuel Macron in Paris on Monday. The EU will spend \
    $1.5 billion on 25 projects, said the Chancellor. Don't expect results before 2026, the BBC's \
    report says. iPhone sales rose 3.5% to 1,200,000 units in three months.";
const CHINESE: &str = "据报道，张伟表示，华星公司将投资1.5亿元，在北京大学附近建设三十五座实验室。\
    《未来计划》一书售出200万册。OpenAI 的 GPT-4 也在其中，有两名研究人员参加。";

fn invented(text: &str, article: &str) -> Option<String> {
    find_invented(text, article).map(|found| found.to_string())
}

#[track_caller]
fn kept(text: &str, article: &str) {
    assert_eq!(invented(text, article), None, "{text}");
}

#[track_caller]
fn found(text: &str, article: &str, what: &str) {
    assert_eq!(invented(text, article).as_deref(), Some(what), "{text}");
}

#[test]
fn an_article_says_what_it_says() {
    kept(ENGLISH, ENGLISH);
    kept(CHINESE, CHINESE);
}

#[test]
fn numbers_are_compared_by_value() {
    kept("Sales of 1.2 million, a rise of 3.50 percent; $1,500 million was spent.", ENGLISH);
    kept("Twenty-five? No: 25 projects in 3 months.", "25 projects in three months, 20, 5");
    kept("投资1.5亿元，35座实验室，售出二百万册，2名研究人员。", CHINESE);
    found("$1.6 billion for projects", ENGLISH, "the number 1.6 billion");
    found("$1.5 million for projects", ENGLISH, "the number 1.5 million");
    found("Sales rose in four months.", ENGLISH, "the number four");
    found("投资1.5万元。", CHINESE, "the number 1.5万");
    found("建设三十六座实验室。", CHINESE, "the number 三十六");
    found("有三名研究人员。", CHINESE, "the number 三");
}

#[test]
fn numerals_that_are_words_are_no_numbers() {
    kept("千万不要以为万一没有一个人，十分可惜，三心二意。", "没有数字的文章。");
    kept("One of them.", "Nothing here.");
}

#[test]
fn chinese_numerals_have_their_value() {
    for (written, digits) in [
        ("三百二十", "320"),
        ("一千零五", "1005"),
        ("十五", "15"),
        ("两万三千", "23000"),
        ("三亿五千万", "350000000"),
        ("二〇二四", "2024"),
        ("1.5万亿", "1500000000000"),
        ("百分之二十五", "25"),
        ("三百万", "3 million"),
    ] {
        kept(&format!("共{written}元"), &format!("共 {digits} 元"));
    }
}

#[test]
fn names_within_a_sentence_and_acronyms_must_be_known() {
    kept("The Chancellor met Macron. Results are expected, the EU says.", ENGLISH);
    kept("However, the BBC says iPhone sales rose.", ENGLISH);
    kept("Merkel's visit to Paris.", ENGLISH);
    found("The Chancellor met Scholz.", ENGLISH, "the name Scholz");
    found("Olaf Scholz met Macron.", ENGLISH, "the name Olaf");
    found("NATO met in Paris.", ENGLISH, "the name NATO");
    found("Sales of the eBook rose.", ENGLISH, "the name eBook");
}

#[test]
fn chinese_titles_people_and_organisations_must_be_known() {
    kept("张伟表示，华星公司将投资。《未来计划》售出。OpenAI 参加。", CHINESE);
    found("《过去计划》售出。", CHINESE, "the name 过去计划");
    found("王芳表示，将投资。", CHINESE, "the name 王芳");
    found("远大公司将投资。", CHINESE, "the name 远大公司");
    found("在南京大学附近建设。", CHINESE, "the name 南京大学");
    found("Google 参加。", CHINESE, "the name Google");
    found("GPT-5 参加。", CHINESE, "the number 5");
}

#[test]
fn in_another_script_numbers_alone_must_agree() {
    kept("Zhang Wei of Huaxing will invest 150 million yuan in Beijing.", CHINESE);
    found("Zhang Wei will invest 160 million yuan.", CHINESE, "the number 160 million");
    kept("默克尔周一在巴黎会见马克龙，欧盟将支出15亿美元。", ENGLISH);
    found("欧盟将支出16亿美元。", ENGLISH, "the number 16亿");
}

proptest! {
    #[test]
    fn any_choice_of_an_articles_sentences_keeps_to_it(chosen in any::<u16>()) {
        for article in [ENGLISH, CHINESE] {
            let sentences = crate::summary::split_sentences(article);
            let parts: Vec<&str> = sentences
                .iter()
                .enumerate()
                .filter(|(at, _)| chosen & (1 << at) != 0)
                .map(|(_, sentence)| *sentence)
                .collect();
            prop_assert_eq!(invented(&parts.join(" "), article), None);
        }
    }

    #[test]
    fn any_text_keeps_to_itself(text in "[A-Za-z0-9.,'’ 一三十百万亿王说公司《》“”]{0,60}") {
        prop_assert_eq!(invented(&text, &text), None);
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,80}", article in ".{0,80}") {
        let _ = find_invented(&text, &article);
    }

    #[test]
    fn a_number_that_is_not_there_is_found(number in 30_000_u64..1_000_000_000, wide: bool) {
        let text = if wide { format!("共{number}人。") } else { format!("It was {number} people.") };
        let article = if wide { CHINESE } else { ENGLISH };
        prop_assume!(number != 1_200_000);
        prop_assert!(matches!(find_invented(&text, article), Some(Invented::Number(_))));
    }

    #[test]
    fn a_name_that_is_not_there_is_found(name in "Q[a-z]{3,8}") {
        let text = format!("The EU met {name} on Monday.");
        prop_assert_eq!(find_invented(&text, ENGLISH), Some(Invented::Name(name)));
    }
}
