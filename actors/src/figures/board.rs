//! What every node said of itself last, as long as it says how things are now.

use autoglm_domain::Incarnation;
use autoglm_protocol::figures::{FIGURES_FRESH, NodeFigures};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

#[derive(Debug)]
struct Heard {
    figures: Arc<NodeFigures>,
    at: Instant,
}

/// The figures of all nodes, this one among them. Clones share them; one entry a node, which goes
/// when nothing came from it for 35 s.
#[derive(Debug, Clone, Default)]
pub struct FigureBoard(Arc<Mutex<BTreeMap<Incarnation, Heard>>>);

impl FigureBoard {
    /// The nodes that can still be believed.
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<Incarnation, Heard>) -> T) -> T {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, heard| heard.at.elapsed() <= FIGURES_FRESH);
        work(&mut heard)
    }

    /// A node said how it is.
    pub fn heard(&self, from: Incarnation, figures: NodeFigures) {
        let heard = Heard { figures: Arc::new(figures), at: Instant::now() };
        self.with(|nodes| nodes.insert(from, heard));
    }

    /// What one node said.
    #[must_use]
    pub fn of(&self, node: Incarnation) -> Option<Arc<NodeFigures>> {
        self.with(|nodes| nodes.get(&node).map(|heard| Arc::clone(&heard.figures)))
    }

    /// What all but one said.
    #[must_use]
    pub fn others(&self, me: Incarnation) -> Vec<Arc<NodeFigures>> {
        self.with(|nodes| {
            let others = nodes.iter().filter(|(node, _)| **node != me);
            others.map(|(_, heard)| Arc::clone(&heard.figures)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_node_that_says_nothing_any_more_is_not_shown() {
        let board = FigureBoard::default();
        let (one, other) = (Incarnation(1), Incarnation(2));
        board.heard(one, NodeFigures::default());
        tokio::time::advance(Duration::from_secs(30)).await;
        board.heard(other, NodeFigures::default());
        assert!(board.of(one).is_some() && board.others(one).len() == 1);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(board.of(one).is_none() && board.of(other).is_some());
        assert_eq!(board.others(other).len(), 0);
    }
}
