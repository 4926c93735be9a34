//! What must hold after every step.

use super::World;
use super::database::Row;
use super::node::Process;
use crate::region::state::Mode;
use autoglm_domain::Shard;

/// Says what is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Property {
    /// Of every step, from the world before it to the one after it.
    Step(fn(&World, &World) -> Result<(), String>),
    /// Of every world.
    World(fn(&World) -> Result<(), String>),
}

/// All of them.
pub(super) const ALL: &[Property] = &[
    Property::Step(epochs_grow_with_every_change_of_owner),
    Property::Step(an_epoch_has_one_writer),
    Property::Step(no_write_under_an_old_epoch_is_accepted),
    Property::Step(no_event_is_stored_twice),
    Property::Step(the_order_of_each_reader_is_kept),
    Property::Step(a_lease_is_free_only_after_the_last_write),
    Property::World(no_acknowledged_event_is_lost),
    Property::World(two_nodes_never_both_have_a_write_accepted),
    Property::World(two_nodes_never_both_let_requests_in),
    Property::World(what_a_region_owns_runs),
    Property::World(a_region_that_may_not_serve_owns_nothing),
];

pub(super) fn epochs_grow_with_every_change_of_owner(
    before: &World,
    after: &World,
) -> Result<(), String> {
    if before.database.is_same(&after.database) {
        return Ok(());
    }
    for (shard, new) in &after.database.slots {
        let old = &before.database.slots[shard];
        if new.epoch < old.epoch {
            return Err(format!(
                "the epoch of {shard} went back from {} to {}",
                old.epoch, new.epoch
            ));
        }
        if new.owner.is_some() && new.owner != old.owner && new.epoch == old.epoch {
            return Err(format!("{shard} has a new owner under the old epoch {}", old.epoch));
        }
    }
    Ok(())
}

pub(super) fn an_epoch_has_one_writer(before: &World, after: &World) -> Result<(), String> {
    for (shard, row) in new_rows(before, after) {
        let last = before.database.slots[&shard].rows.last().map(|last| last.fence);
        if last.is_some_and(|last| last.epoch == row.fence.epoch && last.owner != row.fence.owner) {
            return Err(format!("two nodes wrote to {shard} under epoch {}", row.fence.epoch.0));
        }
    }
    Ok(())
}

pub(super) fn no_write_under_an_old_epoch_is_accepted(
    before: &World,
    after: &World,
) -> Result<(), String> {
    for (shard, row) in new_rows(before, after) {
        let slot = &before.database.slots[&shard];
        if row.fence.epoch.0 != slot.epoch || Some(row.fence.owner) != slot.owner {
            return Err(format!(
                "a write under epoch {} of {shard} was accepted while its lease has epoch {}",
                row.fence.epoch.0, slot.epoch
            ));
        }
    }
    Ok(())
}

pub(super) fn no_acknowledged_event_is_lost(world: &World) -> Result<(), String> {
    for client in &world.clients {
        let rows = &world.database.slots[&client.shard].rows;
        for event in 1..client.event {
            if !rows.iter().any(|row| row.event == event) {
                let shard = client.shard;
                return Err(format!("event {event} of {shard} was acknowledged and is not stored"));
            }
        }
    }
    Ok(())
}

pub(super) fn no_event_is_stored_twice(before: &World, after: &World) -> Result<(), String> {
    for (shard, row) in new_rows(before, after) {
        let rows = &before.database.slots[&shard].rows;
        if rows.iter().any(|stored| stored.event == row.event) {
            return Err(format!("event {} of {shard} was stored twice", row.event));
        }
    }
    Ok(())
}

pub(super) fn the_order_of_each_reader_is_kept(
    before: &World,
    after: &World,
) -> Result<(), String> {
    for (shard, row) in new_rows(before, after) {
        let rows = &before.database.slots[&shard].rows;
        if rows.iter().any(|stored| stored.event > row.event) {
            return Err(format!("event {} of {shard} was stored after a later one", row.event));
        }
    }
    Ok(())
}

