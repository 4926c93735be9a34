//! Sources of candidates.

mod exploration_pool;
mod whole_window;

pub use exploration_pool::ExplorationPool;
pub use whole_window::WholeWindow;
