//! Which waiting requests go to a device together.

mod former;
mod limits;

pub use former::{BatchFormer, BatchStats, Entry, Full};
pub use limits::{BatchLimits, PaddingCost};
