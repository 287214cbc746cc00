use rstest::rstest;

use super::{EarlyLogs, LogSource};
use crate::api_server::ApiServer;
use crate::run_job::log_options::LogOptions;
use crate::run_job::log_reader::LogReader;
use crate::run_job::view::{ContainerView, PodView};
use crate::settings::TaskLimits;
use crate::test_api::Api;

fn pod(restarts: i32) -> PodView {
    PodView {
        name: "p".into(),
        created: String::new(),
        containers: vec![ContainerView {
            name: "c".into(),
            restarts,
            ended: true,
        }],
        trouble: None,
    }
}

/// Reads the log of a container that ends twice, with these answers.
async fn read_twice(answers: &[(u16, &str)]) -> EarlyLogs {
    let limits = TaskLimits::default();
    let server = ApiServer::new(Api::answering(answers).client(), &limits);
    let options = LogOptions {
        retrieve: true,
        ..LogOptions::default()
    };
    let reader = LogReader::new(server, limits);
    let mut early = EarlyLogs::new(reader, options, "ns".into(), 10);
    for restarts in [0, 1] {
        early.start(&[pod(restarts)]);
        early.next().await;
    }
    early
}

#[rstest]
#[case::of_the_last_start((200, "second"), Some("second"), Some("second"))]
#[case::that_could_not_be_read((404, "gone"), None, Some("first"))]
#[case::that_is_too_large((200, "much too large"), None, Some("first"))]
#[tokio::test]
async fn the_log_of_an_earlier_start_is_never_taken_for_the_last(
    #[case] second: (u16, &str),
    #[case] expected: Option<&str>,
    #[case] of_a_pod_that_is_gone: Option<&str>,
) {
    let mut early = read_twice(&[(200, "first"), second]).await;
    let source = LogSource {
        namespace: "ns".into(),
        pod: "p".into(),
        container: "c".into(),
    };
    let last = early.take(&source, Some(1));
    assert_eq!(last.as_deref(), expected);
    let best = last.or_else(|| early.take(&source, None));
    assert_eq!(best.as_deref(), of_a_pod_that_is_gone);
}
