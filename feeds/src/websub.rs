//! WebSub as its subscriber: a hub sends a document here when it changes, instead of being asked.
//!
//! A source's document or its headers name a hub and a topic ([`announced`]). The hub is asked with
//! a form ([`subscribe_form`]), asks back whether we meant it ([`judge`]), and from then on sends
//! the document with a signature ([`is_signed`]) until the lease ends. What is due when, and what
//! follows from every answer, is decided by [`lease`]. All of it is pure.

mod announcement;
mod document;
pub mod lease;
mod link_header;
mod question;
mod request;
mod signature;

pub use announcement::announced;
pub use question::{Question, Verdict, judge};
pub use request::{end_form, subscribe_form};
pub use signature::is_signed;

/// Longest address of a hub or topic, in bytes.
const ADDRESS_BYTES_MAX: usize = 2_048;
