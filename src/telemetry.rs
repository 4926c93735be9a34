//! Logs, metrics and traces: one set-up for the process. Exporting traces is optional and never fatal.

mod trace;

use crate::config::{LogFormat, TelemetryConfig};
use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Keeps the exporter alive; stop it to send the last spans.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Bounds of duration histograms in seconds: from a ranking to a slow fetch.
const DURATION_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What may never reach a trace: the exporter's own traffic would make traces of traces, and the
/// spans that live as long as an actor would put everything it ever does into one trace.
const TRACE_FILTER: &str =
    "info,hyper=off,h2=off,reqwest=off,opentelemetry=off,sqlx=off,ractor=off";

/// Starts logs, metrics and, when an address is configured, traces.
///
/// # Errors
/// When the log directives cannot be read.
pub fn start(config: &TelemetryConfig) -> Result<Telemetry> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("telemetry.log: {:?} is not a level or directive", config.log))?
        // One line for every odd table on a page says nothing to an operator.
        .add_directive("html5ever=error".parse().context("a fixed directive")?)
        // Payloads of readers would be logged at debug by the transport.
        .add_directive("ractor_cluster=info".parse().context("a fixed directive")?);
    let (provider, trace_problem) = match trace_provider(&config.otlp_endpoint, config.trace_share)
    {
        Ok(provider) => (provider, None),
        Err(error) => (None, Some(error)),
    };
    let trace_layer = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("autoglm"))
            .with_filter(EnvFilter::new(TRACE_FILTER))
    });
    let log_layer = match config.log_format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => {
            tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed()
        }
    };
    tracing_subscriber::registry().with(trace_layer).with(log_layer.with_filter(filter)).init();
    if provider.is_some()
        && !autoglm_actors::trace::set_trace_hook(Box::new(trace::OpenTelemetryTraces))
    {
        tracing::debug!("traces were set up before");
    }
    if let Some(error) = trace_problem {
        tracing::warn!(%error, endpoint = config.otlp_endpoint, "traces are not exported");
    }
    install_metrics();
    Ok(Telemetry { provider })
}

fn trace_provider(endpoint: &str, share: f64) -> Result<Option<SdkTracerProvider>> {
    if endpoint.is_empty() {
        return Ok(None);
    }
    // The batch exporter lives on a plain thread, so its client is the blocking one, and a
    // blocking client must not be built inside a runtime.
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    std::thread::spawn(move || {
        let client = reqwest::blocking::Client::builder()
            .no_proxy()
            .tls_certs_merge(
                webpki_root_certs::TLS_SERVER_ROOT_CERTS
                    .iter()
                    .filter_map(|der| reqwest::Certificate::from_der(der).ok()),
            )
            .build()
            .context("cannot build the exporter's HTTP client")?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(endpoint)
            .build()
            .context("cannot build the trace exporter")?;
        let resource = opentelemetry_sdk::Resource::builder().with_service_name("autoglm").build();
        Ok(Some(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
                .with_resource(resource)
                .build(),
        ))
    })
    .join()
    .map_err(|_panic| anyhow::anyhow!("the exporter could not be built"))?
}

fn install_metrics() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS);
    match recorder.map(PrometheusBuilder::install_recorder) {
        Ok(Ok(handle)) => {
            METRICS.get_or_init(|| handle);
        }
        Ok(Err(error)) => tracing::warn!(%error, "metrics are not recorded"),
        Err(error) => tracing::warn!(%error, "metrics are not recorded"),
    }
}

/// All metrics in the text format of Prometheus.
#[must_use]
pub fn render_metrics() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds histogram samples away; called every few seconds, or they would pile up.
pub fn upkeep_metrics() {
    if let Some(handle) = METRICS.get() {
        handle.run_upkeep();
    }
}

impl Telemetry {
    /// Sends the last spans.
    pub fn stop(self) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown()
        {
            tracing::debug!(%error, "the last traces were not sent");
        }
    }
}
