//! The list of topics that articles are sorted by, as the configuration and the operator give it.

use crate::error::{Error, Result};
use crate::lane::{Admission, WriteQueue};
use crate::queries::decode::{get, time};
use crate::rows::{TopicListOrigin, TopicListRow};
use crate::store::Store;
use autoglm_domain::TopicDefinition;
use autoglm_domain::topic::checked_list;
use std::sync::Arc;

impl Store {
    /// The list in force: the operator's, else the configuration's; `None` for the built-in one.
    ///
    /// # Errors
    /// What the database says, and for a list that this program cannot read.
    pub async fn topic_list(&self) -> Result<Option<TopicListRow>> {
        // 'page' comes after 'config'.
        let sql = self
            .sql("SELECT origin, topics, changed_at FROM topic_list ORDER BY origin DESC LIMIT 1");
        let Some(row) = self.one("reading the list of topics", sql).await? else {
            return Ok(None);
        };
        let text: String = get(&row, "topics")?;
        let topics: Vec<TopicDefinition> = serde_json::from_str(&text).map_err(|error| {
            Error::unreadable(format!("the stored list of topics cannot be read: {error}"))
        })?;
        let is_page = get::<String>(&row, "origin")? == TopicListOrigin::Page.name();
        let origin = if is_page { TopicListOrigin::Page } else { TopicListOrigin::Config };
        Ok(Some(TopicListRow { origin, topics, changed_at: time(&row, "changed_at")? }))
    }

    /// Saves a list in place of the one of the same origin; `None` forgets that.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the topic that is wrong.
    pub async fn save_topic_list(
        &self,
        origin: TopicListOrigin,
        topics: Option<Vec<TopicDefinition>>,
    ) -> Result<()> {
        let topics = topics
            .map(checked_list)
            .transpose()
            .map_err(|problem| Error::Invalid(problem.to_string()))?;
        let text = topics
            .map(|topics| serde_json::to_string(&topics))
            .transpose()
            .map_err(|error| Error::Invalid(error.to_string()))?;
        let text: Option<Arc<str>> = text.map(Into::into);
        let admission = Admission::new(WriteQueue::Control, "saving the list of topics");
        self.write(admission, move |tx| {
            let text = text.clone();
            async move {
                let Some(text) = text else {
                    let sql = tx.sql("DELETE FROM topic_list WHERE origin = ?").with(origin.name());
                    tx.execute(sql).await?;
                    return Ok(());
                };
                let mut sql = tx.sql(
                    "INSERT INTO topic_list (origin, topics, changed_at) VALUES (?, ?, ?) \
                     ON CONFLICT (origin) DO UPDATE SET topics = excluded.topics, \
                     changed_at = excluded.changed_at WHERE topic_list.topics <> excluded.topics",
                );
                sql.bind(origin.name()).bind(&*text).bind(tx.now.0);
                tx.execute(sql).await?;
                Ok(())
            }
        })
        .await
    }
}
