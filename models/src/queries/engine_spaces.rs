//! How the vectors of remote engines are brought to the product's width: learned once, and then the
//! same for every node, because vectors that were shortened differently cannot be compared.
//! Rows of table `snapshot`.

use crate::entities::snapshot;
use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::queries::decode::get;
use crate::store::Store;
use sea_orm::EntityTrait;
use std::sync::Arc;

/// Largest one, in bytes: 4096 numbers to 256, and some more.
const BYTES_MAX: usize = 8 << 20;

impl Store {
    /// What was learned for an encoder, such as `engine:bge-m3-1`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn engine_space(&self, encoder: &str) -> Result<Option<Vec<u8>>> {
        let row = snapshot::Entity::find_by_id(name(encoder)).one(self.read_pool()).await;
        let row = row.map_err(|error| Error::from(error).during("reading an engine's space"))?;
        Ok(row.map(|row| row.payload))
    }

    /// Keeps what was learned for an encoder, unless another node was first; answers what is kept.
    ///
    /// # Errors
    /// [`Error::Invalid`] above 8 MiB.
    pub async fn keep_engine_space(&self, encoder: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
        if bytes.len() > BYTES_MAX {
            let size = bytes.len();
            return Err(Error::Invalid(format!("{size} bytes to save; at most {BYTES_MAX}")));
        }
        let (name, bytes) = (Arc::new(name(encoder)), Arc::new(bytes));
        let admission = Admission::new(WriteQueue::Control, "saving an engine's space");
        self.write(admission, move |tx| {
            let (name, bytes) = (Arc::clone(&name), Arc::clone(&bytes));
            async move {
                let mut sql = tx.sql(
                    "INSERT INTO snapshot (name, payload, saved_at) VALUES (?, ?, ?) \
                     ON CONFLICT (name) DO NOTHING",
                );
                sql.bind(name.as_str()).bind(bytes.to_vec()).bind(tx.now.0);
                tx.execute(sql).await?;
                let sql = tx.sql("SELECT payload FROM snapshot WHERE name = ?").with(name.as_str());
                match tx.all(sql).await?.first() {
                    Some(row) => get(row, "payload"),
                    None => Ok(bytes.to_vec()),
                }
            }
        })
        .await
    }
}

fn name(encoder: &str) -> String {
    format!("engine-space:{encoder}")
}
