//! A cluster of two nodes, of which one is slow and the other has not said how it is.

use super::Fake;
use async_trait::async_trait;
use autoglm_protocol::cluster_desk::{
    ClusterDesk, ClusterHappening, ClusterReport, HotSpot, MemberReport, OwnedCount,
};
use autoglm_protocol::domain::{Fault, Incarnation, Timestamp};
use autoglm_protocol::figures::{Hot, HotKind, Latency, NodeFigures, NodeLoad, StageFigures};
use autoglm_protocol::membership::{Member, MemberState};

const HOT: Hot =
    Hot { kind: HotKind::Node, p99_ms: 480.0, usual_ms: 35.0, others_ms: Some(40.0), seconds: 40 };

fn member(incarnation: i64, name: &str) -> Member {
    Member {
        incarnation: Incarnation(incarnation),
        name: name.to_owned(),
        address: String::new(),
        roles: vec!["all".to_owned()],
        weight: 1,
        state: MemberState::Up,
    }
}

fn figures() -> NodeFigures {
    let request = StageFigures {
        name: "request".to_owned(),
        window: Latency { count: 100, p50_ms: 40.0, p99_ms: 480.0 },
        minute: Latency { count: 600, p50_ms: 30.0, p99_ms: 450.0 },
        usual_ms: Some(35.0),
        hot: Some(HOT),
        ..StageFigures::default()
    };
    let infer = StageFigures { name: "infer".to_owned(), ..StageFigures::default() };
    let load = NodeLoad {
        cpu_share: Some(0.25),
        queue_age_seconds: Some(1.5),
        expected_wait_ms: None,
        terminals: 7,
        shards: 513,
        ready: true,
    };
    NodeFigures { load, stages: vec![request, infer] }
}

#[async_trait]
impl ClusterDesk for Fake {
    async fn overview(&self) -> Result<ClusterReport, Fault> {
        let owned = OwnedCount { readers: 256, hosts: 256, singles: vec![("story".to_owned(), 4)] };
        let slow =
            MemberReport { member: member(5, "a"), owned, link: None, figures: Some(figures()) };
        let silent = MemberReport {
            member: member(6, "b"),
            owned: OwnedCount::default(),
            link: None,
            figures: None,
        };
        let hot = HotSpot { stage: "request".to_owned(), nodes: vec!["a".to_owned()], hot: HOT };
        Ok(ClusterReport {
            node: "a".to_owned(),
            incarnation: 5,
            view: 8,
            members: vec![slow, silent],
            unowned: 3,
            hot_spots: vec![hot],
        })
    }

    async fn happenings(&self, limit: usize) -> Result<Vec<ClusterHappening>, Fault> {
        Ok(vec![ClusterHappening {
            id: limit as i64,
            at: Timestamp(0),
            node: "a".to_owned(),
            incarnation: 5,
            kind: "up".to_owned(),
            detail: String::new(),
        }])
    }

    async fn wish(
        &self,
        node: &str,
        weight: Option<u32>,
        cordoned: Option<bool>,
    ) -> Result<(), Fault> {
        *self.command.lock().unwrap() = format!("wish {node} {weight:?} {cordoned:?}");
        Ok(())
    }
}
