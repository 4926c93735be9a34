//! Behaviour of membership that needs no region.

use super::*;
use crate::store::Registration;
use crate::testing::{MemoryStore, eventually, parent};
use autoglm_protocol::membership::MembershipHandle;

async fn member(store: &Arc<MemoryStore>) -> (MembershipArgs, ActorCell) {
    let registration =
        Registration { name: "n".into(), address: String::new(), roles: vec!["all".into()] };
    let incarnation = store.register(&registration).await.expect("registered");
    let args = MembershipArgs {
        incarnation,
        store: Arc::clone(store) as Arc<dyn MembershipStore>,
        lease: LeaseClock::with_ttl(TTL_FAST),
        region: Address::new("region", 4),
        lost: watch::channel(None).0,
        address: Address::new("membership", 4),
        status: StatusCell::default(),
    };
    (args, parent().await)
}

#[tokio::test(start_paused = true)]
async fn a_node_starts_without_its_database_and_joins_when_it_answers() {
    let store = Arc::new(MemoryStore::default());
    let (args, parent) = member(&store).await;
    store.set_away(true);
    MembershipActor::spawn(args.clone(), parent).await.expect("started");
    eventually("it complains", || args.status.get().failed_renewals > 1).await;
    assert!(!args.lease.is_valid(Instant::now()));
    store.set_away(false);
    eventually("it is up", || {
        args.status.get().view.members.iter().any(|member| member.state == MemberState::Up)
    })
    .await;
    assert!(args.lease.is_valid(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn a_drained_member_is_seen_draining_and_stays_alive() {
    let store = Arc::new(MemoryStore::default());
    let (args, parent) = member(&store).await;
    MembershipActor::spawn(args.clone(), parent).await.expect("started");
    eventually("it is up", || args.lease.is_valid(Instant::now())).await;
    MembershipHandle(args.address.clone()).drain().await.expect("announced");
    let view = store.view().await.expect("a view");
    assert_eq!(view.members[0].state, MemberState::Draining);
    tokio::time::sleep(TTL_FAST * 3).await;
    let view = store.view().await.expect("a view");
    assert_eq!(view.members.len(), 1, "it still renews");
}

#[tokio::test(start_paused = true)]
async fn membership_that_starts_again_goes_on_with_the_same_incarnation() {
    let store = Arc::new(MemoryStore::default());
    let (args, parent) = member(&store).await;
    let cell = MembershipActor::spawn(args.clone(), parent.clone()).await.expect("started");
    eventually("it is up", || args.lease.is_valid(Instant::now())).await;
    cell.kill_and_wait(None).await.expect("killed");
    MembershipActor::spawn(args.clone(), parent).await.expect("started");
    tokio::time::sleep(TTL_FAST * 3).await;
    assert!(args.lease.is_valid(Instant::now()));
    assert_eq!(store.view().await.expect("a view").members.len(), 1);
}
