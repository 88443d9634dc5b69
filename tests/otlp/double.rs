//! What real servers do seldom or never on demand: partial successes and failures, by a scripted double.

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::model::ledger::Ledger;
use podometer::sink::otlp::Config;
use podometer::sink::{Handle, State, spool};
use prost::Message;

use crate::message::{batches, points};
use crate::script::{Answer, Double, Request};

const OK: Answer = ("200 OK", Vec::new());

fn whole() -> Batch {
    let [batch] = batches(Limits::default()).try_into().unwrap();
    batch
}

fn start(config: &Config) -> Handle {
    config.plan().unwrap().start(&spool::Config::default(), 1).unwrap()
}

async fn settled(handle: &Handle) -> Ledger {
    handle
        .wait_until(|ledger, _| {
            assert!(ledger.balances(), "{ledger:?}");
            ledger.queued == 0
        })
        .await;
    handle.ledger()
}

fn partial(rejected_data_points: i64) -> Answer {
    let partial = ExportMetricsPartialSuccess { rejected_data_points, error_message: "too many".into() };
    let response = ExportMetricsServiceResponse { partial_success: Some(partial) };
    ("200 OK\r\nContent-Type: application/x-protobuf", response.encode_to_vec())
}

#[tokio::test]
async fn double_partial_success_is_counted_and_never_sent_again() {
    let server = Double::start(|_, _| partial(3));
    let handle = start(&server.config());
    let batch = whole();
    let all = batch.points;
    handle.push(batch.clone());
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (all - 3, vec![("partial_success", 3)]));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].batch, batch);
    let head = requests[0].head.to_lowercase();
    assert!(head.starts_with("post /v1/metrics http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
}

#[tokio::test]
async fn double_that_refuses_more_than_it_got_leaves_the_books_in_balance() {
    let server = Double::start(|_, _| partial(1_000_000));
    let handle = start(&server.config());
    handle.push(whole());
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (0, vec![("partial_success", whole().points)]));
}

/// Refuses a request as a whole for what stands in some of its points.
fn refuse_uptimes(request: &Request) -> Answer {
    let is_bad = |name: &str| name.ends_with(".uptime");
    if points(std::slice::from_ref(&request.batch)).iter().any(|point| is_bad(&point.name)) {
        return ("400 Bad Request", b"data point of metric uptime is not wanted".to_vec());
    }
    OK
}

#[tokio::test]
async fn double_that_names_a_data_point_loses_the_bad_ones_alone() {
    let server = Double::start(|_, request| refuse_uptimes(request));
    let handle = start(&server.config());
    let batch = whole();
    let bad =
        points(std::slice::from_ref(&batch)).iter().filter(|point| point.name.ends_with(".uptime")).count()
            as u64;
    assert!(bad > 3);
    handle.push(batch.clone());
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (batch.points - bad, vec![("invalid_point", bad)]));
}

#[tokio::test]
async fn double_that_refuses_for_no_point_is_not_asked_again() {
    let server = Double::start(|_, _| ("400 Bad Request", b"no".to_vec()));
    let handle = start(&server.config());
    handle.push(whole());
    let ledger = settled(&handle).await;
    assert_eq!(ledger.rejected, [("refused", whole().points)]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn double_failures_that_pass_lose_nothing() {
    let server = Double::start(|at, _| match at {
        0 => ("503 Service Unavailable", Vec::new()),
        1 => ("429 Too Many Requests\r\nRetry-After: 0", Vec::new()),
        2 => ("502 Bad Gateway", Vec::new()),
        3 => ("504 Gateway Timeout", Vec::new()),
        4 => ("401 Unauthorized", Vec::new()),
        5 => ("404 Not Found", Vec::new()),
        _ => OK,
    });
    let handle = start(&server.config());
    handle.push(whole());
    let ledger = settled(&handle).await;
    assert_eq!(ledger.acknowledged, whole().points);
    assert_eq!(server.requests().len(), 7);
    assert_eq!(handle.status().state, State::Working);
}

#[tokio::test]
async fn double_413_cuts_until_it_fits() {
    let server =
        Double::start(
            |_, request| {
                if request.batch.points > 20 { ("413 Content Too Large", Vec::new()) } else { OK }
            },
        );
    let handle = start(&server.config());
    handle.push(whole());
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (whole().points, vec![]));
    let taken: Vec<Batch> = server.requests().into_iter().map(|request| request.batch).collect();
    let taken: Vec<Batch> = taken.into_iter().filter(|batch| batch.points <= 20).collect();
    assert_eq!(points(&taken), points(&[whole()]), "each point once, in its order");
}
