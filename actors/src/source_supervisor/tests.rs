//! The supervisor of sources over sources in memory.

use super::*;
use crate::source::SourceFaults;
use crate::source::health_log::HealthLog;
use crate::supervisor::RestartConfig;
use crate::testing_sources::{Origin, Page, Sources, keep_drafts, parent, source, tools_for};
use autoglm_domain::{FaultKind, ShardKind};
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;

struct Running {
    args: SourceSupervisorArgs,
    sources: Arc<Sources>,
    handle: SourceSupervisorHandle,
}

async fn run(urls: &[String], faults: SourceFaults, owned: bool) -> Running {
    let sources = Arc::new(Sources::default());
    for (number, url) in urls.iter().enumerate() {
        let entry = (source(number as i64 + 1, url), Health::default());
        sources.active.lock().expect("not poisoned").push(entry);
    }
    let mut tools = tools_for(keep_drafts().await.0);
    tools.faults = faults;
    tools.log = HealthLog::new(Arc::clone(&sources) as _, Arc::clone(&tools.clock));
    let args = SourceSupervisorArgs {
        store: Arc::clone(&sources) as _,
        tools,
        owned: OwnedHosts::default(),
        config: SourceSupervisorConfig {
            save_every: Duration::from_millis(10),
            restart: RestartConfig {
                backoff_min: Duration::from_millis(1),
                restarts_max: 4,
                park_on_exceed: true,
                ..RestartConfig::default()
            },
            ..SourceSupervisorConfig::default()
        },
        board: StatusBoard::default(),
        address: Address::new("sources", 64),
        status: StatusCell::default(),
    };
    if owned {
        args.owned.store(Arc::new(every_host()));
    }
    SourceSupervisorActor::spawn(args.clone(), parent().await).await.expect("started");
    let handle = SourceSupervisorHandle(args.address.clone());
    Running { args, sources, handle }
}

fn every_host() -> HashSet<Shard> {
    Shard::all().filter(|shard| shard.kind == ShardKind::Host).collect()
}

impl Running {
    async fn until(&self, what: &str, condition: impl Fn(&SourceSupervisorStatus) -> bool) {
        for _ in 0..2_000 {
            if condition(&self.args.status.get()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never happened: {what}; {:?}", self.args.status.get());
    }
}

const FEED: &str = r#"<rss version="2.0"><channel><title>t</title>
<item><title>one</title><guid>1</guid></item></channel></rss>"#;

#[tokio::test]
async fn nothing_runs_until_hosts_are_owned_and_nothing_when_they_are_given_away() {
    let origin = Origin::start(Page::feed(FEED)).await;
    let running = run(&[origin.url("/1"), origin.url("/2")], SourceFaults::default(), false).await;
    running.until("the sources are known", |status| status.elsewhere == 2).await;
    let own = |hosts| SourceSupervisorMessage::OwnedHosts(Arc::new(hosts));
    running.args.address.cast(own(every_host())).expect("it runs");
    running.until("both run", |status| status.running == 2).await;
    running.args.address.cast(own(HashSet::new())).expect("it runs");
    running.until("none runs", |status| status.running == 0 && status.elsewhere == 2).await;
    assert!(running.args.board.reports().is_empty());
}

#[tokio::test]
async fn a_new_source_is_fetched_at_once_and_a_removed_one_is_stopped() {
    let origin = Origin::start(Page::feed(FEED)).await;
    let running = run(&[], SourceFaults::default(), true).await;
    let entry = (source(7, &origin.url("/new")), Health::default());
    running.sources.active.lock().expect("not poisoned").push(entry);
    running.handle.sources_changed();
    running.until("it runs", |status| status.running == 1).await;
    for _ in 0..2_000 {
        if origin.requests() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(origin.requests(), 1);
    running.sources.active.lock().expect("not poisoned").clear();
    running.handle.sources_changed();
    running.until("it is gone", |status| status.running == 0).await;
    let unknown = running.handle.refresh(SourceId(7)).await.expect_err("gone");
    assert_eq!(unknown.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_source_that_panics_is_parked_with_its_reason_and_the_others_go_on() {
    let origin = Origin::start(Page::feed(FEED)).await;
    let faults = SourceFaults::panicking(&["/bad".into()]);
    let running = run(&[origin.url("/bad"), origin.url("/good")], faults, true).await;
    running.until("it is parked", |status| status.parked == 1 && status.running == 1).await;
    assert_eq!(running.handle.refresh(SourceId(2)).await, Ok(1), "undisturbed");
    let health = running.args.tools.log.health(SourceId(1)).expect("noted");
    assert_eq!(health.cause.as_deref(), Some("parked"));
    assert!(health.problem.is_some_and(|problem| problem.contains("panic_source")));
    let report = running.args.board.reports().into_iter().find(|report| report.name == "source-1");
    assert_eq!(report.expect("shown").state, ActorState::Parked);
    // A person's refresh revives it; here it fails again and is restarted anew.
    let fault = running.handle.refresh(SourceId(1)).await.expect_err("it panics");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    running.until("it tries again", |status| status.parked == 1).await;
}

#[tokio::test(start_paused = true)]
async fn sources_due_at_once_start_one_after_the_other() {
    let running = run(&[], SourceFaults::default(), true).await;
    let (myself, _) = Actor::spawn(None, Quiet, ()).await.expect("started");
    let mut state = SourceSupervisorState::new(running.args.clone(), myself);
    let slots: Vec<Duration> = (0..1_000).map(|_| state.slot()).collect();
    assert!(slots[0] <= Duration::from_millis(10));
    assert!(slots[999] >= Duration::from_millis(9_990), "{:?}", slots[999]);
}

/// Takes what it is sent.
struct Quiet;

impl Actor for Quiet {
    type Msg = SourceSupervisorMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        _myself: ActorRef<SourceSupervisorMessage>,
        (): (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
