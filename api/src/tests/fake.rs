//! Ports that answer from memory and remember what they were asked.

mod cluster;

use async_trait::async_trait;
use autoglm_protocol::domain::{
    ArticleId, ArticleStage, Entity, EntityKind, Fault, Health, HubStage, HubSubscription,
    Language, Marks, Reader, ReaderEvent, ReaderId, Reason, ReasonKind, Recommendation, Source,
    SourceId, SourceKind, SourceSettings, Story, StoryId, Timestamp, TopicScore,
};
use autoglm_protocol::inference_pool::DeviceStatus;
use autoglm_protocol::port::{
    Access, AddSource, ChangeSource, Image, Images, ImportProblem, ImportedList, Library,
    Operations, OperatorSource, PipelineReport, PipelineSample, PreviewArticle, PreviewSource,
    Principal, Readers, SourceCommands, SourcePreview,
};
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::stage::StageReport;
use autoglm_protocol::status::{ActorReport, ActorState};
use autoglm_protocol::view::{
    ArticleDetail, ArticleQuery, ArticleView, EntityView, Page, RankedList, RecommendedArticle,
    SourceView, Statistics, StoryView, TopicView,
};
use autoglm_protocol::websub::{HubCallbacks, HubPush, HubQuestion};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

pub(crate) const READER_TOKEN: &str = "reader-token";
pub(crate) const OPERATOR_TOKEN: &str = "operator-token";

/// All ports in one.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    /// Whether a token is needed.
    pub(crate) locked: bool,
    /// Answered by every port that can fail, when set.
    pub(crate) fault: Mutex<Option<Fault>>,
    /// The last list that was asked for.
    pub(crate) asked: Mutex<Option<(ReaderId, ArticleQuery)>>,
    /// Every event that was taken.
    pub(crate) events: Mutex<Vec<ReaderEvent>>,
    /// The last source command, as text.
    pub(crate) command: Mutex<String>,
    /// Why the node is not ready.
    pub(crate) not_ready: Mutex<Option<String>>,
    /// How often drain was called.
    pub(crate) drained: Mutex<usize>,
    /// Every document a hub sent.
    pub(crate) pushes: Mutex<Vec<HubPush>>,
    /// The type images come with.
    pub(crate) image_type: Mutex<String>,
    /// How many requests of readers were timed.
    pub(crate) timed: Mutex<usize>,
}

impl Fake {
    fn fail(&self) -> Result<(), Fault> {
        self.fault.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    pub(crate) fn note(&self, command: String) {
        *self.command.lock().unwrap() = command;
    }
}

pub(crate) fn article(id: i64) -> ArticleView {
    ArticleView {
        id: ArticleId(id),
        source_id: SourceId(3),
        source_title: "Example".to_owned(),
        story_id: Some(StoryId(9)),
        url: "https://e.org/1".to_owned(),
        title: "标题 <b>".to_owned(),
        authors: vec!["A".to_owned()],
        language: Some(Language::CHINESE),
        published_at: None,
        fetched_at: Timestamp(0),
        topics: vec![TopicScore { name: "energy".to_owned(), score: 0.5 }],
        summary: String::new(),
        entities: vec![Entity {
            key: "nvidia".to_owned(),
            name: "英伟达".to_owned(),
            kind: EntityKind::Company,
            count: 2,
        }],
        keywords: vec!["芯片".to_owned()],
        stage: ArticleStage::Placed,
        marks: Marks { read: true, ..Marks::default() },
        trace_parent: None,
    }
}

fn entity(key: &str) -> EntityView {
    EntityView {
        key: key.to_owned(),
        kind: EntityKind::Company,
        name: "英伟达".to_owned(),
        english: Some("Nvidia".to_owned()),
        chinese: None,
        articles: 4,
    }
}

pub(crate) fn source(id: i64) -> SourceView {
    SourceView {
        id: SourceId(id),
        kind: SourceKind::Feed,
        url: "https://e.org/feed".to_owned(),
        title: "Example".to_owned(),
        site_url: String::new(),
        folder: "News".to_owned(),
        unread: 4,
        health: Health { last_success_at: Some(Timestamp(0)), ..Health::default() },
        interval_seconds: 900,
        paused: false,
        settings: SourceSettings::default(),
        private: true,
        request: vec!["cookie".to_owned(), "headers.x-key".to_owned()],
        push: (id == 12).then(hub_subscription),
    }
}

fn hub_subscription() -> HubSubscription {
    HubSubscription {
        source_id: SourceId(12),
        hub: "https://hub.example/".to_owned(),
        topic: "https://e.org/feed".to_owned(),
        stage: HubStage::Active,
        lease_until: Some(Timestamp(2_000)),
        next_at: Timestamp(1_000),
        last_push_at: Some(Timestamp(0)),
        missed_at: None,
        failures: 0,
        forgeries: 0,
        problem: None,
    }
}

fn story() -> StoryView {
    let story = Story {
        id: StoryId(9),
        title: "A story".to_owned(),
        representative: ArticleId(1),
        article_count: 2,
        source_count: 2,
        first_at: Timestamp(0),
        last_at: Timestamp(1000),
    };
    StoryView { story, articles: vec![ArticleId(2), ArticleId(1)] }
}

#[async_trait]
impl Library for Fake {
    async fn sources(&self, _: ReaderId) -> Result<Vec<SourceView>, Fault> {
        self.fail()?;
        Ok(vec![source(3)])
    }

