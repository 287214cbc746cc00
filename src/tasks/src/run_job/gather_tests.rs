use asl::value::parse;

use super::build_list_target;
use crate::run_job::early_logs::EarlyLogs;
use crate::run_job::log_options::LogOptions;
use crate::run_job::registry::Awaited;
use crate::run_job::result::Logs;
use crate::run_job::test_runner::runner;
use crate::run_job::view::{Observed, PODS};
use crate::settings::{Acting, TaskLimits};
use crate::test_api::Api;

fn awaited() -> Awaited {
    Awaited {
        label: "task".into(),
        namespace: "ns".into(),
        name: "job".into(),
    }
}

/// A page of a list of the Job's pods, whose names are numbers.
fn page(numbers: std::ops::Range<usize>, next: &str) -> String {
    let pods: Vec<_> = numbers
        .map(|number| {
            format!(
                r#"{{"metadata":{{"name":"p{number:04}","ownerReferences":[{{"apiVersion":"batch/v1","kind":"Job","name":"job","uid":"u"}}]}},"spec":{{"containers":[{{"name":"main"}}]}}}}"#
            )
        })
        .collect();
    let pods = pods.join(",");
    format!(r#"{{"metadata":{{"continue":"{next}"}},"items":[{pods}]}}"#)
}

#[tokio::test]
async fn of_a_job_with_many_pods_all_are_listed_and_those_without_logs_counted() {
    let pages = [page(0..PODS, "more"), page(PODS..PODS + 3, "")];
    let answers = [(200, &*pages[0]), (200, &*pages[1]), (200, "1")];
    let api = Api::answering(&answers);
    let limits = TaskLimits::default();
    let runner = runner(&api, Acting::AsConnection, limits);
    let options = LogOptions {
        retrieve: true,
        ..LogOptions::default()
    };
    let mut observed = Observed::default();
    let mut early = EarlyLogs::new(runner.logs.clone(), options.clone(), "ns".into(), 1000);
    let logs = Logs::new(&parse("{}").unwrap(), limits.payload_bytes, false);

    let awaited = awaited();
    let gathering = runner.gather(&awaited, &options, &mut observed, &mut early, logs);
    let (logs, _) = gathering.await;

    let pods = logs.get("pods").unwrap().as_object().unwrap().members();
    assert_eq!(pods.len(), PODS);
    assert_eq!(&*pods[0].0, "p0003");
    assert!(!logs.to_string().contains("was removed"));
    assert_eq!(
        logs.get("cause").unwrap().as_str(),
        Some("the logs of 3 more containers do not fit")
    );
}

#[tokio::test]
async fn a_list_without_end_is_no_list() {
    let page = page(0..1, "more");
    let api = Api::answering(&[(200, &page)]);
    let runner = runner(&api, Acting::AsConnection, TaskLimits::default());
    assert_eq!(runner.list_pods(&awaited()).await, None);
    assert_eq!(api.requests().len(), super::LIST_PAGES);
}

#[test]
fn the_next_page_is_asked_for_by_its_token() {
    let pods =
        "/api/v1/namespaces/ns/pods?labelSelector=sfn.services.k8s.aws%2Ftask-id%3Dtask&limit=500";
    let first = build_list_target(&awaited(), None);
    assert_eq!(first.as_deref(), Some(pods));
    let next = build_list_target(&awaited(), Some("a=="));
    assert_eq!(next, Some(format!("{pods}&continue=a%3D%3D")));
}
