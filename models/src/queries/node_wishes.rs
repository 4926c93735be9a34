//! What the operator wants of nodes, by name: it outlives their restarts.

use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::queries::cluster_events::note;
use crate::queries::decode::get;
use crate::queries::nodes::bump;
use crate::rows::ClusterEventKind;
use crate::store::Store;
use autoglm_domain::Incarnation;

/// Largest weight: a node with it gets all but nothing of the shards of a node of weight 1.
const WEIGHT_MAX: u32 = 1_000;

impl Store {
    /// Wishes a weight, or that the node owns nothing, or no longer; what is `None` stays as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a weight of 0 or above 1,000, [`Error::NotFound`] for a name that no
    /// live node has.
    pub async fn wish_node(
        &self,
        name: &str,
        weight: Option<u32>,
        cordoned: Option<bool>,
    ) -> Result<()> {
        if weight.is_some_and(|weight| weight == 0 || weight > WEIGHT_MAX) {
            return Err(Error::Invalid(format!(
                "a weight is 1 to {WEIGHT_MAX}; to take a node's shards away, cordon it"
            )));
        }
        let name = name.to_owned();
        let admission = Admission::new(WriteQueue::Control, "wishing something of a node");
        self.write(admission, move |tx| {
            let name = name.clone();
            async move {
                let live = tx.sql(
                    "SELECT incarnation FROM node WHERE name = ? AND state <> 'down' \
                     ORDER BY incarnation DESC LIMIT 1",
                );
                let Some(row) = tx.one(live.with(name.clone())).await? else {
                    return Err(Error::NotFound(format!("a running node named {name:?}")));
                };
                let incarnation = Incarnation(get(&row, "incarnation")?);
                let mut sql = tx.sql(
                    "INSERT INTO node_wish (name, weight, cordoned) VALUES (?, ?, ?) \
                     ON CONFLICT (name) DO UPDATE SET \
                     weight = COALESCE(?, node_wish.weight), \
                     cordoned = COALESCE(?, node_wish.cordoned)",
                );
                let asked = weight.map(i64::from);
                sql.bind(name.clone()).bind(asked.unwrap_or(1)).bind(cordoned.unwrap_or(false));
                sql.bind(asked).bind(cordoned);
                tx.execute(sql).await?;
                let detail = wish_text(weight, cordoned);
                note(&tx, incarnation, &name, ClusterEventKind::Wished, &detail).await?;
                bump(&tx).await
            }
        })
        .await
    }
}

fn wish_text(weight: Option<u32>, cordoned: Option<bool>) -> String {
    let weight = weight.map(|weight| format!("weight {weight}"));
    let cordon = cordoned.map(|on| if on { "cordoned" } else { "uncordoned" }.to_owned());
    [weight, cordon].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
