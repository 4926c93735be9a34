//! Topics of readers' own. Every statement binds its reader: nobody sees or changes another's.

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{clean, get, names, names_text, time};
use crate::store::Store;
use autoglm_domain::topic::READER_TOPICS_MAX;
use autoglm_domain::{ReaderId, ReaderTopic, ReaderTopicId, ReaderTopicText, TopicWidth};
use sea_orm::QueryResult;

const COLUMNS: &str =
    "SELECT id, name, description, seeds, width, changed_at FROM reader_topic WHERE reader_id = ?";

impl Store {
    /// The reader's topics in the order they were made, at most 50.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reader_topics(&self, reader: ReaderId) -> Result<Vec<ReaderTopic>> {
        let mut sql = self.sql(COLUMNS);
        sql.bind(reader.0).push(" ORDER BY id");
        let rows = self.all("reading a reader's topics", sql).await?;
        rows.iter().map(topic).collect()
    }

    /// One of the reader's topics.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reader_topic(
        &self,
        reader: ReaderId,
        id: ReaderTopicId,
    ) -> Result<Option<ReaderTopic>> {
        let mut sql = self.sql(COLUMNS);
        sql.bind(reader.0).and(" AND id = ?", id.0);
        let row = self.one("reading a reader's topic", sql).await?;
        row.as_ref().map(topic).transpose()
    }

    /// Adds a topic, or changes the one with this id.
    ///
    /// # Errors
    /// [`Error::Invalid`] for texts that are missing or too long, [`Error::Conflict`] for a name
    /// the reader has given already and for the 51st topic, [`Error::NotFound`].
    pub async fn save_reader_topic(
        &self,
        reader: ReaderId,
        id: Option<ReaderTopicId>,
        text: ReaderTopicText,
    ) -> Result<ReaderTopic> {
        let text = text.checked().map_err(|problem| Error::Invalid(problem.to_string()))?;
        let admission = Admission::new(WriteQueue::Control, "saving a reader's topic");
        self.write(admission, move |tx| {
            let text = text.clone();
            async move { save(&tx, reader, id, text).await }
        })
        .await
    }

    /// Removes a topic.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the reader has none with this id.
    pub async fn remove_reader_topic(&self, reader: ReaderId, id: ReaderTopicId) -> Result<()> {
        let admission = Admission::new(WriteQueue::Control, "removing a reader's topic");
        self.write(admission, move |tx| async move {
            let mut sql = tx.sql("DELETE FROM reader_topic WHERE reader_id = ?").with(reader.0);
            sql.and(" AND id = ?", id.0);
            if tx.execute(sql).await? == 0 { Err(missing(id)) } else { Ok(()) }
        })
        .await
    }
}

async fn save(
    tx: &Tx,
    reader: ReaderId,
    id: Option<ReaderTopicId>,
    text: ReaderTopicText,
) -> Result<ReaderTopic> {
    let sql = tx.sql("SELECT id, name FROM reader_topic WHERE reader_id = ?").with(reader.0);
    let rows = tx.all(sql).await?;
    for row in &rows {
        let other = Some(ReaderTopicId(get(row, "id")?)) != id;
        if other && get::<String>(row, "name")? == clean(&text.name) {
            let name = &text.name;
            return Err(Error::Conflict(format!("you have a topic named {name:?} already")));
        }
    }
    if id.is_none() && rows.len() >= READER_TOPICS_MAX {
        return Err(Error::Conflict(format!(
            "you have {READER_TOPICS_MAX} topics, which is the most; remove one first"
        )));
    }
    let saved = match id {
        Some(id) => {
            let mut sql = tx.sql(
                "UPDATE reader_topic SET name = ?, description = ?, seeds = ?, width = ?, \
                 changed_at = ? WHERE reader_id = ? AND id = ?",
            );
            sql.bind(clean(&text.name)).bind(clean(&text.description));
            sql.bind(names_text(&text.seeds)).bind(text.width.name()).bind(tx.now.0);
            sql.bind(reader.0).bind(id.0);
            if tx.execute(sql).await? == 0 {
                return Err(missing(id));
            }
            id
        }
        None => {
            let id = tx.take_numbers("reader_topic", 1).await?;
            let mut sql = tx.sql(
                "INSERT INTO reader_topic (id, reader_id, name, description, seeds, width, changed_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            );
            sql.bind(id).bind(reader.0).bind(clean(&text.name)).bind(clean(&text.description));
            sql.bind(names_text(&text.seeds)).bind(text.width.name()).bind(tx.now.0);
            tx.execute(sql).await?;
            ReaderTopicId(id)
        }
    };
    Ok(ReaderTopic { id: saved, text, changed_at: tx.now })
}

fn missing(id: ReaderTopicId) -> Error {
    Error::NotFound(format!("topic {id} among your own"))
}

fn topic(row: &QueryResult) -> Result<ReaderTopic> {
    let width: String = get(row, "width")?;
    let text = ReaderTopicText {
        name: get(row, "name")?,
        description: get(row, "description")?,
        seeds: names(&get::<String>(row, "seeds")?),
        width: TopicWidth::from_name(&width).unwrap_or_default(),
    };
    let changed_at = time(row, "changed_at")?;
    Ok(ReaderTopic { id: ReaderTopicId(get(row, "id")?), text, changed_at })
}
