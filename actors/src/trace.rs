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
    /// Links the span to one more carried trace: a batch belongs to several.
    fn link(&self, span: &Span, trace_parent: &str);
}

/// The telemetry layer, as the root hands it over.
pub type TraceHook = Box<dyn TraceContext>;

static HOOK: OnceLock<TraceHook> = OnceLock::new();

/// A batch span is linked to at most so many traces, so that a span stays small.
const LINKS_MAX: usize = 16;

/// Sets the hook, once for the life of the process; `false` when one was set before.
pub fn set_trace_hook(hook: TraceHook) -> bool {
    HOOK.set(hook).is_ok()
}

/// The `traceparent` of the current span; `None` without a telemetry layer or when unsampled.
#[must_use]
pub fn current_trace_parent() -> Option<String> {
    HOOK.get()
        .and_then(|hook| hook.trace_parent_of(&Span::current()))
        .filter(|text| is_trace_parent(text))
}

/// Ties a span to the traces its articles carry: one becomes its parent, several become links
/// (at most 16 different ones). Malformed texts are left out.
pub fn follow<'a>(span: &Span, trace_parents: impl IntoIterator<Item = Option<&'a str>>) {
    if let Some(hook) = HOOK.get() {
        follow_with(hook.as_ref(), span, trace_parents);
    }
}

fn follow_with<'a>(
    hook: &dyn TraceContext,
    span: &Span,
    trace_parents: impl IntoIterator<Item = Option<&'a str>>,
) {
    let mut different: Vec<&str> = Vec::new();
    for text in trace_parents.into_iter().flatten() {
        if different.len() == LINKS_MAX {
            break;
        }
        if !different.contains(&text) && is_trace_parent(text) {
            different.push(text);
        }
    }
    match different.as_slice() {
        [] => {}
        [only] => hook.adopt(span, only),
        several => several.iter().for_each(|text| hook.link(span, text)),
    }
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
            self.0.lock().unwrap().push(format!("parent {trace_parent}"));
        }
        fn link(&self, _span: &Span, trace_parent: &str) {
            self.0.lock().unwrap().push(format!("link {trace_parent}"));
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
    fn a_batch_of_one_trace_is_its_child_and_of_several_is_linked_to_each_once() {
        let noted = Noted::default();
        follow_with(&noted, &Span::none(), [Some(ONE), None, Some(ONE), Some("nonsense")]);
        assert_eq!(*noted.0.lock().unwrap(), [format!("parent {ONE}")]);
        noted.0.lock().unwrap().clear();
        follow_with(&noted, &Span::none(), [Some(ONE), Some(OTHER), Some(ONE)]);
        assert_eq!(*noted.0.lock().unwrap(), [format!("link {ONE}"), format!("link {OTHER}")]);
    }

    #[test]
    fn without_a_telemetry_layer_nothing_is_carried() {
        assert_eq!(current_trace_parent(), None);
    }
}
