//! A source whose feed names the hub: found, fetched less often while it can be relied on, pushed.

use super::{House, ONE};
use crate::pipeline_testing::eventually;
use crate::source::{SourceActor, SourceArgs};
use crate::testing_sources::{Page, keep_drafts, parent, source, tools_for};
use autoglm_domain::{ArticleDraft, Clock as _, Health, SystemClock};
use autoglm_protocol::Address;
use autoglm_protocol::source::{SourceMessage, SourceStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::websub::PushedDocument;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The longest wait without a hub: ten minutes and their jitter.
const NORMAL: Duration = Duration::from_secs(661);

/// A feed whose server names the hub.
fn feed() -> Page {
    let items = "<item><title>One</title><guid>1</guid></item>";
    Page::feed(&format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"))
        .with_header("Link: <http://site.demo:{port}/hub>; rel=hub")
}

/// A source of that hub, fetched by nobody but the test.
struct Fetched {
    address: Address<SourceMessage>,
    status: StatusCell<SourceStatus>,
}

impl Fetched {
    async fn start(house: &House) -> (Self, Arc<Mutex<Vec<ArticleDraft>>>) {
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
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("room");
        let document = Box::new(PushedDocument { body: body.to_vec(), content_type: None, room });
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
