//! Filters: what is never shown, whatever its score.

mod excluded;
mod muted;
mod unsubscribed;

pub use excluded::Excluded;
pub use muted::Muted;
pub use unsubscribed::Unsubscribed;
