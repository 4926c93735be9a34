//! A profile as bytes: little-endian, versioned, every length bounded when read.

use super::affinity::{Counts, KEY_BYTES, KEYS_MAX};
use super::medoids::Medoid;
use super::mutes::BoundedSet;
use super::positives::TITLE_BYTES;
use super::seen::{STORIES_MAX, Seen};
use super::skipped::{SHOWN_MAX, Shown};
use super::{
    AffinityTable, DwellHabit, InterestState, MEDOIDS_MAX, MUTES_MAX, Medoids, Mutes,
    POSITIVES_MAX, Positive, Positives, Profile, SEEN_MAX, SeenMemory, Skipped,
};
use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Language, QuantizedEmbedding, SourceId, StoryId, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;

mod bytes;
use bytes::{Reader, Writer};

/// Version of the encoded form; another one is refused and the events are replayed.
pub const PROFILE_VERSION: u8 = 1;
/// Longest encoded profile: every part full.
pub const PROFILE_BYTES_MAX: usize = 160 * 1024;

/// Why bytes are no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Written by another version of the product.
    #[error(
        "cannot read a profile of version {found}: this build reads version {PROFILE_VERSION}; \
         rebuild it from the reader's events"
    )]
    Version {
        /// The version found.
        found: u8,
    },
    /// Cut off, too long, or with values no profile has.
    #[error("cannot read a profile: the bytes are damaged; rebuild it from the reader's events")]
    Damaged,
}

pub(super) fn encode(profile: &Profile) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(PROFILE_VERSION);
    writer.u64(profile.events);
    state(&mut writer, &profile.long);
    state(&mut writer, &profile.short);
    writer.list(profile.positives.0.iter(), |writer, positive| {
        writer.i64(positive.article_id.0);
        writer.text(&positive.title);
        writer.embedding(&positive.embedding);
        writer.f32(positive.reward);
        writer.i64(positive.at.0);
    });
    writer.list(profile.medoids.0.iter(), |writer, medoid| {
        writer.i64(medoid.article_id.0);
        writer.embedding(&medoid.embedding);
        writer.f32(medoid.importance);
        writer.i64(medoid.at.0);
    });
    affinities(&mut writer, &profile.sources, |writer, source| writer.i64(source.0));
    affinities(&mut writer, &profile.topics, |writer, topic| writer.text(topic));
    affinities(&mut writer, &profile.languages, |writer, language| {
        writer.text(language.as_str());
    });
    seen(&mut writer, &profile.seen);
    writer.list(profile.skipped.0.iter(), |writer, shown| {
        writer.i64(shown.article_id.0);
        writer.embedding(&shown.embedding);
        writer.i64(shown.at.0);
    });
    let mutes = &profile.mutes;
    writer.list(mutes.sources.0.iter(), |writer, source| writer.i64(source.0));
    writer.list(mutes.topics.0.iter(), |writer, topic| writer.text(topic));
    writer.list(mutes.stories.0.iter(), |writer, story| writer.i64(story.0));
    writer.list(mutes.articles.0.iter(), |writer, article| writer.i64(article.0));
    writer.f32(profile.dwell.count);
    writer.f32(profile.dwell.mean);
    writer.f32(profile.dwell.variance);
    writer.finish()
}

fn state(writer: &mut Writer, state: &InterestState) {
    for value in state.sums.iter().chain(&state.precision) {
        writer.f32(*value);
    }
    writer.f32(state.evidence);
    writer.i64(state.updated_at.0);
}

fn affinities<K: Ord>(
    writer: &mut Writer,
    table: &AffinityTable<K>,
    key: impl Fn(&mut Writer, &K),
) {
    writer.list(table.0.iter(), |writer, (name, counts)| {
        key(writer, name);
        writer.f32(counts.liked);
        writer.f32(counts.disliked);
        writer.i64(counts.at.0);
    });
}

fn seen(writer: &mut Writer, memory: &SeenMemory) {
    writer.list(memory.articles.iter(), |writer, (article, seen)| {
        writer.i64(article.0);
        writer.u8(seen.impressions);
        writer.u8(seen.skips);
        writer.u8(u8::from(seen.opened));
        writer.i16(seen.credit);
        writer.i64(seen.at.0);
    });
    writer.list(memory.stories.iter(), |writer, (story, at)| {
        writer.i64(story.0);
        writer.i64(at.0);
    });
}

