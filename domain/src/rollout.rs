//! Which models read articles: the ones in use, a candidate beside them, and how one replaces the other.
//!
//! Readings of different encoders cannot be compared with each other: ranking and stories need all
//! vectors in one space. So a candidate with another encoder reads *beside* the one in use, and
//! when it is promoted every kept article is read by it before all of them change over at once.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The models of one reading, each by name and version such as `bilingual-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelChoice {
    /// Makes the vector; which space the vectors are in.
    pub encoder: String,
    /// Finds topics.
    pub classifier: String,
    /// Makes summaries.
    pub summariser: String,
    /// Finds entities and keywords; empty in what a program saved that did not find any.
    #[serde(default)]
    pub extractor: String,
}

impl ModelChoice {
    /// Whether vectors of both can be compared.
    #[must_use]
    pub fn shares_space_with(&self, other: &Self) -> bool {
        self.encoder == other.encoder
    }

    /// Names and versions, as stored with every understanding: `bilingual-1+prototype-1+extractive-2+entities-1`.
    /// An article without a reading of this name has not been read by these models.
    #[must_use]
    pub fn version(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in [&self.encoder, &self.classifier, &self.summariser, &self.extractor] {
            if !name.is_empty() && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.join("+")
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.version())
    }
}

/// A candidate beside the models in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its models.
    pub models: ModelChoice,
    /// Share of new articles it reads, in percent, 1 to 100.
    pub share: u8,
    /// Whether it is on its way to replace the models in use: it then reads every article.
    pub is_promoted: bool,
}

/// What the cluster's nodes read articles with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Whose readings readers see.
    pub active: ModelChoice,
    /// What was active before, for the way back.
    pub previous: Option<ModelChoice>,
    /// Measured beside the active models, or replacing them.
    pub candidate: Option<Candidate>,
}

/// A step of a rollout that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolloutRefusal {
    /// The candidate is what is in use.
    #[error("{0} is in use already")]
    InUse(String),
    /// Another candidate is there.
    #[error("{0} is the candidate at present; promote it or withdraw it first")]
    Occupied(String),
    /// The change-over has begun.
    #[error("{0} is being promoted: articles are read by it; wait, or withdraw it")]
    Promoting(String),
    /// Nothing to promote or to withdraw.
    #[error("there is no candidate; name one with `autoglm models canary NAME-VERSION`")]
    NoCandidate,
    /// Nothing to go back to.
    #[error("there is no earlier version to go back to")]
    NothingBefore,
    /// A share outside 1..=100.
    #[error("a share of {0} % is not between 1 and 100")]
    Share(u8),
}

impl Rollout {
    /// Only these models, with nothing before them.
    #[must_use]
    pub fn of(active: ModelChoice) -> Self {
        Self { active, previous: None, candidate: None }
    }

    /// Lets other models read a share of the new articles, beside those in use. Called for the
    /// present candidate it changes its share.
    ///
    /// # Errors
    /// When they are in use, another candidate is there, or the share is none.
    pub fn canary(mut self, models: ModelChoice, share: u8) -> Result<Self, RolloutRefusal> {
        if !(1..=100).contains(&share) {
            return Err(RolloutRefusal::Share(share));
        }
        if models == self.active {
            return Err(RolloutRefusal::InUse(models.version()));
        }
        if let Some(candidate) = &self.candidate {
            let name = candidate.models.version();
            if candidate.is_promoted {
                return Err(RolloutRefusal::Promoting(name));
            }
            if candidate.models != models {
                return Err(RolloutRefusal::Occupied(name));
            }
        }
        self.candidate = Some(Candidate { models, share, is_promoted: false });
        Ok(self)
    }

    /// The candidate shall replace the models in use: from now on it reads every article.
    ///
    /// # Errors
    /// When there is none.
    pub fn promote(mut self) -> Result<Self, RolloutRefusal> {
        let candidate = self.candidate.as_mut().ok_or(RolloutRefusal::NoCandidate)?;
        (candidate.share, candidate.is_promoted) = (100, true);
        Ok(self)
    }

    /// The candidate is given up; what is in use stays.
    ///
    /// # Errors
    /// When there is none.
    pub fn withdraw(mut self) -> Result<Self, RolloutRefusal> {
        self.candidate.take().ok_or(RolloutRefusal::NoCandidate)?;
        Ok(self)
    }

    /// What was active before becomes the candidate that is promoted; a present one is given up.
    ///
    /// # Errors
    /// When nothing was active before.
    pub fn roll_back(mut self) -> Result<Self, RolloutRefusal> {
        let models = self.previous.clone().ok_or(RolloutRefusal::NothingBefore)?;
        self.candidate = Some(Candidate { models, share: 100, is_promoted: true });
        Ok(self)
    }

