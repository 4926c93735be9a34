//! Tokens: secrets that let people in. Only their hash is stored.

use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::queries::decode::{clean, get};
use crate::rows::TokenOwner;
use crate::store::Store;
use autoglm_domain::ReaderId;
use sha2::{Digest, Sha256};

/// How every secret begins, so that scanners for leaked secrets can know it.
const PREFIX: &str = "aglm_";
/// What is stored of a secret.
pub(crate) type TokenHash = [u8; 32];

/// Anything longer is not one of ours and is not even hashed.
const SECRET_BYTES_MAX: usize = 200;

impl Store {
    /// Makes a token for a reader, or for the operator when `reader` is `None`, and answers with the
    /// secret, which cannot be read again. 256 random bits: a plain hash is enough to keep it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the reader does not exist.
    pub async fn create_token(&self, reader: Option<ReaderId>, name: &str) -> Result<String> {
        let random: [u8; 32] = rand::random();
        let secret =
            random.iter().fold(String::from(PREFIX), |text, byte| text + &format!("{byte:02x}"));
        let facts = (Sha256::digest(&secret).to_vec(), clean(name));
        let admission = Admission::new(WriteQueue::Control, "making a token");
        self.write(admission, move |tx| {
            let (hash, name) = facts.clone();
            async move {
                if let Some(reader) = reader {
                    let known = tx.sql("SELECT id FROM reader WHERE id = ?").with(reader.0);
                    tx.one(known).await?.ok_or_else(|| Error::NotFound(format!("reader {reader}")))?;
                }
                let id = tx.take_numbers("token", 1).await?;
                let mut sql = tx.sql(
                    "INSERT INTO token (id, hash, reader_id, name, created_at) VALUES (?, ?, ?, ?, ?)",
                );
                sql.bind(id).bind(hash).bind(reader.map(|reader| reader.0)).bind(name).bind(tx.now.0);
                tx.execute(sql).await?;
                Ok(())
            }
        })
        .await?;
        Ok(secret)
    }

    /// Whom this secret lets in; `None` when nobody.
    ///
    /// # Errors
    /// What the database says.
    pub async fn token_owner(&self, secret: &str) -> Result<Option<TokenOwner>> {
        match hash(secret) {
            Some(hash) => self.token_owner_by_hash(&hash).await,
            None => Ok(None),
        }
    }

    /// Whom the secret with this hash lets in; `None` when nobody.
    pub(crate) async fn token_owner_by_hash(&self, hash: &TokenHash) -> Result<Option<TokenOwner>> {
        // Looking up the hash tells an attacker's clock nothing about the secret itself.
        let sql = self.sql("SELECT reader_id FROM token WHERE hash = ?").with(hash.to_vec());
        let Some(row) = self.one("checking a token", sql).await? else { return Ok(None) };
        let reader: Option<i64> = get(&row, "reader_id")?;
        Ok(Some(reader.map_or(TokenOwner::Admin, |id| TokenOwner::Reader(ReaderId(id)))))
    }

    /// Ends a token: the secret lets nobody in any more. Answers whether it was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn revoke_token(&self, secret: &str) -> Result<bool> {
        let Some(hash) = hash(secret) else { return Ok(false) };
        self.write(Admission::new(WriteQueue::Control, "revoking a token"), move |tx| async move {
            let ended = tx.sql("DELETE FROM token WHERE hash = ?").with(hash.to_vec());
            Ok(tx.execute(ended).await? > 0)
        })
        .await
    }

    /// The reader this secret lets in.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reader_of_token(&self, secret: &str) -> Result<Option<ReaderId>> {
        Ok(match self.token_owner(secret).await? {
            Some(TokenOwner::Reader(reader)) => Some(reader),
            _ => None,
        })
    }

    /// Whether this secret is an operator's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_admin_token(&self, secret: &str) -> Result<bool> {
        Ok(self.token_owner(secret).await? == Some(TokenOwner::Admin))
    }

    /// Whether the operator has any token: false on a first start.
    ///
    /// # Errors
    /// What the database says.
    pub async fn has_admin_token(&self) -> Result<bool> {
        let sql = self.sql("SELECT id FROM token WHERE reader_id IS NULL LIMIT 1");
        Ok(self.one("looking for the operator's token", sql).await?.is_some())
    }
}

/// How a secret is kept and looked up; `None` for what cannot be one of ours.
pub(crate) fn hash(secret: &str) -> Option<TokenHash> {
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
        return None;
    }
    Some(Sha256::digest(secret.as_bytes()).into())
}
