//! Devices of different speed, in paused time: their models only wait.

use super::*;
use crate::inference::RunRemotely;
use tokio::time::{Instant, sleep};

/// Takes so long for a batch and for each text, and counts its texts.
struct Paced {
    batch: Duration,
    text: Duration,
    done: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl RunRemotely for Paced {
    fn version(&self) -> String {
        "paced-1".to_owned()
    }

    async fn run(&self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        sleep(self.batch + self.text * texts.len() as u32).await;
        self.done.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(texts.into_iter().map(|text| answer_to(text.title)).collect())
    }
}

fn device(name: &str, batch: u64, text: u64) -> (DeviceSpec, Arc<AtomicUsize>) {
    let done = Arc::new(AtomicUsize::new(0));
    let (batch, text) = (Duration::from_millis(batch), Duration::from_millis(text));
    let model = Arc::new(Paced { batch, text, done: Arc::clone(&done) });
    let load = LoadModel::remote(model);
    (DeviceSpec { name: name.into(), kind: "paced".into(), load }, done)
}

impl Pool {
    /// Asks for one text and says how long it took.
    async fn timed(&self, title: String, priority: Priority) -> Duration {
        let began = Instant::now();
        let answer = self.handle.understand(vec![text(&title)], priority, LONG).await;
        answer.expect("an answer");
        began.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_device_helps_and_holds_up_nobody() {
    let (slow, slow_done) = device("slow", 100, 50);
    let (quick, quick_done) = device("quick", 2, 1);
    let pool = pool_of(vec![slow, quick], InferencePoolConfig::default(), Arc::default()).await;
    let old: Vec<_> = (0..600)
        .map(|number| pool.ask_later(&format!("old {number}"), Priority::Backfill))
        .collect();
    sleep(Duration::from_secs(1)).await;
    for number in 0..50 {
        let took = pool.timed(format!("person {number}"), Priority::Interactive).await;
        assert!(took <= Duration::from_millis(50), "{number}: {took:?}");
    }
    for one in old {
        one.await.expect("a task").expect("an answer");
    }
    let (slow, quick) = (slow_done.load(Ordering::SeqCst), quick_done.load(Ordering::SeqCst));
    assert_eq!(slow + quick, 650);
    assert!(slow > 0 && quick > 5 * slow, "{slow} and {quick}");
}

#[tokio::test(start_paused = true)]
async fn a_person_waits_for_one_slice_of_old_work_at_most() {
    let (device, _) = device("one", 1, 1);
    let pool = pool_of(vec![device], InferencePoolConfig::default(), Arc::default()).await;
    let old: Vec<_> = (0..500)
        .map(|number| pool.ask_later(&format!("old {number}"), Priority::Backfill))
        .collect();
    sleep(Duration::from_millis(200)).await;
    for number in 0..20 {
        let took = pool.timed(format!("person {number}"), Priority::Interactive).await;
        assert!(took <= Duration::from_millis(30), "{number}: {took:?}");
        sleep(Duration::from_millis(7)).await;
    }
    old.into_iter().for_each(|one| one.abort());
}

#[tokio::test(start_paused = true)]
async fn whoever_has_waited_too_long_is_told_and_not_served() {
    let (device, done) = device("one", 5_000, 0);
    let pool = pool_of(vec![device], InferencePoolConfig::default(), Arc::default()).await;
    let first = pool.ask_later("first", Priority::Ingest);
    sleep(Duration::from_millis(10)).await;
    let soon = Duration::from_secs(1);
    let fault = pool.handle.understand(vec![text("late")], Priority::Ingest, soon).await;
    assert_eq!(fault.expect_err("too late").kind, FaultKind::Timeout);
    first.await.expect("a task").expect("an answer");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
    assert_eq!(pool.status.get().expired_total, 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_joined_later_and_has_time_left_outlives_the_first() {
    let (device, done) = device("one", 3_000, 0);
    let pool = pool_of(vec![device], InferencePoolConfig::default(), Arc::default()).await;
    let busy = pool.ask_later("busy", Priority::Ingest);
    sleep(Duration::from_millis(10)).await;
    let hasty = pool.handle.clone();
    let hasty = tokio::spawn(async move {
        hasty.understand(vec![text("same")], Priority::Ingest, Duration::from_secs(1)).await
    });
    sleep(Duration::from_millis(10)).await;
    let patient = pool.ask_later("same", Priority::Ingest);
    hasty.await.expect("a task").expect_err("too late");
    assert_eq!(summaries(patient.await.expect("a task")), ["same"]);
    busy.await.expect("a task").expect("an answer");
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_device_shows_what_it_was_measured_at() {
    let (device, _) = device("one", 20, 1);
    let pool = pool_of(vec![device], InferencePoolConfig::default(), Arc::default()).await;
    for round in 0..12 {
        let titles: Vec<String> = (0..=round).map(|number| format!("{round} {number}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        pool.ask(&titles).await.expect("an answer");
    }
    let device = pool.status.get().devices[0].clone();
    assert!((15.0..25.0).contains(&device.overhead_ms), "{device:?}");
    assert!(device.tokens_per_second > 0.0 && device.restarts == 0, "{device:?}");
}
