//! What a list says of a subscription besides its name: our own attributes, those of FreshRSS and those
//! of Miniflux. What has no equal here is told, by name and never by value: it may be a secret.

use super::xpath;
use crate::full_text;
use autoglm_domain::{
    JsonMapping, PageRule, PageSelectors, Secret, SourceKind, SourceRequest, SourceSettings,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Shortest and longest time between fetches that can be kept.
const INTERVAL_SECONDS: (u64, u64) = (60, 7 * 24 * 3_600);
/// Longest list of problems of one subscription.
const PROBLEMS_MAX: usize = 40;
/// What other programs write when nothing is meant by it.
const NOTHING_MEANT: [&str; 7] = ["", "0", "false", "main", "id", "-1", "rss"];

/// How a subscription is to be read, asked and scheduled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlWishes {
    /// What is there, when the list says so.
    pub kind: Option<SourceKind>,
    /// How it is read.
    pub settings: SourceSettings,
    /// How it is asked; secrets only from other programs' lists.
    pub request: SourceRequest,
    /// Time between fetches.
    pub interval: Option<Duration>,
    /// Not to be fetched.
    pub paused: bool,
}

/// The attributes of one outline that are not everybody's, by name in lower case.
pub(super) type Attributes = BTreeMap<String, String>;

/// Reads them; the texts say what could not be taken over.
pub(super) fn read(mut given: Attributes) -> (OpmlWishes, Vec<String>) {
    let mut reading = Reading::default();
    let sort = given.remove("type").unwrap_or_default();
    reading.own(&mut given);
    reading.miniflux(&mut given);
    reading.freshrss(&sort, &mut given);
    reading.check();
    for (name, value) in given {
        let means_nothing = NOTHING_MEANT.contains(&value.to_ascii_lowercase().as_str());
        if !means_nothing && name != "frss:curlopt_proxytype" {
            reading.problem(format!("{name} has no equal here"));
        }
    }
    (reading.wishes, reading.problems)
}

#[derive(Default)]
struct Reading {
    wishes: OpmlWishes,
    problems: Vec<String>,
}

impl Reading {
    fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    fn own(&mut self, given: &mut Attributes) {
        let mut take = |name: &str| given.remove(&format!("autoglm:{name}"));
        let kind = take("kind").and_then(|name| SourceKind::from_name(&name));
        self.wishes.kind = kind.filter(|kind| kind.is_fetched());
        self.wishes.paused = take("paused").is_some_and(|value| is_true(&value));
        self.wishes.request.user_agent = take("useragent");
        self.wishes.request.proxy = take("proxy");
        let (interval, settings, withheld) = (take("interval"), take("settings"), take("withheld"));
        if let Some(interval) = interval {
            self.interval("autoglm:interval", &interval);
        }
        match settings.map(|settings| serde_json::from_str(&settings)) {
            Some(Ok(settings)) => self.wishes.settings = settings,
            Some(Err(_)) => self.problem("autoglm:settings cannot be read".to_owned()),
            None => {}
        }
        if let Some(withheld) = withheld {
            let names: String = withheld.chars().filter(|c| !c.is_control()).take(300).collect();
            self.problem(format!("its secrets are in no list; give them again: {names}"));
        }
    }

    fn miniflux(&mut self, given: &mut Attributes) {
        let mut take = |name: &str| given.remove(&format!("miniflux:{name}"));
        let (rules, crawler) = (take("scraperrules"), take("crawler"));
        let (agent, cookie, disabled) = (take("useragent"), take("cookie"), take("disabled"));
        if crawler.is_some_and(|value| is_true(&value)) {
            self.wishes.settings.full_text = true;
        }
        if let Some(rules) = rules {
            self.page_rule("miniflux:scraperRules", &rules, |rule| &mut rule.content);
        }
        let request = &mut self.wishes.request;
        request.user_agent = agent.or(request.user_agent.take());
        request.cookie = cookie.map(Secret::new).or(request.cookie.take());
        self.wishes.paused |= disabled.is_some_and(|value| is_true(&value));
    }

