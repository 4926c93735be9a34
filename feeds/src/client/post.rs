//! Sending a form, guarded like every fetch: how a hub is asked for pushes.

use super::failure::refused_by_server;
use super::{GuardedClient, redirect_target, shown};
use crate::error::FetchError;
use autoglm_domain::FailureCause;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use url::Url;

/// What a form is declared as.
const FORM: &str = "application/x-www-form-urlencoded";
/// Longest part of a refusal's text that is told, in characters.
const REASON_CHARS_MAX: usize = 200;

impl GuardedClient {
    /// Sends a form and reads nothing of a good answer. Only redirects that keep the method (307,
    /// 308) are followed, each checked like the first address.
    ///
    /// # Errors
    /// As a fetch; a refusal tells the beginning of what the server says about it.
    pub async fn post_form(&self, url: &str, form: &str) -> Result<(), FetchError> {
        match tokio::time::timeout(self.timeout, self.post_following(url, form)).await {
            Ok(posted) => posted,
            Err(_elapsed) => Err(self.too_slow(&shown(url))),
        }
    }

    async fn post_following(&self, url: &str, form: &str) -> Result<(), FetchError> {
        let mut url = self.check(url)?;
        for _ in 0..=self.redirects_max {
            let request = self.connections.direct.post(url.clone()).header(CONTENT_TYPE, FORM);
            let sent = request.body(form.to_owned()).send().await;
            let response = sent.map_err(|error| self.failure(&url, &error))?;
            match response.status().as_u16() {
                200..=299 => return Ok(()),
                307 | 308 => match redirect_target(&url, &response) {
                    Some(target) => url = self.check(&target)?,
                    None => return Err(refusal(&url, response).await),
                },
                _ => return Err(refusal(&url, response).await),
            }
        }
        let why = format!("it redirects more than {} times", self.redirects_max);
        Err(FetchError::new(url.as_str(), FailureCause::Status, why))
    }
}

/// The refusal with the first words of its text, which is all a person may need.
async fn refusal(url: &Url, mut response: Response) -> FetchError {
    let mut error = refused_by_server(url, &response);
    if let Ok(Some(chunk)) = response.chunk().await {
        let text = String::from_utf8_lossy(&chunk);
        let words: Vec<&str> = text.split_whitespace().collect();
        let reason: String = words.join(" ").chars().take(REASON_CHARS_MAX).collect();
        if !reason.is_empty() && !reason.starts_with('<') {
            error.why.push_str(&format!(" ({reason})"));
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Server, answer, client, config};
    use super::*;

    async fn post(server: &Server, host: &str) -> Result<(), FetchError> {
        client(&config()).post_form(&server.url(host), "a=1").await
    }

    #[tokio::test]
    async fn a_form_is_sent_and_sent_on_where_the_method_is_kept() {
        let away = "Location: http://s2.demo:{port}/hub\r\n";
        let answers =
            vec![answer("307 Temporary Redirect", away, b""), answer("202 Accepted", "", b"later")];
        let server = Server::start(answers, false).await;
        post(&server, "s1.demo").await.expect("taken");
        let second = server.asked(1);
        assert!(second.starts_with("post /hub") && second.contains("host: s2.demo"), "{second}");
        assert!(second.contains(FORM), "{second}");
    }

    #[tokio::test]
    async fn a_redirect_that_changes_the_method_is_not_followed() {
        let away = "Location: http://s2.demo:{port}/hub\r\n";
        let server = Server::start(vec![answer("302 Found", away, b"")], false).await;
        let error = post(&server, "s1.demo").await.expect_err("refused");
        assert_eq!((error.status(), server.count()), (Some(302), 1));
    }

    #[tokio::test]
    async fn a_refusal_tells_what_the_server_says() {
        let body = b"hub.topic is\nnot known here";
        let server = Server::start(vec![answer("400 Bad Request", "", body)], false).await;
        let error = post(&server, "s1.demo").await.expect_err("refused").to_string();
        assert!(error.contains("hub.topic is not known here"), "{error}");
    }

    #[tokio::test]
    async fn neither_the_address_nor_a_redirect_leads_into_a_private_network() {
        let inside = "Location: http://127.0.0.1:{port}/hub\r\n";
        let server = Server::start(vec![answer("308 Permanent", inside, b"")], false).await;
        let direct = format!("http://127.0.0.1:{}/hub", server.port);
        let direct = client(&config()).post_form(&direct, "a=1").await.expect_err("refused");
        assert_eq!((direct.cause(), server.count()), (FailureCause::Forbidden, 0));
        let redirected = post(&server, "s1.demo").await.expect_err("refused");
        assert_eq!((redirected.cause(), server.count()), (FailureCause::Forbidden, 1));
    }

    #[tokio::test]
    async fn a_circle_ends() {
        let round = "Location: http://s1.demo:{port}/feed\r\n";
        let server = Server::start(vec![answer("307 Temporary", round, b"")], false).await;
        let error = post(&server, "s1.demo").await.expect_err("endless");
        assert!(error.to_string().contains("more than 5 times"), "{error}");
    }
}
