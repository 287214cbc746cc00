//! The proxy between an operator and the API server, which disturbs requests as the plan says.
//!
//! It speaks HTTP to the operator and TLS to the API server, and passes on the operator's own
//! credentials. Who is to get no answer finds its connection closed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, Refusal, decide_fault};
use crate::gate::Gate;
use crate::plan::Plan;
use crate::request_class::RequestClass;

type Answer = Response<UnsyncBoxBody<Bytes, Cut>>;

/// The connection to the operator is to break.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

/// A fault that was injected.
#[derive(Debug, Clone)]
pub struct Injected {
    /// When, since the proxy began.
    pub at: Duration,
    /// Into which request.
    pub class: RequestClass,
    /// The how many-th of its class, counted from 0.
    pub number: u64,
    /// What befell it.
    pub fault: Fault,
}

/// A proxy. It ends when it is dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    desk: Arc<Desk>,
    _connections: JoinSet<()>,
}

/// What all connections share.
struct Desk {
    upstream: Client,
    plan: Plan,
    begun: Instant,
    book: Mutex<Book>,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Book {
    counts: HashMap<RequestClass, u64>,
    injected: Vec<Injected>,
}

impl Proxy {
    /// Starts a proxy to an API server; `upstream` has no credentials of its own.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(upstream: Client, plan: Plan, gate: Arc<Gate>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk {
            upstream,
            plan,
            begun: Instant::now(),
            book: Mutex::default(),
            gate,
        });
        let mut connections = JoinSet::new();
        connections.spawn(listen(listener, desk.clone()));
        Ok(Self {
            address,
            desk,
            _connections: connections,
        })
    }

    /// What was injected so far, in order.
    pub fn injected(&self) -> Vec<Injected> {
        self.desk.book().injected.clone()
    }

    /// How many requests came so far.
    pub fn requests(&self) -> u64 {
        self.desk.book().counts.values().sum()
    }
}

async fn listen(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, desk.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(move |request| {
        let desk = desk.clone();
        async move { desk.answer(request).await }
    });
    // Its errors are those that the plan wants, and those of operators that are killed.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of the next request of this class.
    fn next_fault(&self, class: RequestClass) -> Option<Fault> {
        let mut book = self.book();
        let count = book.counts.entry(class.clone()).or_default();
        let number = *count;
        *count += 1;
        let Plan {
            seed,
            round,
            faults,
            ..
        } = self.plan;
        let fault = decide_fault(seed, round, &class, number).filter(|_| faults)?;
        book.injected.push(Injected {
            at: self.begun.elapsed(),
            class,
            number,
            fault,
        });
        Some(fault)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Cut> {
        let class = RequestClass::of(request.method(), request.uri());
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        let message = Message { parts, body };
        let Some(fault) = self.next_fault(class) else {
            return self.forward(&message).await;
        };
        match fault {
            Fault::CutBefore => Err(Cut),
            Fault::CutAfter => self.forward_whole(&message).await.and(Err(Cut)),
            Fault::CutWithin => Ok(halve(self.forward_whole(&message).await?)),
            Fault::Late(time) => {
                self.forward_later(message, time);
                Err(Cut)
            }
            Fault::Delay(time) => {
                sleep(time).await;
                self.forward(&message).await
            }
            Fault::Twice => {
                let first = self.forward_whole(&message).await?;
                let _ = self.forward_whole(&message).await;
                Ok(first.map(whole))
            }
            Fault::TwiceSecond => {
                let _ = self.forward_whole(&message).await;
                Ok(self.forward_whole(&message).await?.map(whole))
            }
            Fault::Refuse(refusal) => refuse(refusal),
            Fault::DropWatch(time) => Ok(end_watch(self.forward(&message).await?, time, true)),
            Fault::EndWatch(time) => Ok(end_watch(self.forward(&message).await?, time, false)),
        }
    }

    /// Passes a request on, and the answer back as it comes.
    async fn forward(&self, message: &Message) -> Result<Answer, Cut> {
        let answer = self.send(message).await?;
        Ok(answer.map(|body| body.map_err(|_| Cut).boxed_unsync()))
    }

    /// Passes a request on, and takes the whole answer.
    async fn forward_whole(&self, message: &Message) -> Result<Response<Bytes>, Cut> {
        let (parts, body) = self.send(message).await?.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }

    async fn send(&self, message: &Message) -> Result<Response<Body>, Cut> {
        match self.gate.is_closed() {
            true => Err(Cut),
            false => send(&self.upstream, message.clone()).await,
        }
    }

    fn forward_later(&self, message: Message, time: Duration) {
        let upstream = self.upstream.clone();
        tokio::spawn(async move {
            sleep(time).await;
            let _ = send(&upstream, message).await;
        });
    }
}

/// A request that can be sent any number of times.
#[derive(Clone)]
struct Message {
    parts: Parts,
    body: Bytes,
}

async fn send(upstream: &Client, message: Message) -> Result<Response<Body>, Cut> {
    let Message { mut parts, body } = message;
    remove_connection_headers(&mut parts.headers);
    parts.headers.remove(HOST);
    let request = Request::from_parts(parts, Body::from(body));
    let mut answer = upstream.send(request).await.map_err(|_| Cut)?;
    remove_connection_headers(answer.headers_mut());
    Ok(answer)
}

/// Source: RFC 9110, 7.6.1: these are about one connection, and not passed on.
fn remove_connection_headers(headers: &mut HeaderMap) {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
}

fn whole(bytes: Bytes) -> UnsyncBoxBody<Bytes, Cut> {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// An answer whose second half never comes.
fn halve(answer: Response<Bytes>) -> Answer {
    answer.map(|body| {
        let half = Frame::data(body.slice(..body.len() / 2));
        StreamBody::new(stream::iter([Ok(half), Err(Cut)])).boxed_unsync()
    })
}

/// A watch that ends after this time, by an error or in order.
fn end_watch(answer: Answer, time: Duration, cut: bool) -> Answer {
    answer.map(|body| {
        let end = stream::iter(cut.then_some(Err(Cut)));
        let frames = BodyStream::new(body).take_until(sleep(time));
        StreamBody::new(frames.chain(end)).boxed_unsync()
    })
}

fn refuse(refusal: Refusal) -> Result<Answer, Cut> {
    let status = refusal.status();
    let body = serde_json::json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": format!("{} by the proxy's plan", refusal.reason()),
        "reason": refusal.reason(),
        "code": status.as_u16(),
    })
    .to_string();
    let mut answer = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header(CONTENT_LENGTH, body.len());
    if refusal == Refusal::TooManyRequests {
        answer = answer.header("retry-after", "1");
    }
    answer.body(whole(body.into())).map_err(|_| Cut)
}
