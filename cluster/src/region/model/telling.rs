//! How a history is told to people.

use super::World;
use super::node::{Call, Key, What};
use super::steps::{Fault, Step};
use std::fmt;

/// Nodes are called A, B, C.
fn name(index: usize) -> char {
    char::from(b'A' + u8::try_from(index).unwrap_or(25))
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire => formatter.write_str("its wish for leases"),
            Self::Free => formatter.write_str("its wish to free leases"),
            Self::Look => formatter.write_str("its reading of the leases"),
            Self::Stop(shard) => write!(formatter, "the stop of {shard}"),
            Self::Write(shard) => write!(formatter, "a write of {shard}"),
        }
    }
}

/// What happens when this step is taken in this world.
pub(super) fn tell(world: &World, step: Step) -> String {
    match step {
        Step::Starts(index) => format!("{} starts", name(index)),
        Step::Looks(index) => format!("{} reads the view", name(index)),
        Step::Renews(index) => format!("{} renews", name(index)),
        Step::RenewalIsGranted(index) => format!("the store answers {}'s renewal", name(index)),
        Step::RenewalArrives(index) => format!("{} has the answer to its renewal", name(index)),
        Step::Hears(index) => format!("{} hears that something is free", name(index)),
        Step::Finds(index) => format!("{} reads the leases", name(index)),
        Step::IsExecuted(index, number) => executed(name(index), &world.nodes[index].calls[number]),
        Step::IsExecutedLate(number) => executed('X', &world.orphans[number]),
        Step::Arrives(index, key) => format!("{} has the answer to {key}", name(index)),
        Step::Drains(index, shard) => format!("{} has stopped {shard}", name(index)),
        Step::Asks(index, shard) => format!("{} lets an event in to {shard}", name(index)),
        Step::Writes(index, shard) => format!("{} sends {}", name(index), Key::Write(shard)),
        Step::Answers(index, shard) => {
            format!("{} has the answer to {}", name(index), Key::Write(shard))
        }
        Step::Thaws(index) => format!("{} thaws", name(index)),
        Step::GivesAllUp(index) => format!("{} gives all its shards up", name(index)),
        Step::Exits(index) => format!("{} exits", name(index)),
        Step::Ticks => "a tick passes".to_owned(),
        Step::Fault(fault, index, Some(key)) => format!("{} {fault}: {key}", name(index)),
        Step::Fault(fault, index, None) => format!("{} {fault}", name(index)),
    }
}

/// X is a process that is gone.
fn executed(who: char, call: &Call) -> String {
    match &call.what {
        What::Take(_) => format!("the store takes up the leases {who} asked for"),
        What::Free(_) => format!("the store frees leases for {who}"),
        What::Write(fence, event) => format!(
            "the store gets {who}'s write of event {event} to {} under epoch {}",
            fence.shard, fence.epoch.0
        ),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Freeze => "freezes",
            Self::Crash => "crashes",
            Self::CallFails => "does not reach the store",
            Self::CallIsLate => "does not wait any longer",
            Self::RenewalIsSlow => "sends a renewal that takes long",
            Self::RenewalIsLost => "does not wait for its renewal any longer",
            Self::Drain => "begins to leave",
            Self::ReaderGivesUp => "is not waited for any longer by a reader",
            Self::StopIsCutOff => "does not wait for a shard to stop",
            Self::StartFails => "cannot start a shard",
            Self::ClockLags => "sees no tick pass, but the others do",
            Self::RegionRestarts => "loses its region, which starts again",
            Self::LookIsSlow => "has read the leases and is slow to look at them",
        })
    }
}