pub(super) fn two_nodes_never_both_have_a_write_accepted(world: &World) -> Result<(), String> {
    let accepted = |index: usize, shard: Shard| {
        let fence = world.nodes[index].region.owned().get(&shard);
        fence.is_some_and(|fence| world.database.accepts(*fence, world.rules()))
    };
    match two_nodes(world, |index, shard| world.is_open(index, shard) && accepted(index, shard)) {
        Some(shard) => Err(format!("two nodes own {shard} and both would have a write accepted")),
        None => Ok(()),
    }
}

/// The share of the time-to-live alone sees to that, while no clock is off by more than a third.
pub(super) fn two_nodes_never_both_let_requests_in(world: &World) -> Result<(), String> {
    match two_nodes(world, |index, shard| world.is_open(index, shard)) {
        Some(shard) => Err(format!("two nodes let requests in to {shard}")),
        None => Ok(()),
    }
}

pub(super) fn a_lease_is_free_only_after_the_last_write(
    before: &World,
    after: &World,
) -> Result<(), String> {
    if before.database.is_same(&after.database) {
        return Ok(());
    }
    for (shard, old) in &before.database.slots {
        let new = &after.database.slots[shard];
        if old.owner.is_none() || new.owner.is_some() {
            continue;
        }
        let runs = after.nodes.iter().filter_map(|node| node.runs.get(shard));
        let mut holders = runs.filter(|run| {
            let is_held = Some(run.fence.owner) == old.owner && run.fence.epoch.0 == old.epoch;
            is_held && !run.abandoned
        });
        if holders.next().is_some() {
            return Err(format!("the lease of {shard} was freed while the shard still runs"));
        }
    }
    Ok(())
}

pub(super) fn what_a_region_owns_runs(world: &World) -> Result<(), String> {
    for node in &world.nodes {
        for (shard, fence) in node.region.owned() {
            if node.runs.get(shard).is_none_or(|run| run.fence != *fence) {
                return Err(format!("a region owns {shard}, which does not run"));
            }
        }
    }
    Ok(())
}

pub(super) fn a_region_that_may_not_serve_owns_nothing(world: &World) -> Result<(), String> {
    let regions = world.nodes.iter().map(|node| &node.region);
    for region in regions.filter(|region| region.mode() != Mode::Serving) {
        if let Some(shard) = region.owned().keys().next() {
            return Err(format!("a region owns {shard} and is {:?}", region.mode()));
        }
    }
    Ok(())
}

/// Only while nothing goes wrong: a call that was not waited for may be granted to a node that has
/// left, and waits for the end of its time-to-live.
pub(super) fn who_leaves_in_order_leaves_no_lease(
    before: &World,
    after: &World,
) -> Result<(), String> {
    for (old, new) in before.nodes.iter().zip(&after.nodes) {
        let has_left = old.process == Process::Leaving && new.process == Process::Off;
        let leases = after.database.leases();
        if let Some(fence) = leases.iter().find(|fence| has_left && fence.owner == old.me) {
            return Err(format!("{} still belongs to a node that has left", fence.shard));
        }
    }
    Ok(())
}

fn new_rows(before: &World, after: &World) -> Vec<(Shard, Row)> {
    let mut rows = Vec::new();
    if before.database.is_same(&after.database) {
        return rows;
    }
    for (shard, slot) in &after.database.slots {
        let known = before.database.slots[shard].rows.len();
        rows.extend(slot.rows[known..].iter().map(|row| (*shard, *row)));
    }
    rows
}

/// A shard of which two nodes say this.
fn two_nodes(world: &World, says: impl Fn(usize, Shard) -> bool) -> Option<Shard> {
    let count = |shard: Shard| (0..world.nodes.len()).filter(|index| says(*index, shard)).count();
    let mut shards = world.clients.iter().map(|client| client.shard);
    shards.find(|shard| count(*shard) > 1)
}
