//! What a site lets programs fetch (robots.txt, RFC 9309): honoured for pages and sitemaps. Feeds are
//! published for programs and are not asked about, as every feed reader does.

use texting_robots::Robot;
use url::Url;

/// Bytes that are read; the standard asks for at least 500 KiB.
const ROBOTS_BYTES_MAX: usize = 512 * 1024;

/// The rules of one site for us.
#[derive(Debug)]
pub enum RobotsRules {
    /// The site has no rules (its answer was 4xx), or none that can be read.
    AllowAll,
    /// The site could not say (5xx): the standard asks to fetch nothing then.
    DisallowAll,
    /// As the file says.
    File(Box<Robot>),
}

impl RobotsRules {
    /// Reads a file for the product token `agent`, such as `Open-AutoGLM`.
    #[must_use]
    pub fn parse(agent: &str, file: &[u8]) -> Self {
        let file = &file[..file.len().min(ROBOTS_BYTES_MAX)];
        match Robot::new(agent, file) {
            Ok(robot) => Self::File(Box::new(robot)),
            Err(_) => Self::AllowAll,
        }
    }

    /// Whether an address may be fetched.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DisallowAll => false,
            Self::File(robot) => robot.allowed(url),
        }
    }

    /// Sitemaps the file names.
    #[must_use]
    pub fn sitemaps(&self) -> &[String] {
        match self {
            Self::File(robot) => &robot.sitemaps,
            Self::AllowAll | Self::DisallowAll => &[],
        }
    }
}

/// Where a site has its rules.
#[must_use]
pub fn robots_url(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_path("/robots.txt");
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

/// The product token of a user agent: `Open-AutoGLM/0.1 (+https://…)` is `Open-AutoGLM`.
#[must_use]
pub fn product_token(user_agent: &str) -> &str {
    user_agent.split(['/', ' ']).next().unwrap_or(user_agent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &[u8] = b"User-agent: *\nDisallow: /private/\nAllow: /private/open\n\
        User-agent: Open-AutoGLM\nDisallow: /no\nSitemap: https://e.org/news.xml\n";

    #[test]
    fn our_own_group_counts_before_that_for_everybody() {
        let rules = RobotsRules::parse("Open-AutoGLM", FILE);
        assert!(!rules.allows("https://e.org/no/1") && rules.allows("https://e.org/private/1"));
        assert_eq!(rules.sitemaps(), ["https://e.org/news.xml"]);
        let other = RobotsRules::parse("Another", FILE);
        assert!(
            !other.allows("https://e.org/private/1") && other.allows("https://e.org/private/open")
        );
        assert!(RobotsRules::AllowAll.allows("https://e.org/"));
        assert!(!RobotsRules::DisallowAll.allows("https://e.org/"));
    }

    #[test]
    fn the_rules_lie_at_the_root_of_the_site() {
        let url = robots_url("https://e.org:8443/a/b?c#d");
        assert_eq!(url.as_deref(), Some("https://e.org:8443/robots.txt"));
        assert_eq!(robots_url("mailto:a@e.org"), None);
        assert_eq!(product_token("Open-AutoGLM/0.1 (+https://e.org)"), "Open-AutoGLM");
    }

    proptest! {
        #[test]
        fn no_file_makes_reading_panic(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = RobotsRules::parse("Open-AutoGLM", &file).allows("https://e.org/x");
        }
    }
}
