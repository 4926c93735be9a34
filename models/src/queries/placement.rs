//! Placing articles in stories, the last stage of their way.

use crate::error::Result;
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::{IDS_CHUNK, check_ids};
use crate::queries::decode::get;
use crate::rows::{PlacementRow, PlacementStory};
use crate::store::Store;
use autoglm_domain::{ArticleId, Fence, StoryId};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

impl Store {
    /// Puts articles into stories, makes new stories, and moves articles on to placed. Idempotent:
    /// an article that has a story keeps it. An existing story that is gone becomes a new one.
    /// Articles that are gone are left out of the answer. Whatever was decided, an article of a
    /// private source is alone in its story and nobody's copy.
    ///
    /// # Errors
    /// [`crate::Error::Fenced`] when the fence no longer holds.
    pub async fn place_articles(
        &self,
        placements: Vec<PlacementRow>,
        fence: Option<Fence>,
    ) -> Result<Vec<(ArticleId, StoryId)>> {
        let ids: Vec<ArticleId> = placements.iter().map(|row| row.article_id).collect();
        check_ids(&ids)?;
        let admission = Admission::new(WriteQueue::Understanding, "placing articles");
        let batch = Arc::new(placements);
        self.write(admission.weight(ids.len()).fence(fence), move |tx| {
            let batch = Arc::clone(&batch);
            async move { place(&tx, &batch).await }
        })
        .await
    }
}

/// What placing needs to know of an article.
struct Facts {
    source: i64,
    sort_at: i64,
    title: String,
    story: Option<i64>,
    is_private: bool,
}

async fn place(tx: &Tx, placements: &[PlacementRow]) -> Result<Vec<(ArticleId, StoryId)>> {
    let facts = facts(tx, placements).await?;
    let existing = existing_stories(tx, placements).await?;
    let mut new = NewStories::default();
    // First decide, then write: the new stories' ids are taken in one step.
    let mut decided: Vec<(&PlacementRow, Choice)> = Vec::with_capacity(placements.len());
    let mut seen = HashSet::new();
    for placement in placements {
        let id = placement.article_id.0;
        let Some(fact) = facts.get(&id).filter(|_| seen.insert(id)) else { continue };
        let choice = match (fact.story, placement.story) {
            (Some(story), _) => Choice::Story(story),
            (None, _) if fact.is_private => Choice::New(new.index((2, id.unsigned_abs()), id)),
            (None, PlacementStory::Existing(story)) if existing.contains(&story.0) => {
                Choice::Story(story.0)
            }
            (None, PlacementStory::Existing(gone)) => {
                Choice::New(new.index((1, gone.0 as u64), id))
            }
            (None, PlacementStory::New { key }) => Choice::New(new.index((0, key), id)),
        };
        decided.push((placement, choice));
    }
    let first = new.create(tx, &facts).await?;
    let placed: Vec<(&PlacementRow, i64)> =
        decided.into_iter().map(|(row, choice)| (row, choice.resolve(first))).collect();
    add_members(tx, &placed, &facts).await?;
    move_on(tx, &placed, &facts).await?;
    recount(tx, &placed.iter().map(|(_, story)| *story).collect()).await?;
    Ok(placed.into_iter().map(|(row, story)| (row.article_id, StoryId(story))).collect())
}

#[derive(Clone, Copy)]
enum Choice {
    Story(i64),
    New(i64),
}

impl Choice {
    fn resolve(self, first: i64) -> i64 {
        match self {
            Self::Story(story) => story,
            Self::New(index) => first + index,
        }
    }
}

/// Stories to be made, in the order of their first article.
#[derive(Default)]
struct NewStories {
    by_key: HashMap<(u8, u64), i64>,
    representatives: Vec<i64>,
}

impl NewStories {
    fn index(&mut self, key: (u8, u64), article: i64) -> i64 {
        let next = self.representatives.len() as i64;
        *self.by_key.entry(key).or_insert_with(|| {
            self.representatives.push(article);
            next
        })
    }