    /// Every article was read: the promoted candidate is in use. Anything else stays as it is.
    #[must_use]
    pub fn change_over(mut self) -> Self {
        if let Some(candidate) = self.candidate.take_if(|candidate| candidate.is_promoted) {
            self.previous = Some(std::mem::replace(&mut self.active, candidate.models));
        }
        self
    }

    /// Whether the candidate reads an article: a stable choice, so that every node and every
    /// repetition takes the same. `key` is spread by a multiplicative hash (Knuth, TAOCP 3, 6.4).
    #[must_use]
    pub fn is_canary(&self, key: u64) -> bool {
        let Some(candidate) = &self.candidate else { return false };
        let spread = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        (spread * 100) >> 32 < u64::from(candidate.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn models(encoder: &str) -> ModelChoice {
        ModelChoice {
            encoder: encoder.into(),
            classifier: "seeds-1".into(),
            summariser: "extractive-2".into(),
            extractor: "entities-1".into(),
        }
    }

    fn in_use() -> Rollout {
        Rollout::of(models("a-1"))
    }

    #[test]
    fn a_candidate_is_measured_promoted_and_rolled_back() {
        let measured = in_use().canary(models("b-1"), 25).unwrap();
        assert_eq!(measured.active, models("a-1"));
        let promoted = measured.promote().unwrap();
        assert_eq!(promoted.candidate.as_ref().unwrap().share, 100);
        let changed = promoted.change_over();
        assert_eq!((&changed.active, &changed.candidate), (&models("b-1"), &None));
        let back = changed.roll_back().unwrap().change_over();
        assert_eq!((back.active, back.previous), (models("a-1"), Some(models("b-1"))));
    }

    #[test]
    fn a_candidate_that_is_only_measured_never_changes_over() {
        let measured = in_use().canary(models("b-1"), 100).unwrap();
        assert_eq!(measured.clone().change_over(), measured);
    }

    #[test]
    fn one_candidate_at_a_time_and_never_the_one_in_use() {
        assert_eq!(
            in_use().canary(models("a-1"), 5),
            Err(RolloutRefusal::InUse(models("a-1").version()))
        );
        let measured = in_use().canary(models("b-1"), 5).unwrap();
        assert!(matches!(
            measured.clone().canary(models("c-1"), 5),
            Err(RolloutRefusal::Occupied(_))
        ));
        assert_eq!(
            measured.clone().canary(models("b-1"), 50).unwrap().candidate.unwrap().share,
            50
        );
        let promoted = measured.promote().unwrap();
        assert!(matches!(promoted.canary(models("b-1"), 5), Err(RolloutRefusal::Promoting(_))));
        assert_eq!(in_use().canary(models("b-1"), 0), Err(RolloutRefusal::Share(0)));
        assert_eq!(in_use().promote(), Err(RolloutRefusal::NoCandidate));
        assert_eq!(in_use().withdraw(), Err(RolloutRefusal::NoCandidate));
        assert_eq!(in_use().roll_back(), Err(RolloutRefusal::NothingBefore));
    }

    #[test]
    fn the_share_of_a_candidate_is_kept_to() {
        let measured = in_use().canary(models("b-1"), 25).unwrap();
        let read = (0..10_000).filter(|id| measured.is_canary(*id)).count();
        assert!((2_300..2_700).contains(&read), "{read}");
        let all = measured.promote().unwrap();
        assert!((0..10_000).all(|id| all.is_canary(id)));
        assert!(!(0..10_000).any(|id| in_use().is_canary(id)));
    }

    proptest! {
        #[test]
        fn no_order_of_steps_loses_the_models_in_use(steps in prop::collection::vec(0_u8..6, 0..30)) {
            let mut rollout = in_use();
            for step in steps {
                let next = match step {
                    0 => rollout.clone().canary(models("b-1"), 10),
                    1 => rollout.clone().canary(models("c-1"), 10),
                    2 => rollout.clone().promote(),
                    3 => rollout.clone().withdraw(),
                    4 => rollout.clone().roll_back(),
                    _ => Ok(rollout.clone().change_over()),
                };
                rollout = next.unwrap_or(rollout);
                let known = [models("a-1"), models("b-1"), models("c-1")];
                prop_assert!(known.contains(&rollout.active));
                let candidate = rollout.candidate.as_ref().map(|one| &one.models);
                prop_assert_ne!(candidate, Some(&rollout.active));
                prop_assert_ne!(rollout.previous.as_ref(), Some(&rollout.active));
            }
        }
    }
}