    async fn source(&self, _: ReaderId, id: SourceId) -> Result<SourceView, Fault> {
        if matches!(id.0, 3 | 12) {
            Ok(source(id.0))
        } else {
            Err(Fault::not_found(format!("there is no source {id}")))
        }
    }

    async fn articles(
        &self,
        reader: ReaderId,
        query: ArticleQuery,
    ) -> Result<Page<ArticleView>, Fault> {
        self.fail()?;
        *self.asked.lock().unwrap() = Some((reader, query));
        Ok(Page { items: vec![article(1)], next_cursor: Some("opaque+/=".to_owned()) })
    }

    async fn article(&self, _: ReaderId, id: ArticleId) -> Result<ArticleDetail, Fault> {
        assert_ne!(id.0, 666, "a handler that panics");
        if id.0 == 667 {
            std::future::pending::<()>().await;
        }
        self.fail()?;
        Ok(ArticleDetail {
            article: article(id.0),
            content_html: "<p>x<img src=\"https://p.org/1.png\" srcset=\"a 2x\"></p>".to_owned(),
            model_version: Some("baseline-1".to_owned()),
        })
    }

    async fn stories(
        &self,
        _: ReaderId,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<StoryView>, Fault> {
        self.note(format!("stories {limit} {cursor:?}"));
        Ok(Page { items: vec![story()], next_cursor: None })
    }

    async fn story(&self, _: ReaderId, _: StoryId) -> Result<StoryView, Fault> {
        Ok(story())
    }

    async fn search(
        &self,
        _: ReaderId,
        query: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<ArticleView>, Fault> {
        self.note(format!("search {query} {limit} {cursor:?}"));
        Ok(Page { items: vec![article(5)], next_cursor: None })
    }

    async fn entities(
        &self,
        reader: ReaderId,
        part: Option<String>,
        limit: usize,
    ) -> Result<Vec<EntityView>, Fault> {
        self.note(format!("entities for {reader} {part:?} {limit}"));
        Ok(vec![entity("nvidia")])
    }

    async fn entity(&self, reader: ReaderId, key: &str) -> Result<EntityView, Fault> {
        self.note(format!("entity {key} for {reader}"));
        Ok(entity(key))
    }

    async fn statistics(&self) -> Result<Statistics, Fault> {
        Ok(Statistics {
            sources: 1,
            articles_stored: 2,
            articles_understood: 1,
            ..Statistics::default()
        })
    }

    async fn topics(&self, _: ReaderId) -> Result<Vec<TopicView>, Fault> {
        let (key, english, chinese) = ("energy".into(), "Energy".into(), "能源".into());
        Ok(vec![TopicView { key, english, chinese, own: None }])
    }

    async fn reader(&self, id: ReaderId) -> Result<Reader, Fault> {
        Ok(Reader { id, name: "ada".to_owned(), language: Language::ENGLISH })
    }
}

#[async_trait]
impl SourceCommands for Fake {
    async fn preview(&self, command: PreviewSource) -> Result<SourcePreview, Fault> {
        self.note(format!("preview {} {:?}", command.url, command.kind));
        let article = PreviewArticle {
            title: "One".to_owned(),
            url: "https://e.org/1".to_owned(),
            published_at: Some(Timestamp(0)),
            text: "Text".to_owned(),
        };
        Ok(SourcePreview {
            url: command.url,
            kind: command.kind.unwrap_or(SourceKind::Feed),
            settings: command.settings,
            title: "Example".to_owned(),
            site_url: String::new(),
            article_count: 1,
            articles: vec![article],
            feeds: Vec::new(),
            problems: Vec::new(),
        })
    }

    async fn add(&self, _: ReaderId, command: AddSource) -> Result<(SourceView, bool), Fault> {
        self.fail()?;
        let is_new = !command.url.contains("known");
        self.note(format!("{command:?}"));
        Ok((source(3), is_new))
    }

    async fn change(
        &self,
        _: ReaderId,
        id: SourceId,
        command: ChangeSource,
    ) -> Result<SourceView, Fault> {
        self.note(format!("{command:?}"));
        Ok(source(id.0))
    }

    async fn remove(&self, _: ReaderId, id: SourceId) -> Result<(), Fault> {
        self.note(format!("remove {id}"));
        Ok(())
    }

    async fn refresh(&self, _: ReaderId, _: SourceId) -> Result<usize, Fault> {
        Ok(7)
    }

    async fn export_list(&self, reader: ReaderId) -> Result<String, Fault> {
        Ok(format!("<opml>{reader}</opml>"))
    }

    async fn import_list(
        &self,
        reader: ReaderId,
        document: Vec<u8>,
    ) -> Result<ImportedList, Fault> {
        self.note(format!("import for {reader}: {} bytes", document.len()));
        let problem = ImportProblem {
            url: "https://e.org/feed".to_owned(),
            title: "E".to_owned(),
            problem: "x has no equal here".to_owned(),
            imported: true,
        };
        let (problems, problems_left_out) = (vec![problem], 0);
        Ok(ImportedList { total: 2, added: 1, known: 1, problems, problems_left_out })
    }
}

#[async_trait]
impl Readers for Fake {
    async fn ask(&self, _: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        Ok(ReaderAnswer::Done)
    }

    async fn recommendations(&self, _: ReaderId, limit: usize) -> Result<RankedList, Fault> {
        self.fail()?;
        let reasons =
            vec![Reason { kind: ReasonKind::LongInterest, text: String::new(), weight: 0.25 }];
        let recommendation =
            Recommendation { article_id: ArticleId(1), score: 1.5, propensity: 0.5, reasons };
        let items = vec![RecommendedArticle { article: article(1), recommendation }; limit.min(2)];
        Ok(RankedList { items, stale: limit == 2 })
    }

    async fn append_events(
        &self,
        _: ReaderId,
        events: Vec<ReaderEvent>,
    ) -> Result<(usize, usize), Fault> {
        self.fail()?;
        let count = events.len();
        self.events.lock().unwrap().extend(events);
        Ok((count, 0))
    }
}

#[async_trait]
impl Access for Fake {
    async fn principal(&self, token: &str) -> Result<Option<Principal>, Fault> {
        Ok(match token {
            READER_TOKEN => Some(Principal::Reader(ReaderId(2))),
            OPERATOR_TOKEN => Some(Principal::Operator),
            _ => None,
        })
    }

    fn anonymous_reader(&self) -> Option<ReaderId> {
        (!self.locked).then_some(ReaderId(1))
    }
}

#[async_trait]
impl Images for Fake {
    async fn image(&self, url: &str) -> Result<Image, Fault> {
        self.note(url.to_owned());
        let content_type = self.image_type.lock().unwrap().clone();
        Ok(Image { content_type, bytes: vec![1, 2, 3] })
    }
}

/// The only callback there is.
pub(crate) const HUB_TOKEN: &str = "00ff00ff";

#[async_trait]
impl HubCallbacks for Fake {
    async fn is_known(&self, token: &str) -> Result<bool, Fault> {
        self.note(format!("is {token} known"));
        Ok(token == HUB_TOKEN)
    }

    async fn confirm(&self, token: &str, question: HubQuestion) -> Result<Option<String>, Fault> {
        self.fail()?;
        self.note(format!("{question:?}"));
        if token == HUB_TOKEN {
            Ok(question.challenge)
        } else {
            Err(Fault::not_found("the secret of secrets"))
        }
    }

    async fn push(&self, _: &str, push: HubPush) -> Result<(), Fault> {
        self.fail()?;
        self.pushes.lock().unwrap().push(push);
        Ok(())
    }
}

#[async_trait]
impl Operations for Fake {
    fn actors(&self) -> Vec<ActorReport> {
        vec![ActorReport {
            name: "ingest".to_owned(),
            parent: Some("node".to_owned()),
            state: ActorState::Running,
            restarts: 1,
            reason: None,
            status: serde_json::json!({"queue": 2}),
        }]
    }

    async fn restart(&self, name: &str) -> Result<(), Fault> {
        self.note(format!("restart {name}"));
        if name == "nobody" { Err(Fault::not_found("there is no actor nobody")) } else { Ok(()) }
    }

    fn devices(&self) -> Vec<DeviceStatus> {
        vec![DeviceStatus { name: "cpu".to_owned(), ..DeviceStatus::default() }]
    }

    fn pipeline(&self) -> PipelineReport {
        let stage =
            StageReport { name: "fetch", rate: 1.0, p50_ms: 2.0, p99_ms: 3.0, queue: 4, errors: 5 };
        let sample = PipelineSample {
            at: Timestamp(0),
            rates: BTreeMap::from([("fetch", 1.0)]),
            queues: BTreeMap::from([("fetch", 4)]),
        };
        PipelineReport { at: Timestamp(0), stages: vec![stage], history: vec![sample] }
    }

    async fn sources(&self) -> Result<Vec<OperatorSource>, Fault> {
        let source = Source {
            id: SourceId(3),
            kind: SourceKind::Feed,
            url: "https://e.org/feed".to_owned(),
            settings: SourceSettings::default(),
            private: None,
            title: "Example".to_owned(),
            site_url: String::new(),
            interval: Duration::from_mins(15),
            paused: false,
            etag: None,
            last_modified: None,
        };
        Ok(vec![OperatorSource { source, health: Health::default() }])
    }

    fn drain(&self) {
        *self.drained.lock().unwrap() += 1;
    }

    async fn ready(&self) -> Result<(), String> {
        self.not_ready.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}
