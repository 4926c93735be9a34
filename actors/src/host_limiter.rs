//! Politeness: how many fetches go to one server at a time, how far apart they start, and how many
//! are under way on this node.

use autoglm_domain::{Fault, Host};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What a fetch that is not even admitted to the queue should wait.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// From this many known hosts on, those nobody uses are forgotten.
const HOSTS_KEPT: usize = 4_096;

/// How polite to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLimiterConfig {
    /// Fetches of one host at a time.
    pub per_host_max: usize,
    /// Time between the starts of two fetches of one host.
    pub spacing: Duration,
    /// Names without spacing, exact or `*.suffix`: those of `fetch.resolve`, which are our own.
    pub unspaced: Vec<String>,
    /// Fetches of this node at a time.
    pub total_max: usize,
    /// Fetches that may wait for one host; more are refused.
    pub waiting_max: usize,
}

impl Default for HostLimiterConfig {
    fn default() -> Self {
        Self {
            per_host_max: 2,
            spacing: Duration::ZERO,
            unspaced: Vec::new(),
            total_max: 256,
            waiting_max: 1_000,
        }
    }
}

#[derive(Debug)]
struct Server {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    next_start: Mutex<Instant>,
}

#[derive(Debug)]
struct Inner {
    config: HostLimiterConfig,
    total: Arc<Semaphore>,
    servers: Mutex<HashMap<Host, Arc<Server>>>,
}

/// The limiter of one node; cloning shares it.
#[derive(Debug, Clone)]
pub struct HostLimiter(Arc<Inner>);

/// The right to fetch from one host now; dropping it lets the next one go.
#[derive(Debug)]
pub struct HostPermit {
    _host: OwnedSemaphorePermit,
    _total: OwnedSemaphorePermit,
}

/// One in the queue of a host, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl HostLimiter {
    /// A limiter that has admitted nobody yet.
    #[must_use]
    pub fn new(config: HostLimiterConfig) -> Self {
        let total = Arc::new(Semaphore::new(config.total_max));
        Self(Arc::new(Inner { config, total, servers: Mutex::default() }))
    }

    /// Waits until this host may be fetched from, first come first served.
    ///
    /// # Errors
    /// `Overloaded` when too many wait for this host already.
    pub async fn acquire(&self, host: &Host) -> Result<HostPermit, Fault> {
        let server = self.server(host);
        if server.waiting.fetch_add(1, Ordering::AcqRel) >= self.0.config.waiting_max {
            server.waiting.fetch_sub(1, Ordering::AcqRel);
            let message = format!("too many fetches wait for {host} already");
            return Err(Fault::overloaded(message, RETRY_AFTER));
        }
        let _waiting = Waiting(&server.waiting);
        let closed = |_| Fault::internal("the fetch permits are closed");
        let host_permit = Arc::clone(&server.permits).acquire_owned().await.map_err(closed)?;
        let start = self.reserve(host, &server);
        tokio::time::sleep_until(start).await;
        // Last, so that whoever waits for its host keeps nobody else waiting.
        let total = Arc::clone(&self.0.total).acquire_owned().await.map_err(closed)?;
        Ok(HostPermit { _host: host_permit, _total: total })
    }

    /// Hosts known at the moment.
    #[must_use]
    pub fn hosts(&self) -> usize {
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn server(&self, host: &Host) -> Arc<Server> {
        let mut servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.len() >= HOSTS_KEPT && !servers.contains_key(host) {
            let now = Instant::now();
            let per_host_max = self.0.config.per_host_max;
            servers.retain(|_, server| {
                let spaced =
                    *server.next_start.lock().unwrap_or_else(PoisonError::into_inner) > now;
                let busy = server.permits.available_permits() < per_host_max;
                spaced || busy || Arc::strong_count(server) > 1
            });
        }
        let fresh = || {
            Arc::new(Server {
                permits: Arc::new(Semaphore::new(self.0.config.per_host_max)),
                waiting: AtomicUsize::new(0),
                next_start: Mutex::new(Instant::now()),
            })
        };
        Arc::clone(servers.entry(host.clone()).or_insert_with(fresh))
    }

    /// Takes the next moment at which a fetch of this host may start.
    fn reserve(&self, host: &Host, server: &Server) -> Instant {
        let now = Instant::now();
        let spacing = self.spacing(host);
        let mut next = server.next_start.lock().unwrap_or_else(PoisonError::into_inner);
        let start = now.max(*next);
        *next = start + spacing;
        start
    }

    fn spacing(&self, host: &Host) -> Duration {
        let name = host.as_str().rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        let matches = |pattern: &String| match pattern.strip_prefix("*.") {
            Some(suffix) => name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')),
            None => pattern == name,
        };
        if self.0.config.unspaced.iter().any(matches) {
            Duration::ZERO
        } else {
            self.0.config.spacing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::FaultKind;

    fn limiter(spacing: u64) -> HostLimiter {
        HostLimiter::new(HostLimiterConfig {
            spacing: Duration::from_secs(spacing),
            unspaced: vec!["*.demo".into(), "here".into()],
            waiting_max: 3,
            ..HostLimiterConfig::default()
        })
    }

    fn host(name: &str) -> Host {
        Host::new(name, 80)
    }

    #[tokio::test(start_paused = true)]
    async fn a_third_fetch_of_a_host_waits_and_another_host_does_not() {
        let limiter = limiter(0);
        let first = limiter.acquire(&host("a.example")).await.expect("free");
        let _second = limiter.acquire(&host("a.example")).await.expect("free");
        let third = tokio::spawn({
            let limiter = limiter.clone();
            async move { limiter.acquire(&host("a.example")).await }
        });
        let _other = limiter.acquire(&host("b.example")).await.expect("free");
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        drop(first);
        assert!(third.await.expect("no panic").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn fetches_of_one_host_start_apart_but_not_those_of_our_own_names() {
        let limiter = limiter(5);
        let start = Instant::now();
        for _ in 0..3 {
            drop(limiter.acquire(&host("a.example")).await.expect("free"));
        }
        assert_eq!(Instant::now() - start, Duration::from_secs(10));
        let start = Instant::now();
        for name in ["s001.demo", "s001.demo", "here", "here"] {
            drop(limiter.acquire(&host(name)).await.expect("free"));
        }
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_of_a_host_is_bounded_and_leaving_it_frees_the_place() {
        let limiter = limiter(0);
        let name = host("a.example");
        let _held = (limiter.acquire(&name).await, limiter.acquire(&name).await);
        let mut queue = Vec::new();
        for _ in 0..3 {
            let (limiter, name) = (limiter.clone(), name.clone());
            queue.push(tokio::spawn(async move { limiter.acquire(&name).await.map(drop) }));
        }
        tokio::task::yield_now().await;
        let refused = limiter.acquire(&name).await.expect_err("three wait");
        assert_eq!(refused.kind, FaultKind::Overloaded);
        queue.pop().expect("three").abort();
        tokio::time::sleep(Duration::from_millis(1)).await;
        let waits = tokio::time::timeout(Duration::from_secs(1), limiter.acquire(&name)).await;
        assert!(waits.is_err(), "it waits instead of being refused");
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_nobody_uses_are_forgotten() {
        let limiter = limiter(0);
        for number in 0..HOSTS_KEPT + 10 {
            drop(limiter.acquire(&host(&format!("h{number}.example"))).await.expect("free"));
        }
        assert!(limiter.hosts() < 20, "{}", limiter.hosts());
    }
}
