//! Who asks for what, and when.

use super::super::moment::Moment;
use super::Scenario;
use autoglm_domain::Priority;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// When it is sent, whatever the devices do.
    pub at: Moment,
    /// Who waits.
    pub priority: Priority,
    /// Its length.
    pub tokens: usize,
}

/// How requests arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// Independently of one another.
    Poisson,
    /// In turns 50 ms at three times the rate and 100 ms of silence.
    Bursty,
    /// Evenly but for the second quarter of the time, in which three times as many come.
    Surge,
}

impl Arrivals {
    /// The rate at this share of the whole time, as a multiple of the mean.
    fn factor(self, seconds: f64, whole: f64) -> f64 {
        match self {
            Self::Poisson => 1.0,
            Self::Bursty if seconds % 0.15 < 0.05 => 3.0,
            Self::Bursty => 0.0,
            Self::Surge if (0.25..0.5).contains(&(seconds / whole)) => 3.0,
            Self::Surge => 1.0,
        }
    }
}

/// Who asks for what: shares of the priorities and lengths as quantiles, evenly filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    shares: [f64; 2],
    queries: &'static [(f64, f64)],
    articles: &'static [(f64, f64)],
}

/// Titles of 2,516 entries of real feeds, in estimated tokens.
const TITLES: [(f64, f64); 7] =
    [(0.0, 3.0), (0.05, 4.0), (0.25, 9.0), (0.5, 16.0), (0.75, 23.0), (0.95, 44.0), (1.0, 64.0)];

/// Titles and the first 1,500 bytes of the text of the same entries, as far as a small encoder
/// reads.
const ARTICLES: [(f64, f64); 9] = [
    (0.0, 8.0),
    (0.05, 11.0),
    (0.1, 15.0),
    (0.25, 24.0),
    (0.5, 65.0),
    (0.75, 112.0),
    (0.9, 172.0),
    (0.933, 256.0),
    (1.0, 256.0),
];

impl Mix {
    /// Of ten requests three are a person's query, six new articles and one old work.
    #[must_use]
    pub fn news() -> Self {
        Self { shares: [0.3, 0.6], queries: &TITLES, articles: &ARTICLES }
    }

    /// Mean length and mean squared length.
    pub(super) fn mean_length(&self) -> (f64, f64) {
        let steps = 1_000;
        let mean = |quantiles: &[(f64, f64)], power: i32| {
            let points = (0..steps).map(|step| (f64::from(step) + 0.5) / f64::from(steps));
            points.map(|point| quantile(quantiles, point).powi(power)).sum::<f64>()
                / f64::from(steps)
        };
        let mixed = |power| {
            self.shares[0] * mean(self.queries, power)
                + (1.0 - self.shares[0]) * mean(self.articles, power)
        };
        (mixed(1), mixed(2))
    }

    fn request(&self, at: Moment, noise: &mut Noise) -> Request {
        let (who, length) = (noise.share(), noise.share());
        let (priority, quantiles) = if who < self.shares[0] {
            (Priority::Interactive, self.queries)
        } else if who < self.shares[0] + self.shares[1] {
            (Priority::Ingest, self.articles)
        } else {
            (Priority::Backfill, self.articles)
        };
        Request { at, priority, tokens: quantile(quantiles, length).ceil() as usize }
    }
}

fn quantile(quantiles: &[(f64, f64)], share: f64) -> f64 {
    let pair = quantiles.windows(2).find(|pair| share <= pair[1].0);
    let Some([(from, low), (until, high)]) = pair else { return 1.0 };
    low + (high - low) * (share - from) / (until - from)
}

/// Requests at this mean rate a second, in the order of their arrival.
pub(super) fn generate(scenario: &Scenario, rate: f64) -> Vec<Request> {
    let mut noise = Noise::new(scenario.seed);
    let whole = scenario.lasts.as_secs_f64();
    let (mut requests, mut seconds) = (Vec::new(), 0.0);
    if rate.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
        return requests;
    }
    // Drawn at the highest rate and thinned to the rate of the moment.
    let highest = 3.0;
    loop {
        seconds -= (1.0 - noise.share()).ln() / (rate * highest);
        if seconds >= whole {
            return requests;
        }
        if noise.share() * highest < scenario.arrivals.factor(seconds, whole) {
            let at = Moment((seconds * 1e6) as u64);
            requests.push(scenario.mix.request(at, &mut noise));
        }
    }
}

/// Numbers that look random and follow from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly between 0 and 1, without 1.
    pub(super) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}