    fn freshrss(&mut self, sort: &str, given: &mut Attributes) {
        let mut take = |name: &str| given.remove(&format!("frss:{name}"));
        let (ttl, content) = (take("ttl"), take("cssfullcontent"));
        let filter = take("csscontentfilter").or_else(|| take("cssfullcontentfilter"));
        let (agent, cookie) = (take("curlopt_useragent"), take("curlopt_cookie"));
        let headers = take("curlopt_httpheader");
        if let Some(ttl) = ttl {
            self.wishes.paused |= ttl.starts_with('-');
            self.interval("frss:ttl", ttl.trim_start_matches('-'));
        }
        if let Some(content) = &content {
            self.wishes.settings.full_text = true;
            self.page_rule("frss:cssFullContent", content, |rule| &mut rule.content);
        }
        match filter {
            Some(filter) if content.is_some() => {
                self.page_rule("frss:cssContentFilter", &filter, |rule| &mut rule.remove);
            }
            Some(_) => self.problem(
                "frss:cssContentFilter has no equal here without the text of pages".to_owned(),
            ),
            None => {}
        }
        let request = &mut self.wishes.request;
        request.user_agent = agent.or(request.user_agent.take());
        request.cookie = cookie.map(Secret::new).or(request.cookie.take());
        for line in headers.iter().flat_map(|headers| headers.lines()) {
            if let Some((name, value)) = line.split_once(':') {
                request.headers.insert(name.trim().to_owned(), Secret::new(value.trim()));
            }
        }
        match sort.to_ascii_lowercase().as_str() {
            "html+xpath" => self.xpath(given),
            "json+dotnotation" => self.dot_notation(given),
            "xml+xpath" | "html+xpath+json+dotnotation" => {
                self.problem(format!("sources of type {sort} are not read here"));
            }
            _ => {}
        }
    }

    /// A page read by XPath becomes one read by CSS where the same can be said in it.
    fn xpath(&mut self, given: &mut Attributes) {
        let mut take = |name: &str| given.remove(&format!("frss:xpathitem{name}"));
        let (item, rest) = (
            take("").unwrap_or_default(),
            [
                ("Uri", "uri"),
                ("Title", "title"),
                ("Content", "content"),
                ("Timestamp", "timestamp"),
            ]
            .map(|(shown, name)| (shown, take(name))),
        );
        self.wishes.kind = Some(SourceKind::Page);
        let Some(item) = xpath::to_css(&item) else {
            return self.problem(format!(
                "frss:xPathItem {item:.200} cannot be said in CSS; add the page with selectors of its own"
            ));
        };
        let [link, title, summary, published] = rest.map(|(shown, given)| {
            let given = given.filter(|path| path.trim() != ".")?;
            let css = xpath::to_css(&given);
            if css.is_none() {
                let path = format!("frss:xPathItem{shown} {given:.200} cannot be said in CSS");
                self.problem(path);
            }
            css
        });
        self.wishes.settings.selectors =
            Some(PageSelectors { item, link, title, summary, published });
    }

    fn dot_notation(&mut self, given: &mut Attributes) {
        let mut take = |name: &str| {
            let path = given.remove(&format!("frss:jsonitem{name}"))?;
            Some(path.trim().to_owned()).filter(|path| !path.is_empty())
        };
        self.wishes.kind = Some(SourceKind::JsonApi);
        self.wishes.settings.mapping = Some(JsonMapping {
            items: take("").unwrap_or_else(|| "$".to_owned()),
            title: take("title").unwrap_or_default(),
            link: take("uri").unwrap_or_default(),
            id: take("uid"),
            summary: None,
            content: take("content"),
            published: take("timestamp"),
            author: take("author"),
        });
    }

    fn page_rule(&mut self, name: &str, css: &str, part: fn(&mut PageRule) -> &mut Vec<String>) {
        let mut rule = self.wishes.settings.page_rule.clone().unwrap_or_default();
        part(&mut rule).push(css.trim().to_owned());
        let settings = SourceSettings { page_rule: Some(rule), ..self.wishes.settings.clone() };
        let is_good =
            settings.page_rule.as_ref().is_some_and(|rule| full_text::compile(rule).is_ok());
        if is_good && settings.overlong().is_none() {
            self.wishes.settings = settings;
        } else {
            self.problem(format!("{name} is no CSS selector that can be read here"));
        }
    }

    fn interval(&mut self, name: &str, seconds: &str) {
        let (shortest, longest) = INTERVAL_SECONDS;
        match seconds.trim().parse::<u64>() {
            Ok(0) => {}
            Ok(seconds) => {
                let kept = seconds.clamp(shortest, longest);
                self.wishes.interval = Some(Duration::from_secs(kept));
                if kept != seconds {
                    self.problem(format!("{name} is {seconds} seconds; {kept} are kept"));
                }
            }
            Err(_) => self.problem(format!("{name} is no number of seconds")),
        }
    }

    /// What may not be said to a source is left out as a whole: half of a login helps nobody.
    fn check(&mut self) {
        match std::mem::take(&mut self.wishes.request).checked() {
            Ok(request) => self.wishes.request = request,
            Err(problem) => self.problem(format!("how it is asked is not taken over: {problem}")),
        }
    }
}

fn is_true(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes")
}
