//! Who reads and who writes next: requests over a fixed number of slots, as a plain struct.
//!
//! A request waits, then takes the lowest free slot, reads its prompt in parts and writes one
//! token a turn until somebody says it has left. Requests join and leave between turns. Reading
//! and writing take turns, so that a long prompt holds up the writers for one part at most; the
//! oldest request reads first, so that none starves.

use std::collections::VecDeque;

/// A request's number within one [`Schedule`]; older ones are smaller.
pub(super) type RequestId = u64;

/// How much may go on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScheduleLimits {
    /// Requests that read or write; at least one.
    pub slots: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Tokens of a prompt read in one turn; at least one.
    pub part: usize,
}

/// One request as the schedule sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seat {
    id: RequestId,
    /// Tokens of its prompt.
    prompt: usize,
    /// How many of them have been read.
    read: usize,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nobody reads or writes.
    Idle,
    /// One request reads a part of its prompt.
    Read {
        /// Its slot.
        slot: usize,
        /// The request.
        id: RequestId,
        /// Tokens read before.
        from: usize,
        /// Tokens to read now.
        count: usize,
    },
    /// Every request that has read its prompt writes one token.
    Write {
        /// Slots, ascending, and requests.
        writers: Vec<(usize, RequestId)>,
    },
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueFull {
    /// Requests waiting.
    pub waiting: usize,
}

/// Requests over slots.
#[derive(Debug)]
pub(super) struct Schedule {
    limits: ScheduleLimits,
    waiting: VecDeque<Seat>,
    slots: Vec<Option<Seat>>,
    next: RequestId,
    read_last: bool,
}

impl Schedule {
    /// Nobody there.
    #[must_use]
    pub(super) fn new(limits: ScheduleLimits) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            slots: vec![None; limits.slots.max(1)],
            next: 0,
            read_last: false,
        }
    }

    /// A request with a prompt of so many tokens joins the queue.
    ///
    /// # Errors
    /// [`QueueFull`] when as many wait as may.
    pub(super) fn join(&mut self, prompt: usize) -> Result<RequestId, QueueFull> {
        if !self.has_room() {
            return Err(QueueFull { waiting: self.waiting.len() });
        }
        let id = self.next;
        self.next += 1;
        self.waiting.push_back(Seat { id, prompt: prompt.max(1), read: 0 });
        Ok(id)
    }

    /// Whether another may join.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.limits.waiting
    }

    /// The longest waiting request takes the lowest free slot. Called until it gives nothing.
    pub(super) fn seat(&mut self) -> Option<(usize, RequestId)> {
        let (slot, free) = self.slots.iter_mut().enumerate().find(|(_, seat)| seat.is_none())?;
        let seat = self.waiting.pop_front()?;
        *free = Some(seat);
        Some((slot, seat.id))
    }

    /// The first tokens of a prompt are known already; the last one is always read.
    pub(super) fn skip(&mut self, id: RequestId, count: usize) {
        if let Some(seat) = self.seat_of(id) {
            seat.read = seat.read.max(count.min(seat.prompt - 1));
        }
    }

    /// What is to be done now. The same until something was reported.
    #[must_use]
    pub(super) fn turn(&self) -> Turn {
        let reader = self
            .seated()
            .filter(|(_, seat)| seat.read < seat.prompt)
            .min_by_key(|(_, seat)| seat.id);
        let writers: Vec<(usize, RequestId)> = self
            .seated()
            .filter(|(_, seat)| seat.read == seat.prompt)
            .map(|(slot, seat)| (slot, seat.id))
            .collect();
        match reader {
            Some((slot, seat)) if writers.is_empty() || !self.read_last => {
                let count = (seat.prompt - seat.read).min(self.limits.part.max(1));
                Turn::Read { slot, id: seat.id, from: seat.read, count }
            }
            _ if writers.is_empty() => Turn::Idle,
            _ => Turn::Write { writers },
        }
    }

    /// A part of a prompt was read.
    pub(super) fn was_read(&mut self, id: RequestId, count: usize) {
        self.read_last = true;
        if let Some(seat) = self.seat_of(id) {
            seat.read = seat.prompt.min(seat.read + count);
        }
    }

    /// The writers wrote.
    pub(super) fn was_written(&mut self) {
        self.read_last = false;
    }

    /// A request is finished or not wanted any more. Its slot, if it had one, is free at once.
    pub(super) fn leave(&mut self, id: RequestId) {
        self.waiting.retain(|seat| seat.id != id);
        for slot in &mut self.slots {
            if slot.is_some_and(|seat| seat.id == id) {
                *slot = None;
            }
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn seated(&self) -> impl Iterator<Item = (usize, Seat)> + '_ {
        self.slots.iter().enumerate().filter_map(|(slot, seat)| Some((slot, (*seat)?)))
    }

    fn seat_of(&mut self, id: RequestId) -> Option<&mut Seat> {
        self.slots.iter_mut().flatten().find(|seat| seat.id == id)
    }
}

#[cfg(test)]
mod tests;
