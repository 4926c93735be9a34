//! Unknown Chinese names: jieba's words and parts of speech, surnames, endings of names, and what
//! stands beside them.

use super::evidence::{
    CHINESE_COMPANY_ENDINGS, CHINESE_ORGANISATION_ENDINGS, CHINESE_PLACE_ENDINGS, CHINESE_ROLES,
    CHINESE_SAYING, CHINESE_SURE_ENDINGS, NO_PLACES, SURNAMES,
};
use super::gazetteer::Gazetteer;
use super::mention::{Mention, Sureness, covers};
use crate::token::is_ideographic;
use autoglm_domain::{EntityKind, entity_key};
use foldhash::fast::FixedState;
use jieba_rs::Jieba;
use std::collections::HashMap;

/// Characters of an organisation's name at most.
const NAME_CHARACTERS_MAX: usize = 14;

/// One of jieba's words at its place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) word: &'a str,
    pub(super) tag: &'a str,
}

/// A text in words and what is known of it.
pub(super) struct ChineseText<'a> {
    pub(super) text: &'a str,
    pub(super) pieces: &'a [Piece<'a>],
    /// Names that are known already, in the order of the text.
    pub(super) known: &'a [Mention],
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) words: &'a Jieba,
}

impl ChineseText<'_> {
    /// Unknown names with what they are, in no order.
    pub(super) fn find(&self) -> Vec<Mention> {
        let mut found = self.foreign_names();
        let mut maybe: HashMap<&str, Vec<usize>, FixedState> = HashMap::default();
        for (index, piece) in self.pieces.iter().enumerate() {
            if covers(self.known, piece.start, piece.end) || !piece.word.starts_with(is_ideographic)
            {
                continue;
            }
            if let Some(mention) = self.ending_here(index).or_else(|| self.place(piece)) {
                found.push(mention);
            } else if let Some(end) = self.split_name(index) {
                found.extend(self.mention(piece.start, end, EntityKind::Person));
            } else if is_full_name(piece.word)
                && (is_person_tag(piece.tag) || self.is_new_word(index))
            {
                if self.is_named(index) {
                    found.extend(self.mention(piece.start, piece.end, EntityKind::Person));
                } else {
                    maybe.entry(piece.word).or_default().push(index);
                }
            }
        }
        self.take_repeated(&mut found, &maybe);
        found
    }

    /// Names that nothing speaks for at one place count when they are named at another, or twice.
    fn take_repeated(
        &self,
        found: &mut Vec<Mention>,
        maybe: &HashMap<&str, Vec<usize>, FixedState>,
    ) {
        let mut more = Vec::new();
        for (word, places) in maybe {
            let is_known =
                found.iter().any(|one| one.kind == EntityKind::Person && one.name == *word);
            let is_long = word.chars().count() >= 3;
            if is_known
                || is_long && places.len() > 1
                || is_long && has_surname(word) && is_rare_given(word)
            {
                let pieces = places.iter().filter_map(|index| self.pieces.get(*index));
                more.extend(
                    pieces.filter_map(|piece| {
                        self.mention(piece.start, piece.end, EntityKind::Person)
                    }),
                );
            }
        }
        more.sort_by_key(|one| one.start);
        found.extend(more);
    }

    fn mention(&self, start: usize, end: usize, kind: EntityKind) -> Option<Mention> {
        let name = self.text.get(start..end)?.to_owned();
        let key = entity_key(&name);
        (!key.is_empty()).then_some(Mention {
            start,
            end,
            kind,
            key,
            name,
            sureness: Sureness::Evidence,
        })
    }

    /// `埃马纽埃尔·某某`: only names of people are written with a point in the middle.
    fn foreign_names(&self) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(point) = self.text.get(from..).and_then(|rest| rest.find(['·', '•', '・']))
        {
            let at = from + point;
            let before = self.text.get(from..at).unwrap_or_default();
            let run = before.chars().rev().take_while(|one| is_ideographic(*one)).count();
            let start = self.name_start(at, run);
            let mut end = at;
            for (offset, character) in self.text.get(at..).unwrap_or_default().char_indices() {
                let is_point = matches!(character, '·' | '•' | '・');
                if !is_point && !is_ideographic(character) || offset > 60 {
                    break;
                }
                end = at + offset + character.len_utf8();
            }
            let end = self.name_end(at, end);
            if start < at && end > at {
                found.extend(
                    self.mention(start, end, EntityKind::Person).map(|one| self.as_known(one)),
                );
            }
            from = end.max(at + 2);
            while !self.text.is_char_boundary(from) {
                from += 1;
            }
        }
        found
    }

    /// The one who is known by the last part of the name alone.
    fn as_known(&self, mut mention: Mention) -> Mention {
        let last = mention.name.rsplit(['·', '•', '・']).next().unwrap_or_default();
        let names = self.gazetteer.key_of(last).and_then(|key| self.gazetteer.names_of(key));
        if let Some(names) = names.filter(|names| names.kind == EntityKind::Person) {
            mention.key.clone_from(&names.key);
            mention.name = names.chinese.clone().unwrap_or(mention.name);
        }
        mention
    }

    /// Where a name that goes on behind `at` begins: with a word that is no title and no verb.
    fn name_start(&self, at: usize, run: usize) -> usize {
        let mut start = at;
        let mut characters = 0;
        for piece in self.pieces.iter().rev().skip_while(|piece| piece.end > at) {
            let length = piece.word.chars().count();
            let is_part = piece.end == start
                && characters + length <= run.min(6)
                && (piece.tag.starts_with("nr")
                    || matches!(piece.tag, "x" | "nz" | "ns" | "g" | "nrt")
                    || length == 1 && characters > 0
                    || characters == 0);
            if !is_part || CHINESE_ROLES.contains(piece.word) {
                break;
            }
            start = piece.start;
            characters += length;
        }
        start
    }

    /// Where the part of a name behind the last point ends: before a word of speech or a role.
    fn name_end(&self, at: usize, limit: usize) -> usize {
        let mut end = at;
        let mut is_first = true;
        for piece in self.pieces.iter().skip_while(|piece| piece.start < at) {
            if piece.start >= limit {
                break;
            }
            if matches!(piece.word, "·" | "•" | "・") {
                is_first = true;
                continue;
            }
            let is_syllable = piece.word.chars().count() == 1
                && (matches!(piece.tag, "n" | "ng" | "zg" | "j" | "a") || piece.word == "里");
            let goes_on = is_first
                || is_syllable
                || (piece.tag.starts_with("nr") || matches!(piece.tag, "x" | "nz" | "g"))
                    && !CHINESE_SAYING.contains(piece.word);
            if !goes_on {
                break;
            }
            is_first = false;
            end = piece.end;
        }
        end
    }

    /// A name that jieba cut after the surname: `王 小川 表示`.
    fn split_name(&self, index: usize) -> Option<usize> {
        let surname = self.pieces.get(index)?;
        let given = self.pieces.get(index + 1).filter(|given| given.start == surname.end)?;
        let is_role_before = self.is_role_before(index.checked_sub(1), surname.start);
        // "于" and "张" are mostly other words.
        let may_be_name = is_role_before || surname.tag.starts_with(['n', 'x', 'g', 'z', 'j']);
        if !may_be_name
            || !SURNAMES.contains(surname.word)
            || surname.word.chars().count() > 2
            || covers(self.known, given.start, given.end)
        {
            return None;
        }
        let length = given.word.chars().count();
        let after = self.pieces.get(index + 2);
        let joined = after
            .filter(|one| length == 1 && one.start == given.end && one.word.chars().count() == 1);
        let is_person = |next: usize| self.says(next) || is_role_before;
        if let Some(last) = joined
            && is_ideographic(last.word.chars().next()?)
            && is_person(index + 3)
            && !CHINESE_SAYING.contains(last.word)
        {
            return Some(last.end);
        }
        (length <= 2
            && given.word.chars().all(is_ideographic)
            && is_person(index + 2)
            && !CHINESE_SAYING.contains(given.word)
            && !CHINESE_ROLES.contains(given.word))
        .then_some(given.end)
    }

    /// Whether a verb of speech or a role stands at a place.
    fn says(&self, index: usize) -> bool {
        let (Some(piece), Some(before)) =
            (self.pieces.get(index), index.checked_sub(1).and_then(|at| self.pieces.get(at)))
        else {
            return false;
        };
        piece.start == before.end
            && (CHINESE_SAYING.contains(piece.word) || CHINESE_ROLES.contains(piece.word))
    }

    fn is_role_before(&self, before: Option<usize>, start: usize) -> bool {
        before
            .and_then(|at| self.pieces.get(at))
            .is_some_and(|piece| piece.end == start && CHINESE_ROLES.contains(piece.word))
    }

    /// Whether something beside a word says that it is a person.
    fn is_named(&self, index: usize) -> bool {
        let Some(piece) = self.pieces.get(index) else { return false };
        self.says(index + 1) || self.is_role_before(index.checked_sub(1), piece.start)
    }

    /// A word no dictionary has, behind a role: `总裁谭待`.
    fn is_new_word(&self, index: usize) -> bool {
        self.pieces.get(index).is_some_and(|piece| {
            self.is_role_before(index.checked_sub(1), piece.start)
                && !self.words.has_word(piece.word)
        })
    }

    fn place(&self, piece: &Piece<'_>) -> Option<Mention> {
        let is_place =
            piece.tag == "ns" && piece.word.chars().count() >= 2 && !NO_PLACES.contains(piece.word);
        if is_place {
            return self.mention(piece.start, piece.end, EntityKind::Place);
        }
        let is_organisation = piece.tag == "nt" && piece.word.chars().count() >= 4;
        is_organisation
            .then(|| self.mention(piece.start, piece.end, EntityKind::Organisation))
            .flatten()
    }

    /// A name that ends with this word: `某某大学`, `某某科技有限公司`, `某某县`.
    fn ending_here(&self, index: usize) -> Option<Mention> {
        let ending = self.pieces.get(index)?;
        let headed = head_of(ending.word);
        let kind = if headed.is_some() || CHINESE_ORGANISATION_ENDINGS.contains(ending.word) {
            EntityKind::Organisation
        } else if CHINESE_SURE_ENDINGS.contains(ending.word) {
            EntityKind::Company
        } else if CHINESE_PLACE_ENDINGS.contains(ending.word) {
            EntityKind::Place
        } else {
            return None;
        };
        let mut start = ending.start;
        let (mut is_proper, mut parts, mut is_bare_place) = (false, 0, true);
        let mut characters = ending.word.chars().count();
        for piece in self.pieces.iter().take(index).rev() {
            let known = self.known.iter().find(|one| one.end == piece.end);
            if kind == EntityKind::Company
                && known.is_some_and(|one| one.kind == EntityKind::Company)
            {
                // "赛力斯集团" is the company that is known already.
                break;
            }
            characters += piece.word.chars().count();
            let may_be_part = piece.end == start
                && characters <= NAME_CHARACTERS_MAX
                && is_name_part(piece, kind);
            if !may_be_part || kind == EntityKind::Place && parts == 1 {
                break;
            }
            is_proper |= is_proper_part(piece);
            is_bare_place &= piece.tag == "ns" || self.is_known_place(piece);
            start = piece.start;
            parts += 1;
        }
        // "中国公司" and "北京大学生" are no names; "深圳市公安局" is one.
        let is_ordinary = kind == EntityKind::Company && is_bare_place && parts == 1;
        let end = headed.map_or(ending.end, |width| ending.start + width);
        (parts > 0 && is_proper && !is_ordinary).then(|| self.mention(start, end, kind)).flatten()
    }

    fn is_known_place(&self, piece: &Piece<'_>) -> bool {
        self.known.iter().any(|one| {
            one.kind == EntityKind::Place && one.start == piece.start && one.end == piece.end
        })
    }
}

