//! What every node of a cluster must have the same, decided by the first that asks.

use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::queries::decode::get;
use crate::store::Store;

impl Store {
    /// The value of a fact: `proposal` when nobody has said anything yet, else what was said first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn agreed_fact(&self, name: &'static str, proposal: &str) -> Result<String> {
        let proposal = proposal.to_owned();
        let admission = Admission::new(WriteQueue::Control, "agreeing on a fact of the cluster");
        self.write(admission, move |tx| {
            let proposal = proposal.clone();
            async move {
                let sql = tx.sql(
                    "INSERT INTO cluster_fact (name, value) VALUES (?, ?) \
                     ON CONFLICT (name) DO NOTHING",
                );
                tx.execute(sql.with(name).with(proposal)).await?;
                let sql = tx.sql("SELECT value FROM cluster_fact WHERE name = ?").with(name);
                let missing = || Error::unreadable(format!("the fact {name} is not there"));
                let row = tx.one(sql).await?.ok_or_else(missing)?;
                get(&row, "value")
            }
        })
        .await
    }
}
