//! WebSubActor, the registry and the callbacks over a real store, against a hub on loopback.

use super::callbacks::RegistryCallbacks;
use super::registry::HubRegistryArgs;
use super::*;
use crate::pipeline_testing::{eventually, store};
use crate::source::{SourceActor, SourceArgs};
use crate::testing_sources::{Page, Site, keep_drafts, parent, source, tools_for, web_for};
use autoglm_domain::{FaultKind, Health, Shard, ShardKind, SourceId, SystemClock};
use autoglm_models::{SourceChange, Store};
use autoglm_protocol::source::SourceMessage;
use autoglm_protocol::source_supervisor::{SourceSupervisorHandle, SourceSupervisorMessage};
use autoglm_protocol::websub::{HubCallbacks as _, HubPush, HubQuestion};
use std::sync::Mutex;
use tempfile::TempDir;

const TOPIC: &str = "http://s1.demo/feed";
const ONE: SourceId = SourceId(1);

/// What the supervisor of sources was told.
#[derive(Debug, Default)]
struct Told {
    pushed: Vec<Vec<u8>>,
    lost: usize,
}

/// Stands for SourceSupervisor: every document brings one new article.
struct Sources(Arc<Mutex<Told>>);

impl Actor for Sources {
    type Msg = SourceSupervisorMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<SourceSupervisorMessage>,
        (): (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<SourceSupervisorMessage>,
        message: SourceSupervisorMessage,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let mut told = self.0.lock().expect("not poisoned");
        match message {
            SourceSupervisorMessage::Pushed { document, reply, .. } => {
                told.pushed.push(document.body);
                reply.send(Ok(1)).unwrap_or_default();
            }
            SourceSupervisorMessage::PushLost { .. } => told.lost += 1,
            _ => {}
        }
        Ok(())
    }
}

/// A store, a hub and everything between.
struct House {
    store: Store,
    hub: Site,
    registry: HubRegistry,
    callbacks: RegistryCallbacks,
    told: Arc<Mutex<Told>>,
    status: StatusCell<WebSubStatus>,
    _folder: TempDir,
}

