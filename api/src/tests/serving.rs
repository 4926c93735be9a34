//! What happens around routes: compression, metrics, the page, real connections.

use super::fake::Fake;
use super::support::{bench, bench_with, request};
use crate::config::ApiConfig;
use autoglm_protocol::figures::LoadReport;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[tokio::test]
async fn answers_are_compressed_when_asked_and_streams_never_are() {
    let bench = bench().await;
    for encoding in ["br", "gzip"] {
        let answer = bench.get_with("/api/v1/openapi.json", &[("accept-encoding", encoding)]).await;
        assert_eq!(answer.headers["content-encoding"], encoding);
    }
    bench.drain.send_replace(false);
    let sent = request("GET", "/events", &[("accept-encoding", "gzip")], "");
    let response = tower::ServiceExt::oneshot(bench.router.clone(), sent).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn a_browser_gets_the_page_or_is_told_how_to_build_it() {
    let bench = bench().await;
    for path in ["/", "/operator", "/article/5"] {
        let answer = bench.get_with(path, &[("accept", "text/html")]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        let told = String::from_utf8_lossy(&answer.body).contains("make web");
        assert_eq!(told, !crate::page_is_embedded());
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_address() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let bench = bench().await;
    bench.get("/api/v1/articles/1").await;
    bench.get("/api/v1/articles/2").await;
    bench.get("/some/where/else").await;
    bench.send(request("BREW", "/api/v1/articles/3", &[], "")).await;
    let text = handle.render();
    let line = "autoglm_http_requests_total{method=\"GET\",route=\"/api/v1/articles/{id}\",status=\"200\"} 2";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("route=\"other\",status=\"404\""));
    assert!(text.contains("method=\"other\""));
    assert!(!text.contains("/some/where"));
    let shown = bench.get("/metrics").await;
    assert_eq!(shown.body, b"autoglm_up 1\n");
}

#[tokio::test]
async fn the_server_answers_and_finishes_what_it_began_when_it_leaves() {
    let bench = bench().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(crate::serve(listener, bench.router.clone(), 64, async {
        stopped.await.ok();
    }));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut start = [0; 15];
    client.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"{\"status\":\"ok\"}"));
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn how_busy_the_node_is_is_told_to_balancers_only_when_wanted() {
    let bench = bench().await;
    let answer = bench.get("/api/v1/statistics").await;
    assert!(!answer.headers.contains_key("endpoint-load-metrics"), "not to everybody");

    let config = ApiConfig { load_header: true, ..ApiConfig::default() };
    let bench = bench_with(Fake::default(), config).await;
    bench.load.set(LoadReport {
        utilization: 0.123_449,
        cpu_share: Some(0.000_01),
        requests_per_second: 12.5,
    });
    for path in ["/api/v1/statistics", "/readyz", "/nowhere"] {
        let answer = bench.get(path).await;
        let told = answer.headers["endpoint-load-metrics"].to_str().unwrap();
        let report = told.strip_prefix("JSON ").expect("how it is written");
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        let expected = serde_json::json!({
            "application_utilization": 0.1234, "cpu_utilization": 0.0001, "rps_fractional": 12.5
        });
        assert_eq!(report, expected, "at {path}");
    }
    bench.load.set(LoadReport { cpu_share: None, ..LoadReport::default() });
    let answer = bench.get("/readyz").await;
    let told = answer.headers["endpoint-load-metrics"].to_str().unwrap();
    assert_eq!(told, r#"JSON {"application_utilization":0.0001,"rps_fractional":0.0}"#);
}
