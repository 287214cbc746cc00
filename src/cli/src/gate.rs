//! The operator's connections to the API server, and the gate before them: it keeps to the rate
//! that is allowed, and refuses the requests of a process that does not lead any more. The election
//! has a connection of its own, without a gate.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;
use controller::{Clients, Leadership};
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::filter::{FilterLayer, Predicate};
use tower::limit::RateLimitLayer;
use tower::retry::RetryLayer;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Layer as _};

/// How long an answer may take to begin: that of a server that vanished never does, and whoever
/// waited for it would do so for ever. What a busy API server has in its queues takes less.
const ANSWER: Duration = Duration::from_secs(60);

/// How many requests may be sent.
#[derive(Args, Clone, Copy)]
pub struct Rate {
    /// Requests to the API server in a second at most, those of leader election apart [default: any number]
    #[arg(
        long,
        env = "SFN_API_QPS",
        value_name = "NUMBER",
        help_heading = "Limits"
    )]
    api_qps: Option<NonZeroU32>,
    /// Requests that may be sent at once; with --api-qps only [default: as many as in two seconds]
    #[arg(
        long,
        env = "SFN_API_BURST",
        value_name = "NUMBER",
        help_heading = "Limits"
    )]
    api_burst: Option<NonZeroU32>,
}

impl Rate {
    /// So many requests in so much time; none where any number may be sent.
    fn window(self) -> Option<(NonZeroU32, Duration)> {
        let rate = self.api_qps?;
        let in_two_seconds = rate.saturating_add(rate.get());
        let burst = self.api_burst.unwrap_or(in_two_seconds);
        let time = Duration::from_secs(1) * burst.get() / rate.get();
        Some((burst, time.max(Duration::from_nanos(1))))
    }
}

/// The connections that the operator works with.
pub struct Connections {
    /// For reconciling; a busy API server (429, 503, 504) is asked again after the pause that it
    /// wants.
    pub clients: Clients,
    /// For tasks, which know better what may be sent again.
    pub tasks: Client,
}

impl Connections {
    /// Connects; nothing is sent yet.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn open(mut config: Config, leads: Leadership, rate: Rate) -> Result<Self, kube::Error> {
        config.default_retry = false;
        let election = Client::try_from(config.clone())?;
        let namespace = config.default_namespace.clone();
        let gated = ClientBuilder::try_from(config)?.with_layer(&FilterLayer::new(Leads(leads)));
        let tasks = match rate.window() {
            Some((number, time)) => {
                let pace = RateLimitLayer::new(u64::from(number.get()), time);
                gated.with_layer(&pace).build()
            }
            None => gated.build(),
        };
        let work = Client::new(patient(tasks.clone()), namespace);
        Ok(Self {
            clients: Clients { work, election },
            tasks,
        })
    }
}

/// Sends again what the API server had no time for, and gives up what it does not answer. Each
/// attempt passes the gate.
fn patient(
    client: Client,
) -> impl tower::Service<
    http::Request<Body>,
    Response = http::Response<Body>,
    Error = BoxError,
    Future: Send + 'static,
> + Send
+ 'static {
    let send = tower::service_fn(move |request| {
        let client = client.clone();
        async move { client.send(request).await }
    });
    let send = TimeoutLayer::new(ANSWER).layer(send);
    RetryLayer::new(RetryPolicy::server_retry()).layer(send)
}

/// Lets requests pass while this process leads.
#[derive(Clone)]
struct Leads(Leadership);

/// The process may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing is sent: this process does not hold the lease any more")]
struct NotLeading;

impl Predicate<http::Request<Body>> for Leads {
    type Request = http::Request<Body>;

    fn check(&mut self, request: Self::Request) -> Result<Self::Request, BoxError> {
        match self.0.is_held() {
            true => Ok(request),
            false => Err(NotLeading.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tower::timeout::error::Elapsed;

    use super::*;

    #[rstest]
    #[case::any_number(None, Some(5), None)]
    #[case::as_many_as_in_two_seconds(Some(50), None, Some((100, 2000)))]
    #[case::a_burst_of_its_own(Some(50), Some(10), Some((10, 200)))]
    #[case::one_at_a_time(Some(1000), Some(1), Some((1, 1)))]
    fn a_rate_is_so_many_requests_in_so_many_milliseconds(
        #[case] api_qps: Option<u32>,
        #[case] api_burst: Option<u32>,
        #[case] expected: Option<(u32, u128)>,
    ) {
        let rate = Rate {
            api_qps: api_qps.and_then(NonZeroU32::new),
            api_burst: api_burst.and_then(NonZeroU32::new),
        };
        let found = rate.window();
        let found = found.map(|(number, time)| (number.get(), time.as_millis()));
        assert_eq!(found, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
        let never = |_: http::Request<Body>| {
            std::future::pending::<Result<http::Response<Body>, BoxError>>()
        };
        let client = Client::new(tower::service_fn(never), "default");
        let client = Client::new(patient(client), "default");
        let error = client.apiserver_version().await.unwrap_err();
        let error = anyhow::Error::from(error);
        let late = error.chain().any(|cause| cause.is::<Elapsed>());
        assert!(late, "{error:?}");
    }

    #[tokio::test]
    async fn a_process_that_does_not_lead_sends_nothing() {
        let config = Config::new("http://127.0.0.1:9".parse().unwrap());
        let rate = Rate {
            api_qps: NonZeroU32::new(100),
            api_burst: None,
        };
        let connections = Connections::open(config, Leadership::elected(), rate).unwrap();
        for client in [connections.tasks, connections.clients.work] {
            let error = client.apiserver_version().await.unwrap_err();
            let error = anyhow::Error::from(error);
            let refused = error.chain().any(|cause| cause.is::<NotLeading>());
            assert!(refused, "{error:?}");
        }
    }
}
