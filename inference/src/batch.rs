//! Which waiting requests go to a device together.
//!
//! Nothing here waits or has a clock: [`BatchFormer`] is asked, with the moment, what an idle device
//! is to do. [`simulate`] runs it against the obvious ways in virtual time.

mod arrival_rate;
mod cost_model;
mod entry;
mod fair_share;
mod former;
mod grouping;
mod ladder;
mod limits;
mod moment;
mod pace;
mod patience;
mod plan;
mod safety_net;
mod shape;
mod shelf;
pub mod simulate;

pub use cost_model::CostModel;
pub use entry::{Batch, BatchStats, Entry, Full, Next, Ticket};
pub use former::BatchFormer;
pub use ladder::Padding;
pub use limits::BatchLimits;
pub use moment::Moment;
pub use pace::{DevicePace, IdleDevice, Rival};
pub use shape::Shape;