pub(super) fn decode(bytes: &[u8]) -> Result<Profile, ProfileError> {
    let mut reader = Reader::new(bytes);
    if bytes.len() > PROFILE_BYTES_MAX {
        return Err(ProfileError::Damaged);
    }
    let found = reader.u8()?;
    if found != PROFILE_VERSION {
        return Err(ProfileError::Version { found });
    }
    let profile = Profile {
        events: reader.u64()?,
        long: read_state(&mut reader)?,
        short: read_state(&mut reader)?,
        positives: Positives(reader.list(POSITIVES_MAX, read_positive)?.into()),
        medoids: Medoids(reader.list(MEDOIDS_MAX, read_medoid)?),
        sources: read_affinities(&mut reader, |reader| Ok(SourceId(reader.i64()?)))?,
        topics: read_affinities(&mut reader, |reader| reader.text(KEY_BYTES))?,
        languages: read_affinities(&mut reader, |reader| {
            Language::from_tag(&reader.text(KEY_BYTES)?).ok_or(ProfileError::Damaged)
        })?,
        seen: read_seen(&mut reader)?,
        skipped: Skipped(reader.list(SHOWN_MAX, read_shown)?.into()),
        mutes: read_mutes(&mut reader)?,
        dwell: DwellHabit {
            count: reader.f32()?,
            mean: reader.f32()?,
            variance: reader.f32()?.max(0.0),
        },
    };
    reader.finish()?;
    Ok(profile)
}

fn read_state(reader: &mut Reader<'_>) -> Result<InterestState, ProfileError> {
    let mut column = || (0..EMBEDDING_DIMENSIONS).map(|_| reader.f32()).collect();
    let sums: Vec<f32> = column()?;
    let precision: Result<Vec<f32>, ProfileError> = column();
    let precision = precision?.into_iter().map(|value| value.max(0.0)).collect();
    Ok(InterestState {
        sums,
        precision,
        evidence: reader.f32()?.max(0.0),
        updated_at: Timestamp(reader.i64()?),
    })
}

fn read_positive(reader: &mut Reader<'_>) -> Result<Positive, ProfileError> {
    Ok(Positive {
        article_id: ArticleId(reader.i64()?),
        title: Arc::from(reader.text(TITLE_BYTES)?),
        embedding: reader.embedding()?,
        reward: reader.f32()?,
        at: Timestamp(reader.i64()?),
    })
}

fn read_medoid(reader: &mut Reader<'_>) -> Result<Medoid, ProfileError> {
    let article_id = ArticleId(reader.i64()?);
    let embedding: QuantizedEmbedding = reader.embedding()?;
    Ok(Medoid { article_id, embedding, importance: reader.f32()?, at: Timestamp(reader.i64()?) })
}

fn read_shown(reader: &mut Reader<'_>) -> Result<Shown, ProfileError> {
    Ok(Shown {
        article_id: ArticleId(reader.i64()?),
        embedding: reader.embedding()?,
        at: Timestamp(reader.i64()?),
    })
}

fn read_affinities<K: Ord>(
    reader: &mut Reader<'_>,
    key: impl Fn(&mut Reader<'_>) -> Result<K, ProfileError>,
) -> Result<AffinityTable<K>, ProfileError> {
    let pairs = reader.list(KEYS_MAX, |reader| {
        let name = key(reader)?;
        let (liked, disliked) = (reader.f32()?.max(0.0), reader.f32()?.max(0.0));
        Ok((name, Counts { liked, disliked, at: Timestamp(reader.i64()?) }))
    })?;
    Ok(AffinityTable(pairs.into_iter().collect::<BTreeMap<_, _>>()))
}

fn read_seen(reader: &mut Reader<'_>) -> Result<SeenMemory, ProfileError> {
    let articles = reader.list(SEEN_MAX, |reader| {
        let article = ArticleId(reader.i64()?);
        let seen = Seen {
            impressions: reader.u8()?,
            skips: reader.u8()?,
            opened: reader.u8()? != 0,
            credit: reader.i16()?,
            at: Timestamp(reader.i64()?),
        };
        Ok((article, seen))
    })?;
    let stories = reader
        .list(STORIES_MAX, |reader| Ok((StoryId(reader.i64()?), Timestamp(reader.i64()?))))?;
    Ok(SeenMemory {
        articles: articles.into_iter().collect(),
        stories: stories.into_iter().collect(),
    })
}

fn read_mutes(reader: &mut Reader<'_>) -> Result<Mutes, ProfileError> {
    Ok(Mutes {
        sources: BoundedSet(reader.list(MUTES_MAX, |reader| Ok(SourceId(reader.i64()?)))?.into()),
        topics: BoundedSet(reader.list(MUTES_MAX, |reader| reader.text(KEY_BYTES))?.into()),
        stories: BoundedSet(reader.list(MUTES_MAX, |reader| Ok(StoryId(reader.i64()?)))?.into()),
        articles: BoundedSet(reader.list(MUTES_MAX, |reader| Ok(ArticleId(reader.i64()?)))?.into()),
    })
}
