//! The address under which others reach this node, and whether hubs can.

use super::Config;
use anyhow::{Result, bail};

impl Config {
    /// Refuses what is no address that people could type.
    ///
    /// # Errors
    /// What it is, and what to write.
    pub(super) fn validate_public_url(&self) -> Result<()> {
        let text = &self.server.public_url;
        let is_plain = |url: &url::Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        if !text.is_empty() && !url::Url::parse(text).is_ok_and(|url| is_plain(&url)) {
            bail!(
                "server.public_url is {text:?}; write the address people type, such as \
                 https://news.example.org, or nothing"
            );
        }
        Ok(())
    }

    /// The address under which hubs reach this node: only over TLS, because they are told secrets.
    #[must_use]
    pub fn address_for_hubs(&self) -> Option<&str> {
        let url = self.server.public_url.as_str();
        let is_safe = url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        (is_safe && self.fetch.websub_lease_seconds > 0).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;

    #[test]
    fn hubs_are_asked_only_when_they_can_answer_over_tls() {
        let reach =
            |yaml: &str| parse(yaml).map(|config| config.address_for_hubs().map(str::to_owned));
        let server = |url: &str| format!("server:\n  public_url: \"{url}\"\n");
        assert_eq!(reach("").expect("valid"), None);
        assert_eq!(reach(&server("http://news.lan:8000")).expect("valid"), None);
        let https = server("https://news.example.org");
        assert_eq!(reach(&https).expect("valid").as_deref(), Some("https://news.example.org"));
        let off = format!("{https}fetch:\n  websub_lease_seconds: 0\n");
        assert_eq!(reach(&off).expect("valid"), None);
        for odd in ["news.example.org", "ftp://e.org", "https://u:p@e.org", "https://e.org/?a=1"] {
            let error = parse(&server(odd)).expect_err(odd).to_string();
            assert!(error.contains("server.public_url"), "{error}");
        }
    }
}
