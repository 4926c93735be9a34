//! WebSubActor, the registry and the callbacks over a real store, against a hub on loopback.

mod sources;

use super::callbacks::RegistryCallbacks;
use super::registry::HubRegistryArgs;
use super::*;
use crate::agent::NodeAgent;
use crate::agent::testing::{OneOwner, answered, nobody};
use crate::colleagues::Colleagues;
use crate::pipeline_testing::{eventually, store};
use crate::testing_sources::{Page, Site, parent, web_for};
use autoglm_cluster::{Door, MemoryNetwork, Peers as _};
use autoglm_domain::Incarnation;
use autoglm_domain::{FaultKind, Shard, ShardKind, SourceId, SystemClock};
use autoglm_models::{SourceChange, Store};
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

#[tokio::test]
async fn a_document_reaches_the_node_that_fetches_its_source_and_a_large_one_makes_it_fetch() {
    let house = House::new().await;
    house.announce("/hub").await;
    house.confirm("subscribe", TOPIC).await.expect("ours");
    let network = MemoryNetwork::default();
    let (me, other) = (Incarnation(1), Incarnation(2));
    let there = nobody();
    let shards = Shard::all().filter(|shard| shard.kind == ShardKind::Host);
    there.owned.store(Arc::new(shards.collect()));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let notes = Arc::clone(&asked);
    answered(&there.sources.0, move |message| {
        let (note, reply) = match message {
            SourceSupervisorMessage::Pushed { document, reply, .. } => {
                (format!("push of {}", document.body.len()), reply)
            }
            SourceSupervisorMessage::Refresh { reply, .. } => ("fetch".to_owned(), reply),
            other => panic!("{other:?}"),
        };
        notes.lock().expect("no panic").push(note);
        reply.send(Ok(1)).expect("waits");
    })
    .await;
    network.join(other).open(Door::Agent, Arc::new(NodeAgent::new(there)));
    let peers = Arc::new(network.join(me));
    let colleagues = Colleagues::new(me, peers, Arc::new(OneOwner::is(other)));
    let room = callbacks::PushRoom::default();
    let house =
        House { callbacks: house.callbacks.clone().with_colleagues(colleagues, room), ..house };
    house.push(b"<rss/>").await.expect("durable there");
    house.push(&vec![b' '; 300_000]).await.expect("fetched there");
    assert_eq!(*asked.lock().expect("no panic"), ["push of 6", "fetch"]);
    assert_eq!(house.pushed(), 0, "nothing was read here");
    network.set_cut(me, other, true);
    let _third = network.join(Incarnation(3));
    let fault = house.push(b"<rss/>").await.expect_err("its node is away");
    assert_eq!(fault.kind, FaultKind::Unavailable, "the hub sends it again");
}