    /// Makes them and answers with the first one's id.
    async fn create(&self, tx: &Tx, facts: &HashMap<i64, Facts>) -> Result<i64> {
        if self.representatives.is_empty() {
            return Ok(0);
        }
        let first = tx.take_numbers("story", self.representatives.len() as i64).await?;
        let mut values = Vec::new();
        for (id, article) in (first..).zip(&self.representatives) {
            let Some(fact) = facts.get(article) else { continue };
            let (title, at) = (fact.title.as_str(), fact.sort_at);
            values.extend([
                Value::from(id),
                title.into(),
                (*article).into(),
                0_i64.into(),
                0_i64.into(),
            ]);
            values.extend([Value::from(at), at.into()]);
        }
        for chunk in values.chunks(IDS_CHUNK * 7) {
            let mut sql = tx.sql(
                "INSERT INTO story (id, title, representative, article_count, source_count, first_at, last_at) VALUES ",
            );
            sql.rows(7, chunk.to_vec());
            tx.execute(sql).await?;
        }
        Ok(first)
    }
}

async fn facts(tx: &Tx, placements: &[PlacementRow]) -> Result<HashMap<i64, Facts>> {
    let mut facts = HashMap::with_capacity(placements.len());
    for chunk in placements.chunks(IDS_CHUNK) {
        let mut sql = tx.sql(
            "SELECT a.id, a.source_id, a.sort_at, a.title, m.story_id, s.owner_reader \
             FROM article a JOIN source s ON s.id = a.source_id LEFT JOIN story_member m ON m.article_id = a.id WHERE a.id IN ",
        );
        sql.list(chunk.iter().map(|row| row.article_id.0));
        for row in tx.all(sql).await? {
            let fact = Facts {
                source: get(&row, "source_id")?,
                sort_at: get(&row, "sort_at")?,
                title: get(&row, "title")?,
                story: get(&row, "story_id")?,
                is_private: get::<Option<i64>>(&row, "owner_reader")?.is_some(),
            };
            facts.insert(get(&row, "id")?, fact);
        }
    }
    Ok(facts)
}

async fn existing_stories(tx: &Tx, placements: &[PlacementRow]) -> Result<HashSet<i64>> {
    let wanted: BTreeSet<i64> = placements
        .iter()
        .filter_map(|row| match row.story {
            PlacementStory::Existing(story) => Some(story.0),
            PlacementStory::New { .. } => None,
        })
        .collect();
    let wanted: Vec<i64> = wanted.into_iter().collect();
    let mut found = HashSet::new();
    for chunk in wanted.chunks(IDS_CHUNK) {
        // The story of a private article takes in nobody else's, whoever proposes it.
        let mut sql = tx.sql(
            "SELECT st.id FROM story st WHERE NOT EXISTS (SELECT 1 FROM story_member m \
             JOIN source s ON s.id = m.source_id AND s.owner_reader IS NOT NULL \
             WHERE m.story_id = st.id) AND st.id IN ",
        );
        sql.list(chunk.iter().copied());
        for row in tx.all(sql).await? {
            found.insert(get(&row, "id")?);
        }
    }
    Ok(found)
}

async fn add_members(
    tx: &Tx,
    placed: &[(&PlacementRow, i64)],
    facts: &HashMap<i64, Facts>,
) -> Result<()> {
    for chunk in placed.chunks(IDS_CHUNK) {
        let mut values = Vec::with_capacity(chunk.len() * 5);
        for (row, story) in chunk {
            let Some(fact) = facts.get(&row.article_id.0) else { continue };
            values.extend([Value::from(row.article_id.0), (*story).into()]);
            values.extend([Value::from(fact.source), fact.sort_at.into()]);
            values.push(row.strand.map(|strand| strand.0).into());
        }
        let mut sql = tx.sql(
            "INSERT INTO story_member (article_id, story_id, source_id, sort_at, strand) VALUES ",
        );
        sql.rows(5, values).push(" ON CONFLICT (article_id) DO NOTHING");
        tx.execute(sql).await?;
    }
    Ok(())
}

