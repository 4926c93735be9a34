//! Unknown English names: runs of capitalised words with evidence of what they are beside them.

use super::evidence::{
    AT_A_PLACE, CAPITAL_WORDS, COMPANY_ENDINGS, COMPANY_KINDS, COMPANY_THINGS, GIVEN_NAMES,
    LEGAL_FORMS, ORGANISATION_WORDS, PLACE_ENDINGS, PLAIN_GIVEN_NAMES, ROLES, SAYING, STOP_WORDS,
};
use super::mention::{Mention, Sureness, covers};
use super::words::{Gap, Word, joins_a_name};
use autoglm_domain::{EntityKind, entity_key};
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};

/// Words of one name at most.
const NAME_WORDS_MAX: usize = 7;

/// A text of words and what is known of it.
pub(super) struct EnglishText<'a> {
    pub(super) text: &'a str,
    pub(super) words: &'a [Word],
    /// Names that are known already, in the order of the text.
    pub(super) known: &'a [Mention],
    /// Where the title ends.
    pub(super) title_end: usize,
}

/// A run of capitalised words.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// First word and the one after the last.
    from: usize,
    to: usize,
    /// Whether a role stands before it.
    has_role: bool,
    /// Whether `startup` and the like stand before it.
    is_company: bool,
}

impl EnglishText<'_> {
    /// Unknown names with what they are, in no order.
    pub(super) fn find(&self) -> Vec<Mention> {
        let is_title_case = self.is_title_case();
        let mut found = Vec::new();
        let mut left = Vec::new();
        let mut small = HashSet::with_hasher(FixedState::default());
        for word in self.words.iter().filter(|word| !word.is_capital) {
            small.insert(word.slice(self.text));
        }
        let mut index = 0;
        while let Some(word) = self.words.get(index) {
            let is_in_title = word.start < self.title_end;
            if is_in_title && is_title_case {
                let length = self.named_pair(index, &mut found);
                index += length.max(1);
                continue;
            }
            let Some(run) = self.run_at(index, &small) else {
                index += 1;
                continue;
            };
            match self.kind_of(run) {
                Some(kind) => found.extend(self.mention(run, kind)),
                None => left.push(run),
            }
            index = run.to.max(index + 1);
        }
        self.repeated(&mut found, &left);
        found
    }

    /// Whether the title's words begin with capitals as a habit.
    fn is_title_case(&self) -> bool {
        let (mut capital, mut small) = (0, 0);
        for word in self.words.iter().filter(|word| word.start < self.title_end && word.has_letter)
        {
            if word.end - word.start > 3 {
                capital += usize::from(word.is_capital);
                small += usize::from(!word.is_capital);
            }
        }
        capital > 3 && small * 4 < capital
    }

    fn folded(&self, index: usize) -> Option<String> {
        Some(self.words.get(index)?.folded(self.text).into_owned())
    }

    fn is_among(&self, index: usize, list: &super::evidence::Words) -> bool {
        self.folded(index).is_some_and(|word| list.contains(word.as_str()))
    }

    fn is_known(&self, word: &Word) -> bool {
        covers(self.known, word.start, word.end)
    }

    /// In a title of capitals only a given name with a name behind it is told from other words.
    fn named_pair(&self, index: usize, found: &mut Vec<Mention>) -> usize {
        let pair = self.words.get(index..index + 2);
        let Some([first, last]) = pair else { return 0 };
        let is_pair = first.is_capital
            && last.is_capital
            && last.gap == Gap::Blank
            && !first.is_possessive
            && !self.is_known(first)
            && self.is_among(index, &GIVEN_NAMES)
            && !self.is_among(index, &PLAIN_GIVEN_NAMES)
            && !self.is_among(index + 1, &STOP_WORDS)
            && !self.is_among(index + 1, &SAYING);
        if !is_pair {
            return 0;
        }
        let run = Run { from: index, to: index + 2, has_role: false, is_company: false };
        found.extend(self.mention(run, EntityKind::Person));
        2
    }

    /// The run of capitalised words that begins here.
    fn run_at(&self, index: usize, small: &HashSet<&str, FixedState>) -> Option<Run> {
        let first = self.words.get(index)?;
        if !self.may_begin(index, first, small) {
            return None;
        }
        let mut has_role = index.checked_sub(1).is_some_and(|before| {
            let is_owner = self.words.get(before).is_some_and(|word| word.is_possessive);
            joins_a_name(first.gap) && !is_owner && self.is_among(before, &ROLES)
        });
        let mut from = index;
        let mut to = index + 1;
        while to - from < NAME_WORDS_MAX {
            let Some(before) = self.words.get(to - 1) else { break };
            let Some(next) = self.words.get(to) else { break };
            if before.is_possessive || !joins_a_name(next.gap) {
                break;
            }
            if next.is_capital && !self.is_known(next) && next.has_letter {
                to += 1;
            } else if let Some(words) = self.connects(to) {
                to += 1 + words;
            } else {
                break;
            }
        }
        // A role is no part of the name, unless it is all there is.
        while from + 1 < to && self.is_among(from, &ROLES) {
            from += 1;
            has_role = true;
        }
        let is_company = from + 1 < to && self.is_among(from, &COMPANY_KINDS);
        from += usize::from(is_company);
        let is_one_word = to - from == 1 && !is_company;
        let word = self.words.get(from)?;
        let is_ordinary = self.is_among(from, &CAPITAL_WORDS) || self.is_among(from, &ROLES);
        if is_one_word && (is_ordinary || word.starts_with_small_elsewhere(self.text, small)) {
            return None;
        }
        Some(Run { from, to: to.min(self.words.len()), has_role, is_company })
    }

    /// A capital letter that is not there for the sentence's sake.
    fn may_begin(&self, index: usize, word: &Word, small: &HashSet<&str, FixedState>) -> bool {
        if !word.is_capital || !word.has_letter || self.is_known(word) {
            return false;
        }
        if self.is_among(index, &CAPITAL_WORDS) {
            // "South Korea's" is known; "American Institute of …" begins with such a word.
            let next = self.words.get(index + 1);
            return next.is_some_and(|next| {
                next.is_capital && joins_a_name(next.gap) && !self.is_known(next)
            }) && !word.starts_sentence;
        }
        if !word.starts_sentence {
            return true;
        }
        !self.is_among(index, &STOP_WORDS) && !word.starts_with_small_elsewhere(self.text, small)
    }

    /// `of`, `de` … between two capitalised words: how many words follow it in the name.
    fn connects(&self, index: usize) -> Option<usize> {
        let (word, next) = (self.words.get(index)?, self.words.get(index + 1)?);
        let is_link = matches!(
            word.slice(self.text),
            "of" | "de"
                | "del"
                | "della"
                | "di"
                | "da"
                | "van"
                | "von"
                | "der"
                | "den"
                | "la"
                | "le"
                | "bin"
                | "al"
                | "for"
        );
        if !is_link || !next.is_capital || !joins_a_name(next.gap) {
            return None;
        }
        // "for" and "of" are inside names of organisations only: "University of Barcelona".
        let is_of = matches!(word.slice(self.text), "of" | "for");
        if is_of
            && !index
                .checked_sub(1)
                .is_some_and(|before| self.is_among(before, &ORGANISATION_WORDS))
        {
            return None;
        }
        match self.known.iter().find(|one| one.start == next.start) {
            None => (!self.is_known(next)).then_some(1),
            Some(place) if is_of && place.kind == EntityKind::Place => Some(
                self.words.iter().skip(index + 1).take_while(|word| word.end <= place.end).count(),
            ),
            Some(_) => None,
        }
    }

    /// Where the name of an organisation or company begins: with what is known before it, "Ohio
    /// Department of Education", "Tencent Music Entertainment".
    fn with_name_before(&self, start: usize, kind: EntityKind) -> usize {
        let before = self.known.iter().find(|one| {
            one.end + 1 == start && (one.kind == EntityKind::Place || one.kind == kind)
        });
        let is_joined = self.text.get(..start).is_some_and(|text| text.ends_with(' '));
        before.filter(|_| is_joined).map_or(start, |place| place.start)
    }

    fn kind_of(&self, run: Run) -> Option<EntityKind> {
        let length = run.to - run.from;
        let last = run.to.checked_sub(1)?;
        if run.is_company {
            return Some(EntityKind::Company);
        }
        if length >= 2 && self.is_among(last, &COMPANY_ENDINGS) && !self.is_among(last, &STOP_WORDS)
        {
            return Some(EntityKind::Company);
        }
        if length >= 2 && (run.from..run.to).any(|index| self.is_among(index, &ORGANISATION_WORDS))
        {
            return Some(EntityKind::Organisation);
        }
        if length >= 2 && self.is_among(last, &PLACE_ENDINGS) {
            return Some(EntityKind::Place);
        }
        if self.is_person(run, length) {
            return Some(EntityKind::Person);
        }
        if self.is_company(run, length) {
            return Some(EntityKind::Company);
        }
        self.is_place(run).then_some(EntityKind::Place)
    }

    fn is_person(&self, run: Run, length: usize) -> bool {
        let is_plain = (run.from..run.to)
            .all(|index| self.words.get(index).is_some_and(|word| !word.is_upper));
        if length > 4 || !is_plain || self.is_among(run.from, &CAPITAL_WORDS) {
            return false;
        }
        if run.has_role || length >= 2 && self.is_among(run.from, &GIVEN_NAMES) {
            return true;
        }
        let gap_after = self.words.get(run.to).map(|word| word.gap);
        let is_said = length == 2
            && (gap_after == Some(Gap::Blank) && self.is_among(run.to, &SAYING)
                || self.gap_before(run) == Some(Gap::Blank)
                    && run.from > 0
                    && self.is_among(run.from - 1, &SAYING));
        // "Lena Fischer, chief executive of …"
        let is_named_role = length == 2
            && gap_after == Some(Gap::Comma)
            && (run.to..run.to + 4).any(|index| {
                self.is_among(index, &ROLES)
                    && self.words.get(index).is_some_and(|word| !word.is_capital || word.is_upper)
            });
        is_said || is_named_role
    }

    fn is_company(&self, run: Run, length: usize) -> bool {
        let is_joined = self.gap_before(run) == Some(Gap::Blank);
        let is_announced = is_joined && run.from > 0 && self.is_among(run.from - 1, &COMPANY_KINDS);
        let after = self.words.get(run.to);
        let is_followed = after.is_some_and(|word| word.gap == Gap::Blank && !word.starts_sentence)
            && self.is_among(run.to, &COMPANY_THINGS)
            && length <= 3;
        let is_share_of = is_joined
            && run.from > 1
            && self.folded(run.from - 1).as_deref() == Some("of")
            && self.is_among(run.from - 2, &COMPANY_THINGS);
        is_announced || is_followed || is_share_of
    }

    /// "in Plano, Texas", "the town of Millbrook near London".
    fn is_place(&self, run: Run) -> bool {
        let is_at = run.from > 0
            && self.gap_before(run) == Some(Gap::Blank)
            && self.is_among(run.from - 1, &AT_A_PLACE);
        let is_town = run.from > 1
            && self.folded(run.from - 1).as_deref() == Some("of")
            && self.folded(run.from - 2).is_some_and(|word| {
                matches!(
                    word.as_str(),
                    "town"
                        | "city"
                        | "village"
                        | "port"
                        | "province"
                        | "island"
                        | "capital"
                        | "district"
                )
            });
        let is_in_a_place = self.words.get(run.to).is_some_and(|next| {
            next.gap == Gap::Comma
                && self
                    .known
                    .iter()
                    .any(|one| one.start == next.start && one.kind == EntityKind::Place)
        });
        let is_plain =
            self.words.get(run.from).is_some_and(|word| !word.is_upper && !word.is_possessive)
                && run.to - run.from <= 2
                && !self.is_among(run.from, &GIVEN_NAMES);
        let is_in =
            run.from > 0 && matches!(self.folded(run.from - 1).as_deref(), Some("in" | "near"));
        let ends = self
            .words
            .get(run.to)
            .is_none_or(|next| matches!(next.gap, Gap::Other | Gap::Comma) || !next.is_capital);
        is_town || is_at && (is_in_a_place || is_in && is_plain && ends)
    }

    fn gap_before(&self, run: Run) -> Option<Gap> {
        self.words.get(run.from).map(|word| word.gap)
    }

    fn mention(&self, run: Run, kind: EntityKind) -> Option<Mention> {
        let mut to = run.to;
        if kind == EntityKind::Company {
            // "Acme Robotics Inc" is called Acme Robotics.
            while to > run.from + 1 && self.is_among(to - 1, &LEGAL_FORMS) {
                to -= 1;
            }
        }
        let first = self.words.get(run.from)?;
        let (shown, last) =
            (self.words.get(to.checked_sub(1)?)?, self.words.get(run.to.checked_sub(1)?)?);
        let start = match kind {
            EntityKind::Organisation => self.with_name_before(first.start, kind),
            EntityKind::Company if run.to - run.from > 1 => {
                self.with_name_before(first.start, kind)
            }
            _ => first.start,
        };
        let name = self.text.get(start..shown.end)?;
        let key = entity_key(name);
        let is_name = key.len() > 1 && key.chars().any(char::is_alphabetic);
        let (end, name) = (last.end, name.to_owned());
        is_name.then_some(Mention { start, end, kind, key, name, sureness: Sureness::Evidence })
    }

    /// Names of one word that stood in full elsewhere: "Fischer" after "Lena Fischer", "Acme" after
    /// "startup Acme".
    fn repeated(&self, found: &mut Vec<Mention>, left: &[Run]) {
        let mut called: HashMap<&str, usize, FixedState> = HashMap::default();
        for (index, mention) in found.iter().enumerate() {
            let Some(name) = self.text.get(mention.start..mention.end) else { continue };
            let short = match mention.kind {
                EntityKind::Person => name.rsplit(' ').next(),
                EntityKind::Company => name.split(' ').next(),
                _ => None,
            };
            called.entry(name).or_insert(index);
            if let Some(short) = short.filter(|short| short.len() > 2) {
                called.entry(short).or_insert(index);
            }
        }
        let mut more = Vec::new();
        for run in left {
            let (Some(first), Some(last)) = (self.words.get(run.from), self.words.get(run.to - 1))
            else {
                continue;
            };
            let name = self.text.get(first.start..last.end).unwrap_or_default();
            if let Some(known) = called.get(name).and_then(|index| found.get(*index)) {
                more.push(Mention { start: first.start, end: last.end, ..known.clone() });
            }
        }
        found.extend(more);
        // One that was found by its last name alone is the one that was named in full.
        self.join_last_names(found);
    }

    fn join_last_names(&self, found: &mut [Mention]) {
        let mut full: HashMap<String, (String, String), FixedState> = HashMap::default();
        let people = found.iter().chain(self.known).filter(|one| one.kind == EntityKind::Person);
        for one in people {
            if let Some((_, last)) = one.name.rsplit_once(' ') {
                full.entry(last.to_lowercase())
                    .or_insert_with(|| (one.key.clone(), one.name.clone()));
            }
        }
        for one in
            found.iter_mut().filter(|one| one.kind == EntityKind::Person && !one.name.contains(' '))
        {
            if let Some((key, name)) = full.get(&one.name.to_lowercase()) {
                (one.key, one.name) = (key.clone(), name.clone());
            }
        }
    }
}

impl Word {
    /// Whether the same word stands without a capital elsewhere in the text.
    fn starts_with_small_elsewhere(&self, text: &str, small: &HashSet<&str, FixedState>) -> bool {
        small.contains(self.folded(text).as_ref())
    }
}
