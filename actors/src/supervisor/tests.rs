//! Whole supervisors with small children on a paused clock.

use super::*;
use autoglm_protocol::status::{StatusBoard, StatusCell};
use autoglm_protocol::supervisor::SupervisorHandle;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What the children of one test share.
#[derive(Debug, Clone, Default)]
struct World {
    log: Arc<Mutex<Vec<String>>>,
    cells: Arc<Mutex<Vec<(String, ActorCell)>>>,
    refuse: Arc<AtomicBool>,
    starts: Arc<AtomicUsize>,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().expect("not poisoned").push(what.into());
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().expect("not poisoned"))
    }

    fn cell(&self, name: &str) -> ActorCell {
        let cells = self.cells.lock().expect("not poisoned");
        cells.iter().rev().find(|(known, _)| known == name).expect("started").1.clone()
    }

    fn spec(&self, name: &'static str) -> ChildSpec {
        let world = self.clone();
        ChildSpec::new(name, Restart::Permanent, &StatusCell::<u32>::default(), move |parent| {
            let world = world.clone();
            Box::pin(async move {
                world.starts.fetch_add(1, Ordering::SeqCst);
                let args = (name, world.clone());
                let (actor, _) = Actor::spawn_linked(None, Toy, args, parent).await?;
                let cell = actor.get_cell();
                world.cells.lock().expect("not poisoned").push((name.into(), cell.clone()));
                Ok(cell)
            })
        })
    }
}

/// Panics when told so; refuses to start, by a panic, when the world says so.
struct Toy;
#[derive(Debug)]
struct Crash;
impl ractor::Message for Crash {}

impl Actor for Toy {
    type Msg = Crash;
    type State = (&'static str, World);
    type Arguments = (&'static str, World);

    async fn pre_start(
        &self,
        _myself: ActorRef<Crash>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        assert!(!args.1.refuse.load(Ordering::SeqCst), "refuses to start");
        args.1.note(format!("+{}", args.0));
        Ok(args)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Crash>,
        _message: Crash,
        _state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        panic!("told to crash")
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Crash>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        state.1.note(format!("-{}", state.0));
        Ok(())
    }
}

async fn start(world: &World, strategy: Strategy, park: bool) -> (SupervisorArgs, RootSupervisor) {
    let children = ["a", "b", "c"].map(|name| world.spec(name)).to_vec();
    let mut args = SupervisorArgs::new("root", children, StatusBoard::default());
    args.strategy = strategy;
    args.restart.park_on_exceed = park;
    let root = SupervisorActor::spawn_root(args.clone()).await.expect("started");
    assert_eq!(world.log(), ["+a", "+b", "+c"]);
    (args, root)
}

async fn crash(world: &World, name: &str) {
    let cell = world.cell(name);
    cell.send_message(Crash).expect("it runs");
    cell.wait(None).await.expect("it ends");
    tokio::time::sleep(Duration::from_secs(5)).await;
}

fn state_of(args: &SupervisorArgs, name: &str) -> (ActorState, u64) {
    let reports = args.board.reports();
    let report = reports.iter().find(|report| report.name == name).expect("registered");
    (report.state, report.restarts)
}

#[tokio::test(start_paused = true)]
async fn a_panicking_child_is_restarted_and_its_siblings_are_not_disturbed() {
    let world = World::default();
    let (args, _root) = start(&world, Strategy::OneForOne, true).await;
    crash(&world, "b").await;
    assert_eq!(world.log(), ["+b"]);
    assert_eq!(state_of(&args, "b"), (ActorState::Running, 1));
    let report = args.board.reports().into_iter().find(|report| report.name == "b");
    assert!(report.is_some_and(|report| report.reason.is_some_and(|why| why.contains("crash"))));
    assert_eq!(args.status.get().running, 3);
}

#[tokio::test(start_paused = true)]
async fn one_for_all_stops_the_others_in_reverse_and_starts_all_in_order() {
    let world = World::default();
    let (_args, _root) = start(&world, Strategy::OneForAll, true).await;
    crash(&world, "b").await;
    assert_eq!(world.log(), ["-c", "-a", "+a", "+b", "+c"]);
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_restarts_those_started_after_it() {
    let world = World::default();
    let (_args, _root) = start(&world, Strategy::RestForOne, true).await;
    crash(&world, "b").await;
    assert_eq!(world.log(), ["-c", "+b", "+c"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_too_often_is_parked_until_a_person_restarts_it() {
    let world = World::default();
    let (args, _root) = start(&world, Strategy::OneForOne, true).await;
    for _ in 0..6 {
        crash(&world, "b").await;
    }
    assert_eq!(state_of(&args, "b").0, ActorState::Parked);
    assert_eq!((args.status.get().running, args.status.get().parked), (2, 1));
    world.log();
    let handle = SupervisorHandle(args.address.clone());
    handle.restart("b").await.expect("it starts");
    assert_eq!(world.log(), ["+b"]);
    assert_eq!(state_of(&args, "b").0, ActorState::Running);
    assert_eq!(handle.restart("nobody").await.expect_err("unknown").kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_ends_the_supervisor_with_an_error() {
    let world = World::default();
    let (_args, root) = start(&world, Strategy::OneForOne, false).await;
    for _ in 0..6 {
        crash(&world, "b").await;
    }
    let why = root.ended().await.expect_err("it gave up");
    assert!(why.contains('b') && why.contains("crash"), "{why}");
    let stopped: BTreeSet<String> =
        world.log().into_iter().filter(|line| line.starts_with('-')).collect();
    assert_eq!(stopped, ["-a", "-c"].map(String::from).into());
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_starting_again_counts_as_one_more_failure() {
    let world = World::default();
    let (args, _root) = start(&world, Strategy::OneForOne, true).await;
    world.refuse.store(true, Ordering::SeqCst);
    crash(&world, "b").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(state_of(&args, "b").0, ActorState::Parked);
    assert_eq!(world.starts.load(Ordering::SeqCst), 3 + 5);
    let fault = SupervisorHandle(args.address.clone()).restart("b").await.expect_err("refuses");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    world.refuse.store(false, Ordering::SeqCst);
    SupervisorHandle(args.address.clone()).restart("b").await.expect("it starts");
    assert_eq!(args.status.get().running, 3);
}

#[tokio::test(start_paused = true)]
async fn stopping_goes_in_reverse_order_and_restarts_nothing() {
    let world = World::default();
    let (args, root) = start(&world, Strategy::OneForOne, false).await;
    SupervisorHandle(args.address.clone())
        .stop_children(Duration::from_secs(5))
        .await
        .expect("stopped");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.log(), ["-c", "-b", "-a"]);
    root.cell.stop(None);
    assert_eq!(root.ended().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_tree_whose_first_start_fails_does_not_start_and_leaves_nothing_running() {
    let world = World::default();
    let mut children = vec![world.spec("a")];
    let bad = World::default();
    bad.refuse.store(true, Ordering::SeqCst);
    children.push(bad.spec("bad"));
    let args = SupervisorArgs::new("root", children, StatusBoard::default());
    let error = SupervisorActor::spawn_root(args).await.expect_err("bad does not start");
    assert!(error.to_string().contains("bad"), "{error}");
    assert_eq!(world.log(), ["+a", "-a"]);
}
