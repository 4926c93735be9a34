//! Lists of subscriptions: in with the settings that other programs write, out with ours.

use super::{NAME_CHARS_MAX, SUBSCRIPTIONS_MAX, StoreSourceCommands};
use crate::library::in_time;
use autoglm_domain::{Fault, ReaderId, Source};
use autoglm_feeds::opml::{self, OpmlFeed, OpmlWishes};
use autoglm_models::{SourceChange, SubscriptionRow};
use autoglm_protocol::port::{AddSource, ImportProblem, ImportedList};
use futures_util::future::join_all;
use std::collections::HashSet;

/// Sources added at the same time, so that they share commits.
const TOGETHER: usize = 32;
/// Most problems told of one list.
const PROBLEMS_MAX: usize = 2_000;

/// The reader's subscriptions as a list.
pub(super) fn written(rows: Vec<SubscriptionRow>) -> String {
    let fetched = rows.into_iter().filter(|row| row.source.kind.is_fetched());
    opml::write("Open-AutoGLM", &fetched.map(listed).collect::<Vec<_>>())
}

fn listed(row: SubscriptionRow) -> OpmlFeed {
    let Source { url, title, site_url, kind, settings, interval, paused, private, .. } = row.source;
    let own = row.title_override.filter(|title| !title.is_empty());
    OpmlFeed {
        url,
        title: own.unwrap_or(title),
        site_url: Some(site_url).filter(|url| !url.is_empty()),
        folder: row.folder,
        wishes: OpmlWishes {
            kind: Some(kind),
            settings,
            request: private.map(|private| private.request).unwrap_or_default(),
            interval: Some(interval),
            paused,
        },
        problems: Vec::new(),
    }
}

/// What came of one subscription of a list.
struct Imported {
    feed: OpmlFeed,
    /// Whether it is new, or why it is not followed.
    outcome: Result<bool, Fault>,
}

impl StoreSourceCommands {
    /// Adds what a list has, each by the same rules as alone.
    pub(super) async fn import(
        &self,
        reader: ReaderId,
        document: Vec<u8>,
    ) -> Result<ImportedList, Fault> {
        let read = tokio::task::spawn_blocking(move || opml::read(&document)).await;
        let read =
            read.map_err(|error| Fault::internal(format!("reading a list failed: {error}")))?;
        let list = read.map_err(|error| Fault::invalid(error.to_string()))?;
        let followed = in_time(self.store.subscriptions(reader)).await?;
        let free = SUBSCRIPTIONS_MAX.saturating_sub(followed.len());
        let total = list.outlines.len();
        let mut report = ImportedList { total, ..ImportedList::default() };
        list.problems.into_iter().for_each(|problem| report.tell_of_list(problem));
        if total > free {
            report.tell_of_list(format!(
                "only the first {free} of {total} were taken: nobody follows more than {SUBSCRIPTIONS_MAX} sources"
            ));
        }
        let mut seen = HashSet::new();
        let (firsts, doubles): (Vec<_>, Vec<_>) =
            list.outlines[..total.min(free)].iter().partition(|feed| seen.insert(feed.url.trim()));
        for double in doubles {
            report.known += 1;
            report.tell(ImportProblem {
                url: double.url.clone(),
                title: double.title.clone(),
                problem: "it is listed more than once; its first place counts".to_owned(),
                imported: true,
            });
        }
        for feeds in firsts.chunks(TOGETHER) {
            let imports =
                feeds.iter().map(|feed| self.import_one(reader, &followed, (*feed).clone()));
            let imports: Vec<_> = imports.collect();
            join_all(imports).await.into_iter().for_each(|imported| report.count(imported));
        }
        self.hint(reader).await;
        Ok(report)
    }

    async fn import_one(
        &self,
        reader: ReaderId,
        followed: &[SubscriptionRow],
        mut feed: OpmlFeed,
    ) -> Imported {
        let outcome = self.follow(reader, followed, &mut feed).await;
        Imported { feed, outcome }
    }

    async fn follow(
        &self,
        reader: ReaderId,
        followed: &[SubscriptionRow],
        feed: &mut OpmlFeed,
    ) -> Result<bool, Fault> {
        let wishes = feed.wishes.clone();
        let command = AddSource {
            url: feed.url.clone(),
            kind: wishes.kind,
            settings: wishes.settings,
            request: wishes.request,
            title: Some(shortened("title", &feed.title, &mut feed.problems)),
            folder: feed
                .folder
                .as_deref()
                .map(|folder| shortened("folder", folder, &mut feed.problems)),
            interval: wishes.interval,
        };
        let wanted = self.wanted(reader, command)?;
        if followed.iter().any(|row| wanted.means(row)) {
            return Ok(false);
        }
        let (settings, interval) = (wanted.new.settings.clone(), wanted.new.interval);
        let added = self.store.add_source(wanted.new).await?;
        let source = added.source;
        let differs = source.settings != settings
            || (wishes.interval.is_some() && source.interval != interval)
            || (wishes.paused && !source.paused);
        if added.created && wishes.paused {
            let change = SourceChange { paused: Some(true), ..SourceChange::default() };
            self.store.update_source(source.id, change).await?;
        } else if !added.created && differs {
            feed.problems.push("it was here already and keeps its settings".to_owned());
        }
        Ok(self.store.subscribe(reader, source.id, wanted.folder, wanted.title).await?)
    }
}

