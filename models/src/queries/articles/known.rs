//! Which articles of a source the store knows already, without a writer.

use crate::error::Result;
use crate::queries::articles::IDS_CHUNK;
use crate::queries::decode::get;
use crate::store::Store;
use autoglm_domain::SourceId;
use std::collections::HashSet;

impl Store {
    /// Those of the identities the source has or had, articles removed by retention included. A
    /// hint for saving work: whether an article is new is decided by the insert.
    ///
    /// # Errors
    /// What the database says.
    pub async fn known_identities(
        &self,
        source: SourceId,
        identities: &[[u8; 16]],
    ) -> Result<HashSet<[u8; 16]>> {
        let mut known = HashSet::new();
        for table in ["article", "article_tombstone"] {
            for chunk in identities.chunks(IDS_CHUNK) {
                let mut sql = self.sql("SELECT identity FROM ");
                sql.push(table).and(" WHERE source_id = ?", source.0).push(" AND identity IN ");
                sql.list(chunk.iter().map(|identity| identity.to_vec()));
                for row in self.all("looking for known articles", sql).await? {
                    let identity: Vec<u8> = get(&row, "identity")?;
                    known.extend(<[u8; 16]>::try_from(identity));
                }
            }
        }
        Ok(known)
    }
}