/// `局局长`, `院院长`: the end of an organisation's name and its head, cut as one word. The bytes
/// of the first.
fn head_of(word: &str) -> Option<usize> {
    let mut characters = word.chars();
    let (first, second, third) = (characters.next()?, characters.next()?, characters.next()?);
    let is_headed = first == second && third == '长' && characters.next().is_none();
    is_headed.then(|| first.len_utf8())
}

fn is_person_tag(tag: &str) -> bool {
    tag.starts_with("nr")
}

/// Two to four characters that begin with a surname.
fn is_full_name(word: &str) -> bool {
    let length = word.chars().count();
    (2..=4).contains(&length)
        && has_surname(word)
        && word.chars().all(is_ideographic)
        && !word.contains('某')
}

fn has_surname(word: &str) -> bool {
    let mut ends = word.char_indices().skip(1).map(|(at, _)| at);
    let (one, two) = (ends.next(), ends.next());
    let starts_with = |end: Option<usize>| {
        end.and_then(|end| word.get(..end)).is_some_and(|name| SURNAMES.contains(name))
    };
    starts_with(one) || starts_with(two)
}

/// A given name that is no word by itself is most likely one: nothing else looks so.
fn is_rare_given(word: &str) -> bool {
    word.chars().count() == 3
}

/// Words that may be inside a name that has an ending.
fn is_name_part(piece: &Piece<'_>, kind: EntityKind) -> bool {
    let is_text = piece.word.chars().all(|one| is_ideographic(one) || one.is_alphanumeric());
    if !is_text || piece.word.ends_with("公司") || CHINESE_ROLES.contains(piece.word) {
        return false;
    }
    let is_noun = piece.tag.starts_with('n')
        || matches!(piece.tag, "x" | "j" | "eng" | "g" | "b" | "s" | "vn" | "an");
    is_noun
        && (kind != EntityKind::Place || is_proper_part(piece) || piece.word.chars().count() == 2)
}

/// Words that make a name one of a single thing.
fn is_proper_part(piece: &Piece<'_>) -> bool {
    matches!(piece.tag, "ns" | "nr" | "nrt" | "nrfg" | "nz" | "nt" | "x" | "eng")
        && !NO_PLACES.contains(piece.word)
        && !CHINESE_COMPANY_ENDINGS.contains(piece.word)
}
