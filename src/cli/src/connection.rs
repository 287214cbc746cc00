//! The operator's connections to the API server.
//!
//! Requests pass a gate: it keeps to the rate that is allowed, and refuses those of a process that
//! does not lead any more. The election has a connection of its own.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use controller::Leadership;
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use leaky_bucket::RateLimiter;
use tower::BoxError;
use tower::buffer::BufferLayer;
use tower::filter::{AsyncFilterLayer, AsyncPredicate};
use tower::retry::RetryLayer;

/// How many requests wait at the gate before others wait to be taken.
const QUEUE: usize = 1024;

/// What a request passes before it is sent.
#[derive(Clone)]
pub struct Gate {
    leadership: Leadership,
    pace: Option<Arc<RateLimiter>>,
}

/// The process may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing is sent: this process does not hold the lease any more")]
struct NotLeading;

impl Gate {
    /// Lets `rate` requests pass in a second, and `burst` at once; any number if the rate is 0.
    #[must_use]
    pub fn new(leadership: Leadership, rate: u32, burst: Option<NonZeroU32>) -> Self {
        let burst = burst.map_or(rate.saturating_mul(2), NonZeroU32::get);
        let pace = NonZeroU32::new(rate).map(|rate| Arc::new(build_pace(rate, burst)));
        Self { leadership, pace }
    }

    async fn pass(self) -> Result<(), NotLeading> {
        if let Some(pace) = &self.pace {
            pace.acquire_one().await;
        }
        match self.leadership.is_held() {
            true => Ok(()),
            false => Err(NotLeading),
        }
    }
}

fn build_pace(rate: NonZeroU32, burst: u32) -> RateLimiter {
    // A timer is no finer than a millisecond.
    let refill = rate.get().div_ceil(100);
    let interval = Duration::from_secs(1) * refill / rate.get();
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    RateLimiter::builder()
        .initial(size(burst))
        .max(size(burst.max(refill)))
        .refill(size(refill))
        .interval(interval)
        .build()
}

impl AsyncPredicate<http::Request<Body>> for Gate {
    type Future = Pin<Box<dyn Future<Output = Result<Self::Request, BoxError>> + Send>>;
    type Request = http::Request<Body>;

    fn check(&mut self, request: Self::Request) -> Self::Future {
        let pass = self.clone().pass();
        Box::pin(async move { Ok(pass.await.map(|()| request)?) })
    }
}

/// A connection without a gate, which retries nothing.
///
/// # Errors
/// The configuration cannot be used.
pub fn connect(mut config: Config) -> Result<Client, kube::Error> {
    config.default_retry = false;
    Client::try_from(config)
}

/// A connection through a gate, which retries nothing.
///
/// # Errors
/// The configuration cannot be used.
pub fn connect_through(mut config: Config, gate: Gate) -> Result<Client, kube::Error> {
    config.default_retry = false;
    let connection = ClientBuilder::try_from(config)?
        .with_layer(&BufferLayer::new(QUEUE))
        .with_layer(&AsyncFilterLayer::new(gate));
    Ok(connection.build())
}

/// A connection through a gate that sends again what the API server had no time for (429, 503,
/// 504), after the pause that it asks for. Each attempt passes the gate.
///
/// # Errors
/// The configuration cannot be used.
pub fn connect_patiently(mut config: Config, gate: Gate) -> Result<Client, kube::Error> {
    config.default_retry = false;
    let connection = ClientBuilder::try_from(config)?
        .with_layer(&BufferLayer::new(QUEUE))
        .with_layer(&AsyncFilterLayer::new(gate))
        .with_layer(&RetryLayer::new(RetryPolicy::server_retry()));
    Ok(connection.build())
}
