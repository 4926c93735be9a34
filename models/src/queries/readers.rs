//! Readers.

use crate::entities::reader;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::get;
use crate::store::Store;
use autoglm_domain::{Language, Reader, ReaderId};
use sea_orm::{EntityTrait, QueryOrder};

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Name of the reader made on first start.
const LOCAL_NAME: &str = "local";

impl Store {
    /// Reader 1, made when missing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ensure_local_reader(&self) -> Result<Reader> {
        let admission = Admission::new(WriteQueue::Control, "making the local reader");
        self.write(admission, |tx| async move {
            const LOCAL: &str = "SELECT id, name, language FROM reader WHERE id = ?";
            if let Some(reader) = read(&tx, LOCAL, 1_i64).await? {
                return Ok(reader);
            }
            tx.hold_numbers("reader").await?;
            match read(&tx, LOCAL, 1_i64).await? {
                Some(reader) => Ok(reader),
                None => insert(&tx, LOCAL_NAME, Language::ENGLISH).await,
            }
        })
        .await
    }

    /// One reader.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reader(&self, id: ReaderId) -> Result<Option<Reader>> {
        let row = reader::Entity::find_by_id(id.0).one(self.read_pool()).await;
        let row = row.map_err(|error| Error::from(error).during("reading a reader"))?;
        Ok(row.map(from_model))
    }

    /// Every reader, by id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn readers(&self) -> Result<Vec<Reader>> {
        let rows =
            reader::Entity::find().order_by_asc(reader::Column::Id).all(self.read_pool()).await;
        let rows = rows.map_err(|error| Error::from(error).during("listing the readers"))?;
        Ok(rows.into_iter().map(from_model).collect())
    }

    /// Adds a reader.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or overlong name, [`Error::Conflict`] when it is taken.
    pub async fn add_reader(&self, name: &str, language: Language) -> Result<Reader> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains('\0') {
            return Err(Error::Invalid(format!(
                "the name of a reader is empty or longer than {NAME_CHARS_MAX} characters"
            )));
        }
        let admission = Admission::new(WriteQueue::Control, "adding a reader");
        self.write(admission, move |tx| {
            let name = name.clone();
            async move {
                let known = "SELECT id, name, language FROM reader WHERE name = ?";
                tx.hold_numbers("reader").await?;
                if read(&tx, known, name.as_str()).await?.is_some() {
                    return Err(Error::Conflict(format!("a reader named {name:?} exists already")));
                }
                insert(&tx, &name, language).await
            }
        })
        .await
    }
}

async fn insert(tx: &Tx, name: &str, language: Language) -> Result<Reader> {
    let id = tx.take_numbers("reader", 1).await?;
    let mut sql = tx.sql(
        "INSERT INTO reader (id, name, language, last_event_seq, created_at) VALUES (?, ?, ?, 0, ?)",
    );
    sql.bind(id).bind(name).bind(language.as_str()).bind(tx.now.0);
    tx.execute(sql).await?;
    Ok(Reader { id: ReaderId(id), name: name.to_owned(), language })
}

async fn read(
    tx: &Tx,
    text: &'static str,
    value: impl Into<sea_orm::Value>,
) -> Result<Option<Reader>> {
    let Some(row) = tx.one(tx.sql(text).with(value)).await? else { return Ok(None) };
    let language: String = get(&row, "language")?;
    Ok(Some(Reader {
        id: ReaderId(get(&row, "id")?),
        name: get(&row, "name")?,
        language: Language::from_tag(&language).unwrap_or(Language::ENGLISH),
    }))
}

fn from_model(row: reader::Model) -> Reader {
    let language = Language::from_tag(&row.language).unwrap_or(Language::ENGLISH);
    Reader { id: ReaderId(row.id), name: row.name, language }
}
