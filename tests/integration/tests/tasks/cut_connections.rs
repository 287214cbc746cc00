use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use integration::{Place, at, run};
use kube::api::ListParams;
use tasks::KubernetesTasks;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How long connections are cut.
const BAD_TIME: Duration = Duration::from_secs(4);

/// Passes connections on, and cuts each after some milliseconds while the bad time lasts.
async fn cutting_proxy(to: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let start = Instant::now();
    tokio::spawn(async move {
        for count in 0_u64.. {
            let (mut inside, _) = listener.accept().await.unwrap();
            let Ok(mut outside) = TcpStream::connect(&to).await else {
                continue;
            };
            let bad = start.elapsed() < BAD_TIME;
            // Around the time that a handshake and a request take.
            let patience = Duration::from_millis(if bad { 5 + count * 7 % 60 } else { 600_000 });
            tokio::spawn(async move {
                let _ = timeout(patience, copy_bidirectional(&mut inside, &mut outside)).await;
            });
        }
    });
    address
}

async fn runner_behind_a_bad_line(place: &Place) -> Arc<KubernetesTasks> {
    let mut settings = place.settings();
    let server = settings.connection.cluster_url.clone();
    let host = server.host().unwrap().to_owned();
    let port = server.port_u16().unwrap_or(443);
    let proxy = cutting_proxy(format!("{host}:{port}")).await;
    settings.connection.cluster_url = format!("https://{proxy}").parse().unwrap();
    settings.connection.tls_server_name = Some(host);
    Arc::new(KubernetesTasks::new(settings).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_come_to_their_end_though_connections_are_cut() {
    let Some(place) = Place::new("cutjobs").await else {
        return;
    };
    let runner = runner_behind_a_bad_line(&place).await;
    let mut running = JoinSet::new();
    for index in 0..12 {
        let name = format!("job-{index}");
        let task = place.job_task(&name, "", "echo here", r#"{"RetrieveLogs":true}"#);
        let runner = runner.clone();
        running.spawn(async move { run(&runner, task).await });
    }
    while let Some(ended) = running.join_next().await {
        let job = ended.unwrap().result.unwrap();
        assert_eq!(at(&job, "status/succeeded").as_i64(), Some(1));
        assert!(job.to_string().contains(r#"{"log":"here\n"}"#), "{job}");
    }
    let jobs = place
        .api("batch/v1", "Job")
        .list(&ListParams::default())
        .await
        .unwrap();
    assert_eq!(jobs.items.len(), 12);
    place.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_happen_once_though_connections_are_cut() {
    let Some(place) = Place::new("cutcalls").await else {
        return;
    };
    let runner = runner_behind_a_bad_line(&place).await;
    let mut running = JoinSet::new();
    for index in 0..40 {
        let task = place.task(
            "eks:call",
            &format!(r#""Method":"POST","Path":"/api/v1/namespaces/NS/configmaps","RequestBody":{{"metadata":{{"name":"m-{index}"}}}}"#),
        );
        let runner = runner.clone();
        running.spawn(async move { run(&runner, task).await });
    }
    while let Some(ended) = running.join_next().await {
        let answer = ended.unwrap().result.unwrap();
        assert_eq!(at(&answer, "StatusCode").as_i64(), Some(201));
    }
    place.leave().await;
}
