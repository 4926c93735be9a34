//! How much an event says about liking an article: the reward map.
//!
//! Starting values from reference/recommendation.md section 1.2 (dwell: YOW study, finding 6); to
//! be fitted on a log once there is one.

use super::dwell::DwellHabit;
use autoglm_domain::{EventKind, ReaderEvent};

/// Shown above a later click and not opened.
pub(super) const SKIPPED: f32 = -0.1;
const OPENED: f32 = 0.5;
const BOUNCED: f32 = -0.3;
const READ_WELL: f32 = 1.0;
const KEPT: f32 = 2.0;
const UNWANTED: f32 = -3.0;

/// What the article is worth to the reader after this event, given what it was before.
pub(super) fn credit_after(event: &ReaderEvent, before: f32, habit: &mut DwellHabit) -> f32 {
    match event.kind {
        EventKind::Open => {
            if before == 0.0 {
                OPENED
            } else {
                before
            }
        }
        EventKind::Dwell => {
            let credit = dwell_credit(event.dwell_ms.unwrap_or(0), habit);
            // A saved or unwanted article stays so, however long it was looked at.
            if before >= KEPT || before <= UNWANTED { before } else { credit }
        }
        EventKind::Save | EventKind::Share => before.max(KEPT),
        EventKind::Unsave if before >= KEPT => OPENED,
        EventKind::Hide | EventKind::Less => UNWANTED,
        EventKind::Unhide if before <= UNWANTED => 0.0,
        // Marking as read says that it is done with, not that it was liked.
        EventKind::Read
        | EventKind::Unread
        | EventKind::Impression
        | EventKind::Unsave
        | EventKind::Unhide
        | EventKind::Mute
        | EventKind::Unmute => before,
    }
}

fn dwell_credit(milliseconds: u32, habit: &mut DwellHabit) -> f32 {
    let seconds = milliseconds as f32 / 1000.0;
    let unusual = habit.standardised(seconds);
    habit.learn(seconds);
    if seconds < 5.0 {
        BOUNCED
    } else if seconds >= 40.0 || (seconds >= 10.0 && unusual.is_some_and(|z| z > 0.0)) {
        READ_WELL
    } else if seconds >= 10.0 {
        OPENED
    } else {
        0.0
    }
}
