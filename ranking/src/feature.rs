//! The parts of a score: what each means, its weight and the reason it gives.

use autoglm_domain::ReasonKind;

/// One part of a score. All are on the scale of about one standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Feature {
    /// Nearness to the interests of weeks, standardised over the window.
    Long = 0,
    /// Nearness to the interests of the hour, standardised over the window.
    Short = 1,
    /// Mean similarity to the three nearest articles liked.
    Neighbours = 2,
    /// Similarity to the nearest medoid.
    Medoid = 3,
    /// Logarithm of the click rate, standardised over the window.
    Popularity = 4,
    /// Freshness on the scale of the topic.
    Freshness = 5,
    /// Liking of the source.
    Source = 6,
    /// Liking of the topics.
    Topic = 7,
    /// Liking of the language.
    Language = 8,
    /// Shown and not opened.
    Seen = 9,
    /// Another article of the story was read.
    StoryRead = 10,
    /// Number of sources that report the story.
    Corroboration = 11,
}

/// Number of features.
pub const FEATURES: usize = 12;

/// Values by feature.
pub type FeatureValues = [f32; FEATURES];

impl Feature {
    /// All of them, in order.
    pub const ALL: [Self; FEATURES] = [
        Self::Long,
        Self::Short,
        Self::Neighbours,
        Self::Medoid,
        Self::Popularity,
        Self::Freshness,
        Self::Source,
        Self::Topic,
        Self::Language,
        Self::Seen,
        Self::StoryRead,
        Self::Corroboration,
    ];

    /// Starting weight. Popularity and freshness are those of reference/recommendation.md section
    /// 1.3; the others were set so that each contributes about as much as its evidence is worth.
    #[must_use]
    pub fn weight(self) -> f32 {
        match self {
            // More than weeks, so that a new interest shows within a handful of opens.
            Self::Short => 1.6,
            Self::Long | Self::Popularity | Self::StoryRead => 1.0,
            Self::Neighbours | Self::Freshness => 0.6,
            Self::Medoid | Self::Seen => 0.3,
            Self::Source | Self::Topic => 0.8,
            Self::Language => 0.5,
            Self::Corroboration => 0.2,
        }
    }

    /// The reason it gives when it speaks for an article; none when it only speaks against.
    #[must_use]
    pub fn reason(self) -> Option<ReasonKind> {
        match self {
            Self::Long | Self::Medoid => Some(ReasonKind::LongInterest),
            Self::Short => Some(ReasonKind::RecentInterest),
            Self::Neighbours => Some(ReasonKind::SimilarTo),
            Self::Popularity => Some(ReasonKind::Popular),
            Self::Freshness => Some(ReasonKind::Fresh),
            Self::Source => Some(ReasonKind::Source),
            Self::Topic => Some(ReasonKind::Topic),
            Self::Corroboration => Some(ReasonKind::Sources),
            Self::Language | Self::Seen | Self::StoryRead => None,
        }
    }
}
