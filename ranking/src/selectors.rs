//! Selectors: they choose and order what is shown.

mod caps;
mod diverse;
mod reasons;

pub use diverse::DiverseSelector;
