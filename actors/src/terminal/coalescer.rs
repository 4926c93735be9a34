//! Puts a terminal's numbered items into frames without losing, repeating or reordering one.
//!
//! Pure: deliveries and the shard's answers go in, frames come out; the actor keeps the time.

use autoglm_protocol::push::{Delivery, Frame, PushItem};
use autoglm_protocol::reader_request::Watching;

/// Items a terminal may have waiting, before the shard's answer and between two frames. A terminal
/// that falls behind further is reset instead.
pub const WAITING_MAX: usize = 1_000;

/// What the actor has to do after a delivery or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Look for a frame.
    Continue,
    /// Something is missing: ask the shard for what came after this number.
    Ask {
        /// The last number in hand.
        after: Option<u64>,
    },
}

/// Where one terminal stands in its reader's numbering.
#[derive(Debug)]
pub struct Coalescer {
    /// The stream and the last number in hand; `None` until the shard has answered once.
    place: Option<(u64, u64)>,
    /// What the client said it has seen.
    after: Option<u64>,
    /// Whether the shard's answer is awaited.
    asking: bool,
    /// Came while the answer was awaited.
    held: Vec<Delivery>,
    held_items: usize,
    /// In hand and not yet in a frame.
    pending: Vec<PushItem>,
    /// The next frame is a `Reset`.
    reset: bool,
    /// The first frame is due even when it is empty.
    greet: bool,
}

impl Coalescer {
    /// A terminal whose client has seen everything up to `after`; the shard is being asked.
    #[must_use]
    pub fn new(after: Option<u64>) -> Self {
        Self {
            place: None,
            after,
            asking: true,
            held: Vec::new(),
            held_items: 0,
            pending: Vec::new(),
            reset: false,
            greet: false,
        }
    }

    /// The number to ask the shard with.
    #[must_use]
    pub fn after(&self) -> Option<u64> {
        self.place.map(|(_, seq)| seq).or(self.after)
    }

    /// Takes items that the shard has pushed.
    pub fn deliver(&mut self, delivery: Delivery) -> Next {
        if self.asking {
            self.hold(delivery);
            return Next::Continue;
        }
        self.accept(&delivery)
    }

    /// Takes the shard's answer, then what came while it was awaited.
    pub fn watching(&mut self, watching: Watching) -> Next {
        self.asking = false;
        self.greet |= self.place.is_none();
        let known = self.place.is_none_or(|(stream, _)| stream == watching.stream);
        self.place = Some((watching.stream, watching.seq));
        match watching.missed {
            Some(items) if known => self.append(items),
            _ => self.lose(),
        }
        self.held_items = 0;
        for delivery in std::mem::take(&mut self.held) {
            if self.asking {
                self.hold(delivery);
            } else if let Next::Ask { .. } = self.accept(&delivery) {
                self.asking = true;
            }
        }
        if self.asking { Next::Ask { after: self.after() } } else { Next::Continue }
    }

    /// The frame that is due, if any; what is in it is no longer in hand.
    pub fn take_frame(&mut self) -> Option<Frame> {
        let (_, seq) = self.place?;
        if self.reset {
            self.reset = false;
            self.greet = false;
            return Some(Frame::Reset { seq });
        }
        if self.pending.is_empty() && !self.greet {
            return None;
        }
        self.greet = false;
        Some(Frame::Items { seq, items: std::mem::take(&mut self.pending) })
    }

    /// Whether the place in the numbering is known and nothing is missing up to there.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.place.is_some() && !self.asking
    }

    /// The outlet had no room for the last frame: its items are lost to this terminal.
    pub fn refused(&mut self) {
        self.lose();
    }

    /// Items in hand.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len() + self.held_items
    }

    fn hold(&mut self, delivery: Delivery) {
        if self.held_items + delivery.items.len() > WAITING_MAX {
            // Only where the numbering stands still matters: the gap will be found and asked for.
            let items = std::sync::Arc::from([]);
            self.held = vec![Delivery { items, ..delivery }];
            self.held_items = 0;
            return;
        }
        self.held_items += delivery.items.len();
        self.held.push(delivery);
        if self.held.len() > WAITING_MAX {
            self.held.remove(0);
        }
    }

    /// Streams grow with time: an older one is an echo, a newer one starts the numbering again.
    fn accept(&mut self, delivery: &Delivery) -> Next {
        let Some((stream, seq)) = self.place else {
            return Next::Continue;
        };
        if delivery.stream < stream || (delivery.stream == stream && delivery.seq <= seq) {
            return Next::Continue;
        }
        if delivery.stream > stream {
            self.place = Some((delivery.stream, delivery.seq));
            self.lose();
            return Next::Continue;
        }
        let new = usize::try_from(delivery.seq - seq).unwrap_or(usize::MAX);
        let Some(known) = delivery.items.len().checked_sub(new) else {
            self.asking = true;
            return Next::Ask { after: Some(seq) };
        };
        self.place = Some((stream, delivery.seq));
        self.append(delivery.items.iter().skip(known).cloned());
        Next::Continue
    }

    fn append(&mut self, items: impl IntoIterator<Item = PushItem>) {
        if self.reset {
            return;
        }
        self.pending.extend(items);
        if self.pending.len() > WAITING_MAX {
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.pending = Vec::new();
        self.reset = true;
    }
}

#[cfg(test)]
mod tests;
