//! Sites whose addresses tell, without asking, where their feed or programming interface is.
//!
//! A person pastes the address of what they see in the browser; the public feed lies elsewhere.
//! Sites that announce their feed in the page need no rule here: discovery finds it.

use autoglm_domain::{JsonMapping, SourceKind, SourceSettings};
use url::Url;

/// Articles asked for where the interface lets us choose.
const ROWS: &str = "50";

/// A source a site is known to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSource {
    /// Where to fetch.
    pub url: String,
    /// What is there.
    pub kind: SourceKind,
    /// How to read it.
    pub settings: SourceSettings,
}

/// The source behind an address or handle (`@name@server`), when its site is known.
///
/// YouTube channels and playlists, GitHub, Reddit, Mastodon, Bluesky, Medium, arXiv lists and searches,
/// PubMed searches (through Europe PMC, which carries all of it and answers in one request),
/// Crossref works, Hacker News.
#[must_use]
pub fn known_source(text: &str) -> Option<KnownSource> {
    let text = text.trim();
    if let Some(feed) = mastodon_handle(text) {
        return Some(feed);
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let path: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    match host {
        "youtube.com" | "m.youtube.com" => youtube(&url, &path),
        "github.com" => github(&path),
        "reddit.com" | "old.reddit.com" | "new.reddit.com" => reddit(&path),
        "bsky.app" => bluesky(&path),
        "medium.com" => medium(&path),
        "arxiv.org" | "export.arxiv.org" => arxiv(&url, &path),
        "pubmed.ncbi.nlm.nih.gov" => pubmed(&url, &path),
        "search.crossref.org" => crossref(&query(&url, "q")?),
        "api.crossref.org" => Some(json(url.to_string(), crossref_mapping())),
        "news.ycombinator.com" => hacker_news(&path),
        _ => None,
    }
}

impl KnownSource {
    /// With what a person wished besides: the way into the document is the site's, the rest theirs.
    #[must_use]
    pub fn with_wishes(self, wished: SourceSettings) -> Self {
        let SourceSettings { mapping, selectors, .. } = self.settings;
        Self { settings: SourceSettings { mapping, selectors, ..wished }, ..self }
    }
}

fn feed(url: impl Into<String>) -> KnownSource {
    let (kind, settings) = (SourceKind::Feed, SourceSettings::default());
    KnownSource { url: url.into(), kind, settings }
}

fn json(url: String, mapping: JsonMapping) -> KnownSource {
    let settings = SourceSettings { mapping: Some(mapping), ..SourceSettings::default() };
    KnownSource { url, kind: SourceKind::JsonApi, settings }
}

fn query(url: &Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn with_query(base: &str, pairs: &[(&str, &str)]) -> Option<String> {
    Url::parse_with_params(base, pairs).ok().map(String::from)
}

fn mastodon_handle(text: &str) -> Option<KnownSource> {
    let (name, server) = text.strip_prefix('@')?.split_once('@')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_server = server.contains('.') && Url::parse(&format!("https://{server}/")).is_ok();
    let is_server = is_server && server.chars().all(|c| c.is_alphanumeric() || ".-".contains(c));
    (is_name && is_server).then(|| feed(format!("https://{server}/@{name}.rss")))
}

fn youtube(url: &Url, path: &[&str]) -> Option<KnownSource> {
    const FEED: &str = "https://www.youtube.com/feeds/videos.xml";
    match path {
        ["channel", id, ..] => with_query(FEED, &[("channel_id", id)]).map(feed),
        ["user", name, ..] => with_query(FEED, &[("user", name)]).map(feed),
        ["playlist"] => with_query(FEED, &[("playlist_id", &query(url, "list")?)]).map(feed),
        _ => None,
    }
}

fn github(path: &[&str]) -> Option<KnownSource> {
    match path {
        [_, _, last] if last.ends_with(".atom") => None,
        [owner, name] | [owner, name, "releases", ..] => {
            let name = name.strip_suffix(".git").unwrap_or(name);
            Some(feed(format!("https://github.com/{owner}/{name}/releases.atom")))
        }
        [owner, name, "tags"] => Some(feed(format!("https://github.com/{owner}/{name}/tags.atom"))),
        [owner, name, "commits"] => {
            Some(feed(format!("https://github.com/{owner}/{name}/commits.atom")))
        }
        [owner, name, "commits" | "tree", branch @ ..] if !branch.is_empty() => {
            let branch = branch.join("/");
            Some(feed(format!("https://github.com/{owner}/{name}/commits/{branch}.atom")))
        }
        [owner, name, "issues"] => {
            let url = format!("https://api.github.com/repos/{owner}/{name}/issues");
            let mapping = JsonMapping {
                items: "$".into(),
                title: "title".into(),
                link: "html_url".into(),
                published: Some("created_at".into()),
                author: Some("user.login".into()),
                ..JsonMapping::default()
            };
            Some(json(url, mapping))
        }
        _ => None,
    }
}

fn reddit(path: &[&str]) -> Option<KnownSource> {
    match path {
        [.., last] if last.ends_with(".rss") => None,
        ["r" | "user" | "u", _] | ["r", _, "new" | "top" | "hot"] => {
            Some(feed(format!("https://www.reddit.com/{}/.rss", path.join("/"))))
        }
        _ => None,
    }
}

fn bluesky(path: &[&str]) -> Option<KnownSource> {
    match path {
        ["profile", name] => Some(feed(format!("https://bsky.app/profile/{name}/rss"))),
        _ => None,
    }
}

fn medium(path: &[&str]) -> Option<KnownSource> {
    match path {
        [name] if *name != "feed" => Some(feed(format!("https://medium.com/feed/{name}"))),
        ["tag", name] => Some(feed(format!("https://medium.com/feed/tag/{name}"))),
        _ => None,
    }
}

fn arxiv(url: &Url, path: &[&str]) -> Option<KnownSource> {
    match path {
        ["list", category, ..] => Some(feed(format!("https://rss.arxiv.org/atom/{category}"))),
        ["search", ..] => {
            let words = query(url, "query")?;
            let pairs = [
                ("search_query", format!("all:\"{}\"", words.replace('"', ""))),
                ("sortBy", "submittedDate".to_owned()),
                ("sortOrder", "descending".to_owned()),
                ("max_results", ROWS.to_owned()),
            ];
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
            with_query("https://export.arxiv.org/api/query", &pairs).map(feed)
        }
        _ => None,
    }
}

fn pubmed(url: &Url, path: &[&str]) -> Option<KnownSource> {
    if !path.is_empty() {
        return None;
    }
    let words = format!("({}) AND (SRC:MED)", query(url, "term")?);
    let pairs = [
        ("query", words.as_str()),
        ("resultType", "core"),
        ("format", "json"),
        ("pageSize", ROWS),
        ("sort", "FIRST_PDATE_D desc"),
    ];
    let url = with_query("https://www.ebi.ac.uk/europepmc/webservices/rest/search", &pairs)?;
    let some = |path: &str| Some(path.to_owned());
    let mapping = JsonMapping {
        items: "resultList.result".into(),
        title: "title".into(),
        link: "https://pubmed.ncbi.nlm.nih.gov/{pmid}/".into(),
        id: some("pmid"),
        summary: some("abstractText"),
        published: some("firstPublicationDate"),
        author: some("authorString"),
        ..JsonMapping::default()
    };
    Some(json(url, mapping))
}

fn crossref(words: &str) -> Option<KnownSource> {
    let pairs = [("query", words), ("sort", "created"), ("order", "desc"), ("rows", ROWS)];
    let url = with_query("https://api.crossref.org/works", &pairs)?;
    Some(json(url, crossref_mapping()))
}

fn crossref_mapping() -> JsonMapping {
    let some = |path: &str| Some(path.to_owned());
    JsonMapping {
        items: "message.items".into(),
        title: "title[0]".into(),
        link: "URL".into(),
        id: some("DOI"),
        summary: some("abstract"),
        published: some("created.date-time"),
        author: some("author"),
        ..JsonMapping::default()
    }
}

fn hacker_news(path: &[&str]) -> Option<KnownSource> {
    match path {
        [] | ["news"] => Some(feed("https://news.ycombinator.com/rss")),
        ["show"] => Some(feed("https://news.ycombinator.com/showrss")),
        _ => None,
    }
}

/// The scheme of routes on an RSSHub server, such as `rsshub://github/issue/rust-lang/rust`.
const RSSHUB_SCHEME: &str = "rsshub://";

/// Whether an address is a route of RSSHub, without a server.
#[must_use]
pub fn is_rsshub(url: &str) -> bool {
    url.get(..RSSHUB_SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(RSSHUB_SCHEME))
}

/// The addresses of an RSSHub route on each of the servers, in their order; any other address
/// stands for itself.
#[must_use]
pub fn addresses(url: &str, servers: &[String]) -> Vec<String> {
    if !is_rsshub(url) {
        return vec![url.to_owned()];
    }
    let route = url[RSSHUB_SCHEME.len()..].trim_start_matches('/');
    servers.iter().map(|server| format!("{}/{route}", server.trim_end_matches('/'))).collect()
}

/// Addresses at which sites without an announcement have their feed most often.
#[must_use]
pub fn usual_addresses(page: &Url) -> Vec<Url> {
    const USUAL: [&str; 6] = ["feed", "rss", "rss.xml", "atom.xml", "feed.xml", "index.xml"];
    let folder = format!("{}/", page.path().trim_end_matches('/'));
    let mut found: Vec<Url> = Vec::new();
    for name in USUAL {
        // First beside the page, then at the root of its site.
        for path in [format!("{folder}{name}"), format!("/{name}")] {
            let mut url = page.clone();
            url.set_path(&path);
            url.set_query(None);
            url.set_fragment(None);
            if !found.contains(&url) {
                found.push(url);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url_of(text: &str) -> Option<String> {
        known_source(text).map(|known| known.url)
    }

    #[test]
    fn what_a_browser_shows_leads_to_the_feed_behind_it() {
        for (seen, behind) in [
            (
                "https://www.youtube.com/channel/UC1/videos",
                "https://www.youtube.com/feeds/videos.xml?channel_id=UC1",
            ),
            (
                "https://youtube.com/playlist?list=PL1",
                "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
            ),
            (
                "https://github.com/rust-lang/rust",
                "https://github.com/rust-lang/rust/releases.atom",
            ),
            ("https://github.com/a/b/commits/main", "https://github.com/a/b/commits/main.atom"),
            ("https://old.reddit.com/r/rust/", "https://www.reddit.com/r/rust/.rss"),
            ("@Gargron@mastodon.social", "https://mastodon.social/@Gargron.rss"),
            ("https://arxiv.org/list/cs.CL/recent", "https://rss.arxiv.org/atom/cs.CL"),
            ("https://bsky.app/profile/a.example", "https://bsky.app/profile/a.example/rss"),
            ("https://medium.com/@someone", "https://medium.com/feed/@someone"),
            ("https://news.ycombinator.com/", "https://news.ycombinator.com/rss"),
        ] {
            assert_eq!(url_of(seen).as_deref(), Some(behind), "{seen}");
        }
    }

    #[test]
    fn searches_become_requests_of_the_programming_interface() {
        let arxiv =
            url_of("https://arxiv.org/search/?query=graph+neural&searchtype=all").expect("known");
        assert!(arxiv.contains("search_query=all%3A%22graph+neural%22"), "{arxiv}");
        let pubmed = known_source("https://pubmed.ncbi.nlm.nih.gov/?term=sepsis").expect("known");
        assert_eq!(pubmed.kind, SourceKind::JsonApi);
        assert!(pubmed.settings.mapping.is_some_and(|mapping| mapping.link.contains("{pmid}")));
        let crossref = url_of("https://search.crossref.org/?q=news+recommendation").expect("known");
        assert!(crossref.starts_with("https://api.crossref.org/works?query=news+recommendation"));
    }

    #[test]
    fn the_way_into_a_known_site_is_its_own_and_the_other_wishes_are_kept() {
        let wished = SourceSettings { full_text: true, ..SourceSettings::default() };
        let known = known_source("https://search.crossref.org/?q=news").expect("known");
        let settings = known.with_wishes(wished).settings;
        assert!(settings.full_text && settings.mapping.is_some());
    }

    #[test]
    fn what_is_no_known_site_or_is_the_feed_itself_stays() {
        for text in [
            "https://example.org/",
            "https://github.com/a/b/releases.atom",
            "https://www.reddit.com/r/rust/.rss",
            "https://www.youtube.com/watch?v=1",
            "https://pubmed.ncbi.nlm.nih.gov/12345/",
            "@nobody",
            "@a@b/../c",
            "ftp://github.com/a/b",
        ] {
            assert_eq!(url_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_route_of_rsshub_is_asked_of_every_server_in_turn() {
        let servers = ["https://one.example/".to_owned(), "https://two.example/hub".to_owned()];
        let asked = addresses("rsshub://github/issue/a", &servers);
        assert_eq!(
            asked,
            ["https://one.example/github/issue/a", "https://two.example/hub/github/issue/a"]
        );
        assert_eq!(addresses("https://e.org/feed", &servers), ["https://e.org/feed"]);
        assert!(addresses("rsshub://a", &[]).is_empty());
    }

    #[test]
    fn feeds_are_looked_for_beside_the_page_and_at_the_root() {
        let page = Url::parse("https://e.org/blog/?x=1").expect("an address");
        let usual: Vec<String> = usual_addresses(&page).into_iter().map(String::from).collect();
        assert_eq!(usual[..2], ["https://e.org/blog/feed", "https://e.org/feed"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_rules_panic(text in "(https://(github.com|arxiv.org|reddit.com|youtube.com))?.{0,60}") {
            if let Some(known) = known_source(&text) {
                prop_assert!(Url::parse(&known.url).is_ok());
            }
            let _ = addresses(&text, &["https://e.org".to_owned()]);
        }
    }
}
