//! Articles that come again under another id: a publisher's software changed, or the feed's ids
//! never were stable. They are recognised, so that nobody gets a whole feed anew.

use autoglm_domain::{ArticleDraft, ArticleIdentity, Timestamp};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use xxhash_rust::xxh3::xxh3_64;

/// Most articles remembered of one source.
pub const REMEMBERED_MAX: usize = 500;
/// Fewer articles under new ids are no flood.
const FLOOD_MIN: usize = 3;
/// Of the articles under new ids, this many of five must be old ones.
const FLOOD_FIFTHS: usize = 3;

/// What tells an article that was seen before: 40 bytes. Hashes stand for the texts; zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    identity: [u8; 16],
    address: u64,
    title: u64,
    published_at: Option<Timestamp>,
}

impl Remembered {
    /// Of a stored article.
    #[must_use]
    pub fn new(
        identity: [u8; 16],
        canonical_url: &str,
        title: &str,
        published_at: Option<Timestamp>,
    ) -> Self {
        let hash = |text: &str| if text.is_empty() { 0 } else { xxh3_64(text.as_bytes()) };
        Self { identity, address: hash(canonical_url), title: hash(title), published_at }
    }

    /// Of an article as its document has it.
    #[must_use]
    pub fn of(draft: &ArticleDraft) -> Self {
        let hash = draft.identity.hash;
        Self::new(hash, &draft.canonical_url, &draft.title, draft.published_at)
    }

    /// Its identity.
    #[must_use]
    pub fn identity(&self) -> [u8; 16] {
        self.identity
    }

    fn address(&self) -> Option<u64> {
        (self.address != 0).then_some(self.address)
    }

    fn title_and_date(&self) -> Option<(u64, Timestamp)> {
        self.published_at.filter(|_| self.title != 0).map(|at| (self.title, at))
    }
}

/// One article and its new identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// As it is stored.
    pub old: [u8; 16],
    /// As it comes now.
    pub new: ArticleIdentity,
    /// Its place among the drafts.
    pub draft: usize,
}

/// Whether so many of a document's articles are strangers that their ids may have changed.
#[must_use]
pub fn is_suspicious(strangers: usize, articles: usize) -> bool {
    strangers >= FLOOD_MIN && strangers * 2 >= articles
}

/// Those of the drafts that are articles in `before` under another identity.
///
/// Two articles are the same when address, title and date agree. When many ids change at once, the
/// address alone or title and date alone are enough, if nobody else has them and most of them kept
/// their title: fixed addresses whose content changes, such as places in a ranking, are no flood. An
/// identity that is still in use keeps its article.
#[must_use]
pub fn renamed(before: &[Remembered], drafts: &[ArticleDraft]) -> Vec<Renaming> {
    let now: Vec<Remembered> = drafts.iter().map(Remembered::of).collect();
    let known: HashSet<[u8; 16]> = before.iter().map(|old| old.identity).collect();
    let present: HashSet<[u8; 16]> = now.iter().map(|new| new.identity).collect();
    let gone = before.iter().filter(|old| !present.contains(&old.identity));
    let old = Lookup::over(gone);
    let new = Lookup::over(&now);
    let mut pairs = Vec::new();
    let mut taken = HashSet::new();
    let mut strangers = 0;
    for (place, article) in now.iter().enumerate() {
        if known.contains(&article.identity) {
            continue;
        }
        strangers += 1;
        if let Some(partner) = old.partner(article, &new)
            && taken.insert(partner.identity)
        {
            pairs.push(Pair { old: partner, new: *article, place });
        }
    }
    if !is_flood(&pairs, strangers) {
        pairs.retain(Pair::agrees);
    }
    let renaming = |pair: Pair| Renaming {
        old: pair.old.identity,
        new: drafts[pair.place].identity,
        draft: pair.place,
    };
    pairs.into_iter().map(renaming).collect()
}

/// An old article and the one it seems to be now.
struct Pair {
    old: Remembered,
    new: Remembered,
    place: usize,
}

impl Pair {
    fn agrees(&self) -> bool {
        let same_address = self.old.address().is_some() && self.old.address == self.new.address;
        let title_and_date = self.old.title_and_date();
        same_address && title_and_date.is_some() && title_and_date == self.new.title_and_date()
    }
}

fn is_flood(pairs: &[Pair], strangers: usize) -> bool {
    let same_title = pairs.iter().filter(|pair| pair.old.title == pair.new.title).count();
    pairs.len() >= FLOOD_MIN
        && pairs.len() * 5 >= strangers * FLOOD_FIFTHS
        && same_title * 2 >= pairs.len()
}

/// Articles by what only one of them has.
struct Lookup {
    by_address: HashMap<u64, Option<Remembered>>,
    by_title_and_date: HashMap<(u64, Timestamp), Option<Remembered>>,
}

impl Lookup {
    fn over<'a>(articles: impl IntoIterator<Item = &'a Remembered>) -> Self {
        let mut lookup = Self { by_address: HashMap::new(), by_title_and_date: HashMap::new() };
        for article in articles {
            if let Some(address) = article.address() {
                note(&mut lookup.by_address, address, *article);
            }
            if let Some(key) = article.title_and_date() {
                note(&mut lookup.by_title_and_date, key, *article);
            }
        }
        lookup
    }

    /// The one old article with the address of the new one, else with its title and date; among
    /// `all_new` the new one must be alone with it, too.
    fn partner(&self, new: &Remembered, all_new: &Self) -> Option<Remembered> {
        let by_address = new.address().and_then(|address| {
            only(&all_new.by_address, &address)?;
            only(&self.by_address, &address)
        });
        by_address.or_else(|| {
            let key = new.title_and_date()?;
            only(&all_new.by_title_and_date, &key)?;
            only(&self.by_title_and_date, &key)
        })
    }
}

fn only<K: Eq + Hash>(articles: &HashMap<K, Option<Remembered>>, key: &K) -> Option<Remembered> {
    articles.get(key).copied().flatten()
}

/// A key that several articles have tells nothing.
fn note<K: Eq + Hash>(articles: &mut HashMap<K, Option<Remembered>>, key: K, article: Remembered) {
    articles.entry(key).and_modify(|one| *one = None).or_insert(Some(article));
}

#[cfg(test)]
mod tests;