impl House {
    async fn with_hub(pages: Vec<(&'static str, Page)>) -> Self {
        let (store, folder) = store().await;
        let told = Arc::<Mutex<Told>>::default();
        let (actor, _) = Actor::spawn(None, Sources(Arc::clone(&told)), ()).await.expect("started");
        let address = Address::new("sources", 64);
        address.publish(actor);
        let registry = HubRegistry::new(HubRegistryArgs {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            sources: SourceSupervisorHandle(address),
            public_url: "https://me.example/".to_owned(),
            lease_max: Duration::from_secs(864_000),
        });
        let callbacks = RegistryCallbacks::new(Some(registry.clone()));
        let hub = Site::start(pages).await;
        let status = StatusCell::default();
        Self { store, hub, registry, callbacks, told, status, _folder: folder }
    }

    async fn new() -> Self {
        Self::with_hub(vec![("/hub", Page::status("202 Accepted"))]).await
    }

    /// Starts the actor, impatient.
    async fn run(&self) {
        let owned = OwnedHosts::default();
        let all = Shard::all().filter(|shard| shard.kind == ShardKind::Host);
        owned.store(Arc::new(all.collect()));
        let args = WebSubArgs {
            config: WebSubConfig {
                tick_every: Duration::from_millis(5),
                sweep_every: Duration::from_millis(20),
            },
            registry: self.registry.clone(),
            web: web_for(&[]),
            owned,
            clock: Arc::new(SystemClock),
            address: Address::new("websub", 8),
            status: self.status.clone(),
        };
        WebSubActor::spawn(args, parent().await).await.expect("started");
    }

    fn place(&self, path: &str) -> HubPlace {
        HubPlace { hub: self.hub.url(path), topic: TOPIC.to_owned() }
    }

    async fn announce(&self, path: &str) {
        self.registry.announced(ONE, Some(self.place(path))).await.expect("noted");
    }

    async fn rows(&self) -> Vec<HubRow> {
        self.store.hub_subscriptions().await.expect("listed")
    }

    async fn row(&self) -> HubRow {
        self.rows().await.remove(0)
    }

    async fn token(&self) -> String {
        let row = self.row().await;
        row.keys.callback.strip_prefix("https://me.example/websub/").expect("ours").to_owned()
    }

    async fn confirm(&self, mode: &str, topic: &str) -> Result<Option<String>, Fault> {
        let question = HubQuestion {
            mode: mode.to_owned(),
            topic: topic.to_owned(),
            challenge: Some("abc".to_owned()),
            lease: Some(Duration::from_secs(3_600)),
            reason: None,
        };
        self.callbacks.confirm(&self.token().await, question).await
    }

    async fn push(&self, body: &[u8]) -> Result<(), Fault> {
        let row = self.row().await;
        let signature = Some(sign(&row.keys.secret, body));
        let push = HubPush { signature, content_type: None, body: body.to_vec() };
        self.callbacks.push(&self.token().await, push).await
    }

    async fn until_asked(&self, path: &str, times: usize) {
        let what = format!("{path} is asked {times} times");
        eventually(&what, || async { self.hub.asked(path) >= times }).await;
    }

    fn pushed(&self) -> usize {
        self.told.lock().expect("not poisoned").pushed.len()
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    use aws_lc_rs::hmac;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    tag.as_ref().iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[tokio::test]
async fn a_hub_that_is_announced_again_and_again_is_asked_once() {
    let house = House::new().await;
    house.run().await;
    for _ in 0..3 {
        house.announce("/hub").await;
    }
    house.until_asked("/hub", 1).await;
    eventually("it is noted", || async { house.status.get().taken_total == 1 }).await;
    let row = house.row().await;
    assert_eq!((house.rows().await.len(), row.subscription.stage), (1, HubStage::Asked));
    assert_eq!(house.hub.asked("/hub"), 1);
}

#[tokio::test]
async fn what_was_asked_for_is_confirmed_and_nothing_else() {
    let house = House::new().await;
    house.announce("/hub").await;
    for (mode, topic) in [("subscribe", "http://s1.demo/other"), ("unsubscribe", TOPIC)] {
        let refused = house.confirm(mode, topic).await.expect_err("not ours");
        assert_eq!(refused.kind, FaultKind::NotFound, "{mode} {topic}");
    }
    assert_eq!(house.row().await.subscription.stage, HubStage::Wanted);
    let answer = house.confirm("subscribe", TOPIC).await.expect("ours");
    assert_eq!(answer.as_deref(), Some("abc"));
    let subscription = house.row().await.subscription;
    assert_eq!(subscription.stage, HubStage::Active);
    assert!(subscription.is_live(SystemClock.now()) && !subscription.is_trusted(SystemClock.now()));
}

#[tokio::test]
async fn only_a_signed_document_reaches_the_source_and_earns_trust() {
    let house = House::new().await;
    house.announce("/hub").await;
    house.confirm("subscribe", TOPIC).await.expect("ours");
    let token = house.token().await;
    let forged = |signature: Option<String>| HubPush {
        signature,
        content_type: None,
        body: b"<rss/>".to_vec(),
    };
    let wrong = sign("a secret of somebody else", b"<rss/>");
    for signature in [None, Some(wrong), Some("sha1=00".to_owned())] {
        house.callbacks.push(&token, forged(signature)).await.expect("ignored");
    }
    assert_eq!(house.pushed(), 0);
    let problem = house.row().await.subscription.problem.expect("it persists");
    assert!(problem.contains("signed wrongly"), "{problem}");
    assert_eq!(house.registry.trusted_until(ONE, SystemClock.now()), None);
    house.push(b"<rss/>").await.expect("taken");
    assert_eq!(house.pushed(), 1);
    assert!(house.registry.trusted_until(ONE, SystemClock.now()).is_some());
    assert_eq!(house.row().await.subscription.problem, None);
    let unknown = house.callbacks.push("00", forged(None)).await.expect_err("unknown");
    assert_eq!(unknown.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn without_an_address_no_callback_is_known() {
    let off = RegistryCallbacks::new(None);
    assert_eq!(off.is_known("00").await, Ok(false));
    let question = HubQuestion::default();
    let refused = off.confirm("00", question).await.expect_err("off");
    assert_eq!(refused.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn another_hub_takes_the_place_of_the_first_which_is_told() {
    let taken = || Page::status("202 Accepted");
    let house = House::with_hub(vec![("/hub", taken()), ("/other", taken())]).await;
    house.announce("/hub").await;
    house.confirm("subscribe", TOPIC).await.expect("ours");
    house.run().await;
    house.announce("/other").await;
    house.until_asked("/other", 1).await;
    house.until_asked("/hub", 1).await;
    let stages: Vec<HubStage> =
        house.rows().await.into_iter().map(|row| row.subscription.stage).collect();
    assert_eq!(stages.len(), 2);
    assert!(stages.contains(&HubStage::Ending) && stages.contains(&HubStage::Asked), "{stages:?}");
}

#[tokio::test]
async fn a_hub_that_refuses_is_a_problem_with_a_wait() {
    let house = House::with_hub(vec![("/hub", Page::status("500 Internal Server Error"))]).await;
    house.run().await;
    house.announce("/hub").await;
    eventually("it is a failure", || async { house.row().await.subscription.failures == 1 }).await;
    let subscription = house.row().await.subscription;
    assert_eq!((subscription.state(), house.hub.asked("/hub")), ("failing", 1));
    assert!(subscription.problem.is_some_and(|problem| problem.contains("500")));
    assert!(subscription.next_at > SystemClock.now().plus(Duration::from_secs(200)));
}

#[tokio::test]
async fn a_source_that_is_paused_or_names_no_hub_any_more_is_unsubscribed_and_forgotten() {
    let house = House::new().await;
    house.announce("/hub").await;
    house.confirm("subscribe", TOPIC).await.expect("ours");
    let pause = SourceChange { paused: Some(true), ..SourceChange::default() };
    house.store.update_source(ONE, pause).await.expect("paused");
    house.run().await;
    house.until_asked("/hub", 1).await;
    let answer = house.confirm("unsubscribe", TOPIC).await.expect("ours");
    assert_eq!(answer.as_deref(), Some("abc"));
    assert!(house.rows().await.is_empty());

    house.announce("/hub").await;
    house.registry.announced(ONE, None).await.expect("noted");
    assert_eq!(house.row().await.subscription.stage, HubStage::Ending);
}

#[tokio::test]
async fn a_start_remembers_what_was_and_a_new_address_is_told_to_the_hub() {
    let house = House::new().await;
    let elsewhere = HubRegistry::new(HubRegistryArgs {
        store: house.store.clone(),
        clock: Arc::new(SystemClock),
        sources: SourceSupervisorHandle(Address::new("sources", 1)),
        public_url: "https://former.example".to_owned(),
        lease_max: Duration::from_secs(864_000),
    });
    elsewhere.announced(ONE, Some(house.place("/hub"))).await.expect("noted");
    house.run().await;
    house.until_asked("/hub", 1).await;
    let row = house.row().await;
    assert!(row.keys.callback.starts_with("https://me.example/websub/"), "a new callback");
    assert_eq!((house.rows().await.len(), row.subscription.topic.as_str()), (1, TOPIC));
}

#[tokio::test]
async fn the_source_is_told_when_its_hub_can_no_longer_be_relied_on() {
    let house = House::new().await;
    house.announce("/hub").await;
    house.confirm("subscribe", TOPIC).await.expect("ours");
    house.push(b"<rss/>").await.expect("taken");
    house.confirm("denied", TOPIC).await.expect("noted");
    eventually("it is told", || async { house.told.lock().expect("not poisoned").lost == 1 }).await;
    house.confirm("denied", TOPIC).await.expect("noted again");
    assert_eq!(house.row().await.subscription.state(), "denied");
}

/// A feed whose server names the hub.
fn feed() -> Page {
    let items = "<item><title>One</title><guid>1</guid></item>";
    Page::feed(&format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"))
        .with_header("Link: <http://site.demo:{port}/hub>; rel=hub")
}

/// A source of that hub, fetched by nobody but the test.
struct Fetched {
    address: Address<SourceMessage>,
    status: StatusCell<autoglm_protocol::source::SourceStatus>,
}

impl Fetched {
    async fn start(house: &House) -> (Self, Arc<Mutex<Vec<autoglm_domain::ArticleDraft>>>) {
        let (ingest, drafts) = keep_drafts().await;
        let mut tools = tools_for(ingest);
        tools.hubs = Some(house.registry.clone());
        tools.schedule.interval_default = Duration::from_secs(600);
        let address = Address::new("source-1", 8);
        let status = StatusCell::default();
        let args = SourceArgs {
            source: source(1, &house.hub.url("/feed")),
            health: Health::default(),
            slot: Duration::from_secs(3_600),
            tools,
            address: address.clone(),
            status: status.clone(),
        };
        SourceActor::spawn(args, parent().await).await.expect("started");
        (Self { address, status }, drafts)
    }

    async fn refresh(&self) -> usize {
        let refresh = |reply| SourceMessage::Refresh { reply };
        self.address.call(Duration::from_secs(20), refresh).await.expect("fetched")
    }

    fn wait(&self) -> Duration {
        let health = self.status.get().health.clone().expect("shown");
        health.next_fetch_at.expect("scheduled").since(health.last_attempt_at.expect("tried"))
    }

    async fn push(&self, body: &[u8]) -> usize {
        let room = Arc::new(tokio::sync::Semaphore::new(1)).try_acquire_owned().expect("room");
        let document = Box::new(autoglm_protocol::websub::PushedDocument {
            body: body.to_vec(),
            content_type: None,
            room,
        });
        let push = |reply| SourceMessage::Pushed { document, reply };
        self.address.call(Duration::from_secs(20), push).await.expect("read")
    }
}

async fn house_with_feed() -> House {
    let hub = Page::status("202 Accepted");
    House::with_hub(vec![("/feed", feed()), ("/hub", hub)]).await
}

#[tokio::test]
async fn a_fetch_finds_the_hub_and_its_pushes_make_fetches_rarer_until_one_was_missed() {
    const NORMAL: Duration = Duration::from_secs(661);
    let house = house_with_feed().await;
    let (fetched, drafts) = Fetched::start(&house).await;
    fetched.refresh().await;
    let row = house.row().await;
    assert_eq!(row.subscription.hub, house.hub.url("/hub"));
    assert_eq!(row.subscription.topic, house.hub.url("/feed"));
    let topic = row.subscription.topic;
    house.confirm("subscribe", &topic).await.expect("ours");
    // The stand-in for the store takes every article for a new one: each fetch misses a push.
    fetched.refresh().await;
    house.push(b"<rss/>").await.expect("taken");
    fetched.refresh().await;
    assert!(fetched.wait() <= NORMAL, "a miss costs the trust: {:?}", fetched.wait());
    house.push(b"<rss/>").await.expect("taken");
    assert!(house.registry.trusted_until(ONE, SystemClock.now()).is_some());
    assert_eq!(drafts.lock().expect("not poisoned").len(), 3);
}

#[tokio::test]
async fn a_trusted_hub_makes_fetches_rarer_until_it_is_lost() {
    const NORMAL: Duration = Duration::from_secs(661);
    let feed = feed().with_etag("\"v1\"");
    let hub = Page::status("202 Accepted");
    let house = House::with_hub(vec![("/feed", feed), ("/hub", hub)]).await;
    let (fetched, _drafts) = Fetched::start(&house).await;
    fetched.refresh().await;
    assert!(fetched.wait() <= NORMAL);
    let topic = house.hub.url("/feed");
    house.confirm("subscribe", &topic).await.expect("ours");
    house.push(b"<rss/>").await.expect("taken");
    assert_eq!(fetched.refresh().await, 0, "304");
    let wait = fetched.wait();
    assert!(wait > NORMAL && wait <= Duration::from_secs(3_600), "till the lease ends: {wait:?}");
    fetched.address.cast(SourceMessage::PushLost).expect("it runs");
    eventually("it is fetched as before", || async { fetched.wait() <= NORMAL }).await;
}

#[tokio::test]
async fn a_pushed_document_is_read_like_a_fetched_one() {
    let house = house_with_feed().await;
    let (fetched, drafts) = Fetched::start(&house).await;
    let pushed = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry>
        <id>urn:2</id><title>Pushed</title><link href="/2"/></entry></feed>"#;
    assert_eq!(fetched.push(pushed.as_bytes()).await, 1);
    let draft = drafts.lock().expect("not poisoned")[0].clone();
    assert_eq!((draft.title.as_str(), draft.url), ("Pushed", house.hub.url("/2")));
    assert_eq!(house.hub.asked("/feed"), 0, "nothing was fetched");
}

#[tokio::test]
async fn a_push_that_cannot_be_read_only_brings_the_next_fetch_forward() {
    let house = house_with_feed().await;
    let (fetched, drafts) = Fetched::start(&house).await;
    fetched.refresh().await;
    assert!(fetched.wait() > Duration::from_secs(500));
    assert_eq!(fetched.push(b"ping").await, 0);
    assert!(fetched.wait() <= Duration::from_secs(60), "{:?}", fetched.wait());
    assert_eq!(drafts.lock().expect("not poisoned").len(), 1);
}
