//! Rules a reader writes: when an article or story has certain marks, do something, once a story.
//!
//! Only says what fires; remembering that a rule fired for a story is the caller's, in the same
//! transaction as what it does.

use crate::features::ArticleFeatures;
use autoglm_domain::{Language, SourceId};
use serde::{Deserialize, Serialize};

/// Conditions a rule may have; further ones never hold.
pub const CONDITIONS_MAX: usize = 16;
/// Characters of a phrase.
pub const PHRASE_CHARACTERS_MAX: usize = 100;

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleCondition {
    /// Title or text contain the phrase, whatever its case; Latin phrases as whole words.
    Phrase(String),
    /// It comes from the source.
    Source(SourceId),
    /// The topic is among its topics, by key.
    Topic(String),
    /// It is in the language.
    Language(Language),
    /// At least so many sources report its story.
    SourcesAtLeast(u16),
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// Hide it from ranked lists.
    Hide,
    /// Keep it for later.
    Save,
    /// Send it to the reader's channels.
    Push,
}

/// All conditions together lead to the action. A rule without conditions never fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What must hold.
    pub conditions: Vec<RuleCondition>,
    /// What to do.
    pub action: RuleAction,
}

/// An article as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct RuleSubject<'a> {
    /// Its features.
    pub features: &'a ArticleFeatures,
    /// The start of its text; bounded by the caller.
    pub text: &'a str,
}

impl Rule {
    /// Whether every condition holds.
    #[must_use]
    pub fn holds(&self, subject: &RuleSubject<'_>) -> bool {
        !self.conditions.is_empty()
            && self.conditions.len() <= CONDITIONS_MAX
            && self.conditions.iter().all(|condition| condition.holds(subject))
    }
}

impl RuleCondition {
    fn holds(&self, subject: &RuleSubject<'_>) -> bool {
        let features = subject.features;
        match self {
            Self::Phrase(phrase) => {
                contains_phrase(&features.title, phrase) || contains_phrase(subject.text, phrase)
            }
            Self::Source(source) => features.source_id == *source,
            Self::Topic(topic) => features.topics.iter().any(|known| known.name == *topic),
            Self::Language(language) => features.language == Some(*language),
            Self::SourcesAtLeast(count) => features.sources_in_story >= *count,
        }
    }
}

/// The actions of all rules that hold, each with its rule's position; hiding wins: with a rule
/// that hides, no other fires.
#[must_use]
pub fn fired_actions(rules: &[Rule], subject: &RuleSubject<'_>) -> Vec<(usize, RuleAction)> {
    let mut fired: Vec<(usize, RuleAction)> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.holds(subject))
        .map(|(position, rule)| (position, rule.action))
        .collect();
    if fired.iter().any(|(_, action)| *action == RuleAction::Hide) {
        fired.retain(|(_, action)| *action == RuleAction::Hide);
    }
    fired
}

/// Whether a text contains a phrase, at word boundaries where the phrase begins or ends with a
/// letter of an alphabet.
fn contains_phrase(text: &str, phrase: &str) -> bool {
    let phrase = phrase.trim().to_lowercase();
    if phrase.is_empty() || phrase.chars().count() > PHRASE_CHARACTERS_MAX {
        return false;
    }
    let text = text.to_lowercase();
    let bounded = |phrase_edge: Option<char>, neighbour: Option<char>| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || ('\u{C0}'..='\u{52F}').contains(&c);
        !(phrase_edge.is_some_and(is_letter) && neighbour.is_some_and(is_letter))
    };
    text.match_indices(&phrase).any(|(start, found)| {
        let before = text.get(..start).and_then(|rest| rest.chars().next_back());
        let after = text.get(start + found.len()..).and_then(|rest| rest.chars().next());
        bounded(phrase.chars().next(), before) && bounded(phrase.chars().next_back(), after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{article_on, axis};

    fn holds(condition: RuleCondition, text: &str) -> bool {
        let features = article_on(1, "science", axis(0));
        let rule = Rule { conditions: vec![condition], action: RuleAction::Push };
        rule.holds(&RuleSubject { features: &features, text })
    }

    #[test]
    fn a_latin_phrase_is_found_as_whole_words_and_a_chinese_one_anywhere() {
        assert!(holds(RuleCondition::Phrase("Mars".into()), "A probe lands on mars."));
        assert!(!holds(RuleCondition::Phrase("Mars".into()), "The marsh is wet"));
        assert!(holds(RuleCondition::Phrase("火星".into()), "探测器登陆火星表面"));
        assert!(!holds(RuleCondition::Phrase("  ".into()), "anything"));
    }

    #[test]
    fn all_conditions_must_hold_and_none_is_not_enough() {
        let features = article_on(1, "science", axis(0));
        let subject = RuleSubject { features: &features, text: "" };
        let topic = RuleCondition::Topic("science".into());
        let many = RuleCondition::SourcesAtLeast(3);
        let rule = |conditions| Rule { conditions, action: RuleAction::Save };
        assert!(rule(vec![topic.clone()]).holds(&subject));
        assert!(!rule(vec![topic, many]).holds(&subject));
        assert!(!rule(vec![]).holds(&subject));
    }

    #[test]
    fn what_is_hidden_is_not_pushed() {
        let features = article_on(1, "science", axis(0));
        let subject = RuleSubject { features: &features, text: "" };
        let conditions = vec![RuleCondition::Topic("science".into())];
        let rules = [RuleAction::Push, RuleAction::Hide]
            .map(|action| Rule { conditions: conditions.clone(), action });
        assert_eq!(fired_actions(&rules, &subject), [(1, RuleAction::Hide)]);
    }
}
