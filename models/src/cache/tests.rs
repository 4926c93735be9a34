//! The cache as a whole; parts have their tests beside them.

mod memory;
mod model;
mod peers;
mod redis;
mod world;