async fn move_on(
    tx: &Tx,
    placed: &[(&PlacementRow, i64)],
    facts: &HashMap<i64, Facts>,
) -> Result<()> {
    for (row, story) in placed {
        // An article that changed meanwhile belongs to its story but goes its way again.
        let mut sql = tx.sql("UPDATE article SET story_id = ?, duplicate_of = ?").with(*story);
        let is_private = facts.get(&row.article_id.0).is_some_and(|fact| fact.is_private);
        sql.bind(row.duplicate_of.filter(|_| !is_private).map(|id| id.0));
        sql.and(
            ", placed_at = CASE WHEN stage = 2 AND claimed_until >= 0 THEN ? ELSE placed_at END, \
             claimed_by = CASE WHEN stage = 2 AND claimed_until >= 0 THEN NULL ELSE claimed_by END, \
             claimed_until = CASE WHEN stage = 2 AND claimed_until >= 0 THEN 0 ELSE claimed_until END, \
             stage = CASE WHEN stage = 2 AND claimed_until >= 0 THEN 3 ELSE stage END",
            tx.now.0,
        );
        sql.and(" WHERE id = ?", row.article_id.0);
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Counts the members of these stories again and takes away those that have none left.
pub(crate) async fn recount(tx: &Tx, stories: &BTreeSet<i64>) -> Result<()> {
    let stories: Vec<i64> = stories.iter().copied().collect();
    for chunk in stories.chunks(IDS_CHUNK) {
        let mut sql = tx.sql(
            "SELECT story_id, COUNT(*) AS articles, COUNT(DISTINCT source_id) AS sources, \
             MIN(sort_at) AS first_at, MAX(sort_at) AS last_at FROM story_member WHERE story_id IN ",
        );
        sql.list(chunk.iter().copied()).push(" GROUP BY story_id");
        let mut counts = BTreeMap::new();
        for row in tx.all(sql).await? {
            let numbers: [i64; 4] = [
                get(&row, "articles")?,
                get(&row, "sources")?,
                get(&row, "first_at")?,
                get(&row, "last_at")?,
            ];
            counts.insert(get::<i64>(&row, "story_id")?, numbers);
        }
        for story in chunk {
            match counts.get(story) {
                Some(numbers) => update_counts(tx, *story, *numbers).await?,
                None => {
                    tx.execute(tx.sql("DELETE FROM story WHERE id = ?").with(*story)).await?;
                }
            }
        }
    }
    Ok(())
}

async fn update_counts(tx: &Tx, story: i64, numbers: [i64; 4]) -> Result<()> {
    let mut sql = tx.sql(
        "UPDATE story SET article_count = ?, source_count = ?, first_at = ?, last_at = ? WHERE id = ?",
    );
    for number in numbers {
        sql.bind(number);
    }
    tx.execute(sql.with(story)).await?;
    Ok(())
}

/// Gives stories whose representative is no longer among them their oldest article instead.
pub(crate) async fn crown(tx: &Tx, stories: &BTreeSet<i64>) -> Result<()> {
    if stories.is_empty() {
        return Ok(());
    }
    let mut sql = tx.sql(
        "SELECT st.id, (SELECT m.article_id FROM story_member m WHERE m.story_id = st.id \
         ORDER BY m.sort_at, m.article_id LIMIT 1) AS heir FROM story st \
         WHERE NOT EXISTS (SELECT 1 FROM story_member m WHERE m.article_id = st.representative \
         AND m.story_id = st.id) AND st.id IN ",
    );
    sql.list(stories.iter().copied());
    for row in tx.all(sql).await? {
        let Some(heir) = get::<Option<i64>>(&row, "heir")? else { continue };
        let mut sql = tx.sql(
            "UPDATE story SET representative = ?, title = (SELECT title FROM article WHERE id = ?) WHERE id = ?",
        );
        sql.bind(heir).bind(heir).bind(get::<i64>(&row, "id")?);
        tx.execute(sql).await?;
    }
    Ok(())
}
