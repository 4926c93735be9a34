//! Keeps one session open: connects, tells what is pending, listens, and begins again when it ends.

use super::pending::Next;
use super::session::{Opened, Session};
use super::{Breaker, Link, news_of};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, timeout};

/// The first wait before connecting again; it doubles.
const WAIT_MIN: Duration = Duration::from_millis(50);
/// The longest.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often what is pending is tried again on an open session.
const PENDING_EVERY: Duration = Duration::from_millis(100);

/// Runs until it is aborted.
pub(super) async fn keep(link: Arc<Link>) {
    let mut wait = WAIT_MIN;
    let mut said = false;
    loop {
        match timeout(link.config.connect_limit * 2, Session::open(&link.config)).await {
            Ok(Ok(opened)) => {
                let why = live(&link, opened).await;
                tracing::warn!(
                    "the connection to Redis ended ({why}); the cache goes on without it"
                );
                (wait, said) = (WAIT_MIN, true);
            }
            failed if !said => {
                let why = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "no answer in time".into(),
                };
                tracing::warn!(
                    "Redis cannot be reached ({why}); the cache works without it and goes on trying"
                );
                said = true;
            }
            _ => {}
        }
        sleep(wait.mul_f64(0.5 + rand::random::<f64>() * 0.5)).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
}

/// One session from its beginning to its end; answers with why it ended.
async fn live(link: &Link, opened: Opened) -> String {
    let Opened { session, mut messages, mut connection } = opened;
    let session = Arc::new(session);
    // Redis is believed only after it heard everything it missed.
    let why = if tell_pending(link, &session).await {
        *link.breaker() = Breaker::new(link.config.breaker);
        *link.session.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
        link.trust();
        tracing::info!("Redis is there");
        tokio::select! {
            _ended = &mut connection => "it was closed".into(),
            () = heartbeat(link, &session) => "no sign of life".into(),
            () = listen(link, &mut messages) => "everything shared was given up".into(),
            () = retry(link, &session) => "retrying ended".into(),
        }
    } else {
        String::from("it took no news")
    };
    *link.session.write().unwrap_or_else(PoisonError::into_inner) = None;
    link.distrust();
    connection.abort();
    why
}

/// Ends when the server shows no sign of life.
async fn heartbeat(link: &Link, session: &Session) {
    loop {
        sleep(link.config.heartbeat).await;
        let asked = Instant::now();
        if !matches!(timeout(link.config.heartbeat, session.ping()).await, Ok(Ok(()))) {
            return;
        }
        if asked.elapsed() <= link.config.command_limit {
            // As good as a probe: the breaker closes without a caller who risks a wait.
            link.went_well();
        }
        link.report();
    }
}

/// Passes news on; ends when another era began, for which the keys must be learned again.
async fn listen(link: &Link, messages: &mut broadcast::Receiver<fred::types::Message>) {
    loop {
        match messages.recv().await {
            Ok(message) => {
                let news = message.value.into_bytes().unwrap_or_default();
                if news.is_empty() {
                    return;
                }
                if let Some(listener) = link.listener() {
                    listener.heard(&news);
                }
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!(
                    "{missed} invalidations came too fast; the cache forgets everything"
                );
                if let Some(listener) = link.listener() {
                    listener.missed();
                }
            }
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Tells what becomes pending while the session is open.
async fn retry(link: &Link, session: &Session) {
    loop {
        link.work.notified().await;
        while !tell_pending(link, session).await {
            sleep(PENDING_EVERY).await;
        }
    }
}

/// Tells everything that is pending. `false` at the first failure.
async fn tell_pending(link: &Link, session: &Session) -> bool {
    loop {
        let Some((next, ticket)) = link.pending().next() else { return true };
        let told = async {
            match &next {
                Next::Everything => session.begin_era(&link.config).await,
                Next::Key((cache, key)) => {
                    // Never the id it had: see `Session::invalidate`.
                    let id = rand::random();
                    session.invalidate(cache, key, id, news_of(cache, key, id)).await
                }
            }
        };
        if !matches!(timeout(link.config.heartbeat, told).await, Ok(Ok(()))) {
            return false;
        }
        link.pending().told(&next, ticket);
    }
}
