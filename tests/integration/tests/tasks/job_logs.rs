use integration::{Place, at, run};

async fn container_logs(place: &Place, task: engine::ports::Task) -> asl::Value {
    let job = run(&place.runner(), task).await.result.unwrap();
    let pods = at(&job, "logs/pods");
    let members = pods.as_object().expect("there are logs").members();
    assert_eq!(members.len(), 1, "{pods:?}");
    at(&members[0].1, "containers")
}

#[tokio::test]
async fn the_logs_of_a_job_that_is_removed_at_once_are_there() {
    let Some(place) = Place::new("ttl").await else {
        return;
    };
    let spec = r#","ttlSecondsAfterFinished":0"#;
    let task = place.job_task("brief", spec, "echo still here", r#"{"RetrieveLogs":true}"#);
    let logs = container_logs(&place, task).await;
    assert_eq!(at(&logs, "main/log").as_str(), Some("still here\n"));
    place.leave().await;
}

#[tokio::test]
async fn all_pods_and_containers_have_their_logs() {
    let Some(place) = Place::new("many").await else {
        return;
    };
    let task = place.task(
        "eks:runJob.sync",
        r#""Namespace":"NS","LogOptions":{"RetrieveLogs":true},"Job":{"metadata":{"name":"many"},"spec":{"completions":2,"parallelism":2,"template":{"spec":{"restartPolicy":"Never",
            "initContainers":[{"name":"init","image":"busybox","command":["sh","-c","echo 1"]}],
            "containers":[{"name":"a","image":"busybox","command":["sh","-c","echo a"]},{"name":"b","image":"busybox","command":["sh","-c","echo '[\"b\"]'"]}]}}}}"#,
    );
    let job = run(&place.runner(), task).await.result.unwrap();
    let pods = at(&job, "logs/pods");
    assert_eq!(pods.as_object().unwrap().len(), 2);
    for (_, pod) in pods.as_object().unwrap().members() {
        assert_eq!(
            at(pod, "containers").to_string(),
            r#"{"init":{"log":1},"a":{"log":"a\n"},"b":{"log":["b"]}}"#
        );
    }
    place.leave().await;
}

#[tokio::test]
async fn the_pods_of_failed_attempts_have_their_logs_too() {
    let Some(place) = Place::new("attempts").await else {
        return;
    };
    let task = place.task(
        "eks:runJob.sync",
        r#""Namespace":"NS","LogOptions":{"RetrieveLogs":true},"Job":{"metadata":{"name":"retried"},"spec":{"backoffLimit":1,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox","command":["sh","-c","echo attempt; exit 1"]}]}}}}"#,
    );
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    let job = asl::value::parse(fault.cause.as_deref().unwrap()).unwrap();
    let pods = at(&job, "logs/pods");
    assert_eq!(pods.as_object().unwrap().len(), 2, "{pods:?}");
    assert_eq!(at(&job, "status/failed").as_i64(), Some(2));
    place.leave().await;
}

#[tokio::test]
async fn raw_logs_stay_text_and_log_parameters_are_heeded() {
    let Some(place) = Place::new("raw").await else {
        return;
    };
    let options = r#"{"RetrieveLogs":true,"RawLogs":true,"LogParameters":{"tailLines":["2"]}}"#;
    let task = place.job_task("raw", "", "seq 1 100", options);
    let logs = container_logs(&place, task).await;
    assert_eq!(at(&logs, "main/log").as_str(), Some("99\n100\n"));
    place.leave().await;
}

#[tokio::test]
async fn a_log_that_is_too_large_says_so_and_the_task_succeeds() {
    let Some(place) = Place::new("large").await else {
        return;
    };
    // Larger than a result, smaller on the node's disk than 10 MiB: there the kubelet rotates a
    // log, and what it then returns is only what came since.
    let script = "yes 0123456789 | head -c 1000000";
    let task = place.job_task("large", "", script, r#"{"RetrieveLogs":true}"#);
    let logs = container_logs(&place, task).await;
    assert_eq!(
        at(&logs, "main/error").as_str(),
        Some("States.DataLimitExceeded")
    );
    let cause = at(&logs, "main/cause");
    assert!(cause.as_str().unwrap().contains("tailLines"), "{cause}");
    place.leave().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let Some(place) = Place::new("bytes").await else {
        return;
    };
    let script = r"printf 'a\377b'";
    let task = place.job_task("bytes", "", script, r#"{"RetrieveLogs":true}"#);
    let logs = container_logs(&place, task).await;
    assert_eq!(at(&logs, "main/log").as_str(), Some("a\u{fffd}b"));
    place.leave().await;
}

#[tokio::test]
async fn two_thousand_digits_of_pi_are_a_number_or_raw_text() {
    let Some(place) = Place::new("pi").await else {
        return;
    };
    let pi = |name: &str, options: &str| {
        place.task(
            "eks:runJob.sync",
            &format!(r#""Namespace":"NS","LogOptions":{options},"Job":{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"{name}"}},"spec":{{"backoffLimit":0,"template":{{"metadata":{{"name":"pi2000-on-eks"}},"spec":{{"containers":[{{"name":"pi-2000","image":"perl","command":["perl"],"args":["-Mbignum=bpi","-wle","print '{{ ' . '\"pi\": '. bpi(2000) . ' }}';"]}}],"restartPolicy":"Never"}}}}}}}}"#),
        )
    };
    let logs = container_logs(&place, pi("pi", r#"{"RetrieveLogs":true}"#)).await;
    assert_eq!(
        at(&logs, "pi-2000/log").to_string(),
        r#"{"pi":3.141592653589793}"#
    );
    let raw = pi("raw", r#"{"RetrieveLogs":true,"RawLogs":true}"#);
    let logs = container_logs(&place, raw).await;
    let log = at(&logs, "pi-2000/log");
    let log = log.as_str().unwrap();
    assert!(
        log.starts_with(r#"{ "pi": 3.14159265358979323846"#),
        "{log}"
    );
    assert_eq!(log.trim_end().len(), r#"{ "pi":  }"#.len() + 2001, "{log}");
    place.leave().await;
}
