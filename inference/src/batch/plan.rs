//! One batch while it is being filled: what may still join it.

use super::entry::{Batch, Entry, Ticket};
use super::limits::BatchLimits;
use super::moment::Moment;
use super::pace::{DevicePace, IdleDevice};
use super::shape::Shape;

/// A batch of less than so many overheads is not cut short for somebody in a hurry: under load that
/// would only make everybody late, by wasting the device.
pub(super) const EFFICIENT_OVERHEADS: u32 = 10;

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Plan<'a, T> {
    limits: BatchLimits,
    device: &'a IdleDevice<'a>,
    now: Moment,
    entries: Vec<Entry<T>>,
    shape: Shape,
    /// The earliest moment by which one of its entries wants to be done and will be.
    promised: Option<Moment>,
}

impl<'a, T> Plan<'a, T> {
    /// A batch led by this entry, however long it takes.
    pub(super) fn led_by(
        lead: Entry<T>,
        due: Moment,
        limits: BatchLimits,
        device: &'a IdleDevice<'a>,
        now: Moment,
    ) -> Self {
        let (entries, shape, promised) = (Vec::new(), Shape::default(), None);
        let mut plan = Self { limits, device, now, entries, shape, promised };
        plan.add(lead, due);
        plan
    }

    /// Whether the batch may have this entry as well.
    pub(super) fn admits(&self, entry: &Entry<T>, due: Moment) -> bool {
        let pace = self.device.pace;
        let shape = self.shape.with(entry.tokens);
        let tokens_max = self.limits.batch_tokens_max.min(pace.tokens_max());
        if shape.entries > self.limits.batch_entries_max.min(pace.entries_max())
            || shape.padded_tokens(pace.padding) > tokens_max
        {
            return false;
        }
        let takes = pace.predict(shape);
        let ends = self.now.plus(takes);
        let safe = ends.plus(self.limits.margin);
        let overhead = pace.cost().overhead();
        takes <= self.limits.time_max(entry.lane(), overhead)
            && (takes <= overhead * EFFICIENT_OVERHEADS
                || self.promised.is_none_or(|promised| safe <= promised))
            && !self.device.is_kept_elsewhere(self.now, entry.tokens, due, ends)
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, entry: Entry<T>, due: Moment) {
        self.shape = self.shape.with(entry.tokens);
        let safe = self.ends(self.device.pace).plus(self.limits.margin);
        if safe <= due {
            self.promised = Some(self.promised.map_or(due, |promised| promised.min(due)));
        }
        self.entries.push(entry);
    }

    /// The batch as it is.
    pub(super) fn into_batch(self) -> Batch<T> {
        let ends = self.ends(self.device.pace);
        let Self { entries, shape, now: began, promised, .. } = self;
        Batch { entries, ticket: Ticket { shape, began, ends, promised } }
    }

    fn ends(&self, pace: &DevicePace) -> Moment {
        self.now.plus(pace.predict(self.shape))
    }
}
