//! What a document and its HTTP header say about its encoding and its language.

use super::charset::Charset;
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How far into a document its declaration is looked for, in bytes.
const DECLARATION_BYTES: usize = 1024;
/// How far its language is looked for, in bytes.
const LANGUAGE_BYTES: usize = 4096;

/// Top-level domains of languages that the detector tells better when it knows them: those that
/// share a script, and often an encoding, with more frequent ones.
const DOMAINS: &str = "\
    ar=sa be=by bg=bg cs=cz da=dk de=de el=gr es=es et=ee fa=ir fi=fi fr=fr he=il hr=hr hu=hu is=is \
    it=it iw=il ja=jp ko=kr lt=lt lv=lv mk=mk nl=nl no=no pl=pl pt=pt ro=ro ru=ru sk=sk sl=si sq=al \
    sr=rs sv=se th=th tr=tr uk=ua vi=vn zh-cn=cn zh-hk=hk zh-tw=tw zh=cn";

/// The declared encodings, the more trustworthy first: servers send `iso-8859-1` by default.
pub(super) fn declared(bytes: &[u8], content_type: Option<&str>) -> Vec<Charset> {
    let header = content_type.and_then(|value| label_after(value, "charset"));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]);
    let own = head
        .find("<?xml")
        .and_then(|at| head[at..].split("?>").next())
        .and_then(|declaration| label_after(declaration, "encoding"));
    let own = own.or_else(|| in_meta(&head));
    let mut found: Vec<Charset> = header.into_iter().chain(own).collect();
    if found.first() == Some(&Charset::Web(WINDOWS_1252)) {
        found.reverse();
    }
    found
}

/// What a web page says in a `meta` element outside of comments. One that could be read at all is
/// not in UTF-16 whatever it says (HTML, 13.2.3.2).
fn in_meta(head: &str) -> Option<Charset> {
    let mut rest = head;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find('>').unwrap_or(rest.len());
        let is_meta = rest.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("<meta"));
        if is_meta && let Some(charset) = label_after(&rest[..end], "charset") {
            return Some(match charset {
                Charset::Web(encoding) if [UTF_16LE, UTF_16BE].contains(&encoding) => {
                    Charset::Web(UTF_8)
                }
                Charset::Web(encoding) if encoding == X_USER_DEFINED => Charset::Web(WINDOWS_1252),
                charset => charset,
            });
        }
        rest = &rest[end.max(1)..];
    }
    None
}

/// The encoding named behind `key =`.
fn label_after(text: &str, key: &str) -> Option<Charset> {
    Charset::for_label(&value_after(&text.to_ascii_lowercase(), key)?)
}

/// The value behind `key =` in a text of small letters.
fn value_after(text: &str, key: &str) -> Option<String> {
    let value = text.match_indices(key).find_map(|(at, _)| {
        let value = text.get(at + key.len()..)?.trim_start().strip_prefix('=')?;
        Some(value.trim_start().trim_start_matches(['"', '\'']))
    })?;
    let end = value.find(['"', '\'', ';', ' ', '?', ',', '/', '>']).unwrap_or(value.len());
    Some(value[..end].trim().to_owned())
}

/// The top-level domain of the language a document says it is in: it tells its language in ASCII
/// even where it does not tell its encoding.
pub(super) fn domain(bytes: &[u8]) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LANGUAGE_BYTES)]);
    let head = head.to_ascii_lowercase();
    let element = ["<language>", "<dc:language>"].iter().find_map(|tag| {
        let (_, after) = head.split_once(tag)?;
        after.split('<').next().map(str::to_owned)
    });
    let language = element.or_else(|| value_after(&head, "xml:lang"));
    let language = language.or_else(|| value_after(&head, " lang"))?;
    let language = language.trim().replace('_', "-");
    let primary = language.split('-').next().unwrap_or(&language);
    let find = |name: &str| {
        let mut pairs = DOMAINS.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, domain)| domain)
    };
    find(&language).or_else(|| find(primary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_document_is_found_wherever_it_stands() {
        for (head, expected) in [
            ("<rss><channel><language>hu-HU</language>", Some("hu")),
            ("<feed xml:lang='zh_TW'>", Some("tw")),
            ("<html lang=uk>", Some("ua")),
            ("<html lang=\"en-US\">", None),
            ("<rss>", None),
        ] {
            assert_eq!(domain(head.as_bytes()), expected, "{head}");
        }
    }
}
