//! A checker in the manner of Jepsen: clients append numbered events of many readers through random
//! nodes while things go wrong; afterwards the database must have exactly what was acknowledged.
//!
//! What is judged is pure and tested by itself: [`verdict`] (events), [`ownership`] (leases),
//! [`measure`] (what readers felt), [`schedule`] (what goes wrong when). [`evidence`] reads the
//! database, [`client`] is the readers, [`nemesis`] carries out the schedule, [`run`] is a whole run.

pub mod client;
pub mod evidence;
pub mod history;
pub mod measure;
pub mod nemesis;
pub mod ownership;
pub mod run;
pub mod schedule;
pub mod verdict;

#[cfg(test)]
mod tests;
