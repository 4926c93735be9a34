//! Carries one article's trace from fetch to push, without knowing which telemetry library is in use.
//!
//! The composition root sets a [`TraceHook`] when a telemetry layer is active; without one every
//! function here does nothing and costs one atomic load. The carried text is the W3C `traceparent`.

use std::fmt::Debug;
use std::sync::OnceLock;
use tracing::Span;

/// What a telemetry layer offers to the actors.
pub trait TraceContext: Send + Sync + Debug {
    /// The `traceparent` of the span, when it is sampled.
    fn trace_parent_of(&self, span: &Span) -> Option<String>;
    /// Makes the span a child of the carried trace.
    fn adopt(&self, span: &Span, trace_parent: &str);
}

/// The telemetry layer, as the root hands it over.
pub type TraceHook = Box<dyn TraceContext>;

static HOOK: OnceLock<TraceHook> = OnceLock::new();

/// A batch is seen in at most so many traces, so that a large one costs no more than a small one.
const TRACES_MAX: usize = 16;

/// The spans of one piece of work on several articles: one in each trace that they carry, so that
/// every trace is whole. They end when this is dropped.
#[derive(Debug, Default)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// The span that what happens within the work belongs to.
    #[must_use]
    pub fn main(&self) -> Span {
        self.0.first().cloned().unwrap_or_else(Span::none)
    }

    /// Takes in more work that ends together with this, as far as there is room.
    pub fn join(&mut self, more: Self) {
        let room = TRACES_MAX.saturating_sub(self.0.len());
        self.0.extend(more.0.into_iter().take(room));
    }
}

/// Sets the hook, once for the life of the process; `false` when one was set before.
pub fn set_trace_hook(hook: TraceHook) -> bool {
    HOOK.set(hook).is_ok()
}

/// Whether anybody collects traces.
#[must_use]
pub fn is_active() -> bool {
    HOOK.get().is_some()
}

/// The `traceparent` of the current span; `None` without a telemetry layer or when unsampled.
#[must_use]
pub fn current_trace_parent() -> Option<String> {
    HOOK.get()
        .and_then(|hook| hook.trace_parent_of(&Span::current()))
        .filter(|text| is_trace_parent(text))
}

/// Opens a span in each of the different traces its articles carry, at most 16; malformed texts are
/// left out. Work on articles that nobody traces has no span, but for the log where there is no
/// telemetry layer.
pub fn follow<'a>(
    open: impl Fn() -> Span,
    trace_parents: impl IntoIterator<Item = Option<&'a str>>,
) -> Spans {
    match HOOK.get() {
        Some(hook) => follow_with(hook.as_ref(), open, trace_parents),
        None => Spans(vec![open()]),
    }
}

fn follow_with<'a>(
    hook: &dyn TraceContext,
    open: impl Fn() -> Span,
    trace_parents: impl IntoIterator<Item = Option<&'a str>>,
) -> Spans {
    let mut different: Vec<&str> = Vec::new();
    for text in trace_parents.into_iter().flatten() {
        if different.len() == TRACES_MAX {
            break;
        }
        if !different.contains(&text) && is_trace_parent(text) {
            different.push(text);
        }
    }
    let joined = different.into_iter().map(|trace_parent| {
        let span = open();
        hook.adopt(&span, trace_parent);
        span
    });
    Spans(joined.collect())
}

/// Whether the text is a `traceparent` as W3C Trace Context (level 1, section 3.2) writes it:
/// `version-trace_id-parent_id-flags` in lower-case hexadecimal, with no part all zero but the
/// flags, and not the forbidden version `ff`.
#[must_use]
pub fn is_trace_parent(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut hexadecimal = |length: usize| {
        parts.next().filter(|part| {
            part.len() == length
                && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    let (Some(version), Some(trace), Some(parent), Some(_flags)) =
        (hexadecimal(2), hexadecimal(32), hexadecimal(16), hexadecimal(2))
    else {
        return false;
    };
    let says_something = |part: &str| part.bytes().any(|byte| byte != b'0');
    version != "ff"
        && says_something(trace)
        && says_something(parent)
        && (version != "00" || parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const ONE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const OTHER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01";

    #[derive(Debug, Default)]
    struct Noted(Mutex<Vec<String>>);

    impl TraceContext for Noted {
        fn trace_parent_of(&self, _span: &Span) -> Option<String> {
            Some(ONE.to_owned())
        }
        fn adopt(&self, _span: &Span, trace_parent: &str) {
            self.0.lock().unwrap().push(trace_parent.to_owned());
        }
    }

    #[test]
    fn only_well_formed_trace_parents_are_carried() {
        assert!(is_trace_parent(ONE));
        assert!(is_trace_parent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(!is_trace_parent(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_batch_has_a_span_in_each_of_its_traces_once_and_none_without() {
        let noted = Noted::default();
        let spans = |traces: &[Option<&'static str>]| {
            follow_with(&noted, Span::none, traces.iter().copied()).0.len()
        };
        assert_eq!(spans(&[Some(ONE), None, Some(OTHER), Some(ONE), Some("nonsense")]), 2);
        assert_eq!(*noted.0.lock().unwrap(), [ONE, OTHER]);
        assert_eq!(spans(&[None, Some("nonsense")]), 0);
    }

    #[test]
    fn a_batch_of_very_many_traces_is_seen_in_sixteen() {
        let texts: Vec<String> =
            (1..100).map(|trace| format!("00-{trace:032x}-00f067aa0ba902b7-01")).collect();
        let traces = texts.iter().map(|text| Some(text.as_str()));
        assert_eq!(follow_with(&Noted::default(), Span::none, traces).0.len(), TRACES_MAX);
    }

    #[test]
    fn without_a_telemetry_layer_nothing_is_carried() {
        assert_eq!(current_trace_parent(), None);
    }
}