/// A name as long as names may be.
fn shortened(what: &str, name: &str, problems: &mut Vec<String>) -> String {
    let line = name.replace(char::is_control, " ");
    if line.chars().count() <= NAME_CHARS_MAX {
        return line;
    }
    problems.push(format!("its {what} is cut to {NAME_CHARS_MAX} characters"));
    line.chars().take(NAME_CHARS_MAX).collect()
}

/// What is counted and told; kept here because the port only names it.
trait Report {
    fn tell(&mut self, problem: ImportProblem);
    fn tell_of_list(&mut self, problem: String);
    fn count(&mut self, imported: Imported);
}

impl Report for ImportedList {
    fn tell(&mut self, problem: ImportProblem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.problems_left_out += 1;
        }
    }

    fn tell_of_list(&mut self, problem: String) {
        let (url, title) = (String::new(), String::new());
        self.tell(ImportProblem { url, title, problem, imported: true });
    }

    fn count(&mut self, imported: Imported) {
        let Imported { feed, outcome } = imported;
        let OpmlFeed { url, title, problems, .. } = feed;
        let is_imported = outcome.is_ok();
        match &outcome {
            Ok(true) => self.added += 1,
            Ok(false) => self.known += 1,
            Err(_) => {}
        }
        let refused = outcome.err().map(|fault| fault.message);
        for problem in problems.into_iter().chain(refused) {
            let (url, title) = (url.clone(), title.clone());
            self.tell(ImportProblem { url, title, problem, imported: is_imported });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::commands;
    use crate::testing_readers::House;
    use autoglm_domain::SourceSettings;
    use autoglm_protocol::port::SourceCommands;
    use std::time::Duration;

    const LIST: &str = r#"<opml version="2.0"><body><outline text="News"><outline text="World">
        <outline type="rss" text="One" xmlUrl="https://one.demo/feed" htmlUrl="https://one.demo/"
            miniflux:crawler="true" miniflux:scraperRules="article" miniflux:disabled="true"
            miniflux:blocklistRules="ads"/></outline></outline>
        <outline type="HTML+XPath" text="Two" xmlUrl="https://two.demo/list" frss:ttl="7200"
            frss:xPathItem="//li[@class='news']" frss:CURLOPT_COOKIE="c-o-o-k-i-e"/>
        <outline text="Three" xmlUrl="ftp://three.demo/feed"/>
        <outline text="One again" xmlUrl="https://one.demo/feed"/></body></opml>"#;

    #[tokio::test]
    async fn a_list_of_another_program_comes_in_whole_and_what_does_not_is_told() {
        let house = House::new().await;
        let commands = commands(&house);
        let report = commands.import_list(house.reader, LIST.into()).await.expect("a list");
        assert_eq!((report.total, report.added, report.known), (4, 2, 1), "{report:?}");
        let told = |word: &str| report.problems.iter().find(|one| one.problem.contains(word));
        assert!(told("blocklistrules").is_some_and(|one| one.imported && one.title == "One"));
        assert!(told("only http").is_some_and(|one| !one.imported && one.title == "Three"));
        assert!(told("c-o-o-k").is_none(), "{report:?}");
        let rows = house.store.subscriptions(house.reader).await.expect("read");
        let one = rows.iter().find(|row| row.source.url.contains("one")).expect("added");
        assert_eq!(one.folder.as_deref(), Some("News/World"));
        assert!(one.source.paused && one.source.settings.full_text && one.source.private.is_none());
        let two = rows.iter().find(|row| row.source.url.contains("two")).expect("added");
        assert_eq!(two.source.interval, Duration::from_secs(7_200));
        assert!(two.source.private.is_some() && two.source.settings.selectors.is_some());
        let again = commands.import_list(house.reader, LIST.into()).await.expect("a list");
        assert_eq!((again.added, again.known), (0, 3), "{again:?}");
        let fault = commands.import_list(house.reader, b"milk, bread".to_vec()).await;
        assert!(fault.expect_err("no list").message.contains("OPML"));
    }

    #[tokio::test]
    async fn what_is_exported_makes_equal_sources_on_an_empty_node_all_but_secrets() {
        let house = House::new().await;
        let from = commands(&house);
        from.import_list(house.reader, LIST.into()).await.expect("a list");
        let list = from.export_list(house.reader).await.expect("a list");
        assert!(!list.contains("c-o-o-k-i-e"), "{list}");
        let empty = House::new().await;
        let to = commands(&empty);
        let report = to.import_list(empty.reader, list.clone().into()).await.expect("our list");
        assert_eq!((report.total, report.added), (2, 2), "{report:?}");
        assert_eq!(report.problems.len(), 1, "{report:?}");
        assert!(report.problems[0].problem.contains("cookie"), "{report:?}");
        let rows = async |house: &House| -> Vec<(
            String,
            String,
            SourceSettings,
            Duration,
            bool,
            Option<String>,
        )> {
            let rows = house.store.subscriptions(house.reader).await.expect("read");
            let mut rows: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let source = row.source;
                    let title = row.title_override.unwrap_or(source.title);
                    (source.url, title, source.settings, source.interval, source.paused, row.folder)
                })
                .collect();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            rows
        };
        assert_eq!(rows(&house).await, rows(&empty).await);
    }
}
