//! An S3 server in this process, whose bucket `data` is a folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The access key that the server knows.
pub const KEY_ID: &str = "key";
/// Its secret.
pub const SECRET: &str = "secret";

/// A running server.
pub struct Server {
    /// Where it is.
    pub url: String,
    folder: TempDir,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    to_fail: AtomicUsize,
}

#[derive(Clone)]
struct Inner {
    service: S3Service,
    counts: Arc<Counts>,
}

impl Server {
    /// Starts it, until the test's runtime ends.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let counts = Arc::new(Counts::default());
        let inner = Inner {
            service: builder.build(),
            counts: counts.clone(),
        };
        let router = axum::Router::new().fallback(any(answer)).with_state(inner);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            folder,
            counts,
        }
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// Lets so many of the next requests fail.
    pub fn fail_next(&self, requests: usize) {
        self.counts.to_fail.store(requests, Ordering::SeqCst);
    }

    /// The object's content.
    pub fn read(&self, key: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("data").join(key)).unwrap()
    }

    /// Puts an object into the bucket.
    pub fn write(&self, key: &str, content: &str) {
        let path = self.folder.path().join("data").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

async fn answer(State(inner): State<Inner>, request: Request) -> Response {
    let counts = &inner.counts;
    counts.requests.fetch_add(1, Ordering::SeqCst);
    let less = |left: usize| left.checked_sub(1);
    let fails = counts
        .to_fail
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    if fails.is_ok() {
        let slow_down = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
        return (StatusCode::SERVICE_UNAVAILABLE, slow_down).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let request = Request::from_parts(parts, s3s::Body::from(body));
    inner.service.call(request).await.unwrap().map(Body::new)
}
