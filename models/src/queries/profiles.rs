//! Profiles, and other states that are saved as a whole.

use crate::entities::{profile, snapshot};
use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::rows::ProfileRow;
use crate::store::Store;
use autoglm_domain::{Fence, ReaderId, Timestamp};
use sea_orm::EntityTrait;
use std::sync::Arc;

/// Largest profile, in bytes.
const PROFILE_BYTES_MAX: usize = 4 << 20;
/// Largest snapshot, in bytes.
const SNAPSHOT_BYTES_MAX: usize = 64 << 20;
/// Name of the popularity counters' snapshot.
const POPULARITY: &str = "popularity";

impl Store {
    /// Saves a profile, unless a later one is there already.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the fence no longer holds, [`Error::Invalid`] above 4 MiB.
    pub async fn save_profile(
        &self,
        reader: ReaderId,
        bytes: Vec<u8>,
        version: i64,
        last_event_seq: i64,
        fence: Option<Fence>,
    ) -> Result<()> {
        check_size(bytes.len(), PROFILE_BYTES_MAX)?;
        let bytes = Arc::new(bytes);
        let admission = Admission::new(WriteQueue::Understanding, "saving a profile").fence(fence);
        self.write(admission, move |tx| {
            let bytes = Arc::clone(&bytes);
            async move {
                let mut sql = tx.sql(
                    "INSERT INTO profile (reader_id, payload, version, last_event_seq, saved_at) \
                     VALUES (?, ?, ?, ?, ?) ON CONFLICT (reader_id) DO UPDATE SET payload = excluded.payload, \
                     version = excluded.version, last_event_seq = excluded.last_event_seq, \
                     saved_at = excluded.saved_at WHERE excluded.last_event_seq >= profile.last_event_seq",
                );
                sql.bind(reader.0).bind(bytes.to_vec()).bind(version).bind(last_event_seq).bind(tx.now.0);
                tx.execute(sql).await?;
                Ok(())
            }
        })
        .await
    }

    /// The reader's saved profile.
    ///
    /// # Errors
    /// What the database says.
    pub async fn load_profile(&self, reader: ReaderId) -> Result<Option<ProfileRow>> {
        let row = profile::Entity::find_by_id(reader.0).one(self.read_pool()).await;
        let row = row.map_err(|error| Error::from(error).during("reading a profile"))?;
        Ok(row.map(|row| ProfileRow {
            bytes: row.payload,
            version: row.version,
            last_event_seq: row.last_event_seq,
            saved_at: Timestamp(row.saved_at),
        }))
    }

    /// Saves the popularity counters.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the fence no longer holds, [`Error::Invalid`] above 64 MiB.
    pub async fn save_popularity(&self, bytes: Vec<u8>, fence: Option<Fence>) -> Result<()> {
        check_size(bytes.len(), SNAPSHOT_BYTES_MAX)?;
        let bytes = Arc::new(bytes);
        let admission = Admission::new(WriteQueue::Maintenance, "saving popularity").fence(fence);
        self.write(admission, move |tx| {
            let bytes = Arc::clone(&bytes);
            async move {
                let mut sql = tx.sql(
                    "INSERT INTO snapshot (name, payload, saved_at) VALUES (?, ?, ?) ON CONFLICT (name) \
                     DO UPDATE SET payload = excluded.payload, saved_at = excluded.saved_at",
                );
                sql.bind(POPULARITY).bind(bytes.to_vec()).bind(tx.now.0);
                tx.execute(sql).await?;
                Ok(())
            }
        })
        .await
    }

    /// The saved popularity counters.
    ///
    /// # Errors
    /// What the database says.
    pub async fn load_popularity(&self) -> Result<Option<Vec<u8>>> {
        let row = snapshot::Entity::find_by_id(POPULARITY).one(self.read_pool()).await;
        let row = row.map_err(|error| Error::from(error).during("reading popularity"))?;
        Ok(row.map(|row| row.payload))
    }
}

fn check_size(size: usize, limit: usize) -> Result<()> {
    if size > limit {
        return Err(Error::Invalid(format!("{size} bytes to save; at most {limit}")));
    }
    Ok(())
}
