//! Carries an article's trace through the store: what the actors' trace hook needs of OpenTelemetry.

use autoglm_actors::trace::TraceContext;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The hook over tracing-opentelemetry.
#[derive(Debug)]
pub(super) struct OpenTelemetryTraces;

impl TraceContext for OpenTelemetryTraces {
    fn trace_parent_of(&self, span: &Span) -> Option<String> {
        let context = span.context();
        let span_context = context.span().span_context().clone();
        (span_context.is_valid() && span_context.is_sampled()).then(|| format_parent(&span_context))
    }

    fn adopt(&self, span: &Span, trace_parent: &str) {
        if let Some(parent) = parse_parent(trace_parent) {
            let context = Context::new().with_remote_span_context(parent);
            if let Err(error) = span.set_parent(context) {
                tracing::trace!(%error, "a span could not join the trace of its article");
            }
        }
    }
}

fn format_parent(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
}

/// Reads W3C Trace Context, level 1.
fn parse_parent(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (_version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_survives_the_way_through_the_store() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = parse_parent(text).expect("valid");
        assert!(context.is_sampled());
        assert_eq!(format_parent(&context), text);
    }

    #[test]
    fn strange_text_is_no_trace() {
        for text in ["", "00-0-0-0", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert!(parse_parent(text).is_none(), "{text:?}");
        }
    }
}
