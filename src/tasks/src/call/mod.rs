//! `eks:call`: a task is one request to the Kubernetes API.

mod attempts;
mod body;
mod request;
mod resend;
mod shares;

use std::sync::Arc;

use asl::Value;
use asl::errors::{DATA_LIMIT_EXCEEDED, Fault, RUNTIME, TIMEOUT};
use engine::ports::Task;
use http::{Method, StatusCode};

use self::attempts::Attempts;
use self::body::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use self::request::{CallRequest, build_request};
use self::resend::{build_deleted, find_own_write};
use self::shares::Shares;
use crate::api_server::{Actor, Answer, ApiServer, Outgoing, Patience, SendError, build_failure};
use crate::home_cluster::validate_cluster;
use crate::identity::Identities;
use crate::settings::{ClusterIdentity, TaskLimits};

/// Sends requests.
pub(crate) struct Call {
    api: ApiServer,
    shares: Shares,
    cluster: ClusterIdentity,
    identities: Arc<Identities>,
    limits: TaskLimits,
}

impl Call {
    pub(crate) fn new(
        api: ApiServer,
        cluster: ClusterIdentity,
        identities: Arc<Identities>,
        limits: TaskLimits,
    ) -> Self {
        Self {
            api,
            shares: Shares::of(limits.requests_at_once),
            cluster,
            identities,
            limits,
        }
    }

    /// Sends the request; gives the answer as Step Functions does.
    pub(crate) async fn run(&self, task: &Task) -> Result<Value, Fault> {
        let request = build_request(task)?;
        validate_cluster(&request.cluster, &self.cluster)?;
        let who = self.identities.resolve(task).await?;
        let answer = self.send(task, &request, &who.actor).await?;
        if answer.is_success() {
            Ok(answer.envelope())
        } else {
            Err(answer.fault(self.limits.cause_bytes))
        }
    }

    async fn send(
        &self,
        task: &Task,
        request: &CallRequest,
        actor: &Actor,
    ) -> Result<Answer, Fault> {
        let mut outgoing = self.build_outgoing(request, actor);
        let mut attempts = Attempts::new(task.resumed, self.limits.retry_time);
        loop {
            if attempts.uncertain
                && request.method == Method::PATCH
                && let Some(answer) = self.find_own_write(request, actor).await
            {
                return Ok(answer);
            }
            match self.exchange(task, &outgoing).await {
                Ok(answer) if is_busy(&answer, request) => {
                    if !attempts.after_busy(&answer).await {
                        return Ok(answer);
                    }
                }
                Ok(answer) if is_trouble(&answer, request) => {
                    if !attempts.after_trouble(&answer).await {
                        return Ok(answer);
                    }
                }
                Ok(answer) if may_merge_plainly(&answer, &mut outgoing) => {}
                Ok(answer) => {
                    let recognized = self.recognize(answer, attempts.uncertain, request, actor);
                    return Ok(recognized.await);
                }
                Err(SendError::Unreachable(why)) => {
                    if request.is_sent_once() || !attempts.after_silence().await {
                        return Err(self.unreachable(&why));
                    }
                }
                Err(error) => return Err(build_no_answer(&error, request)),
            }
        }
    }

    async fn exchange(&self, task: &Task, outgoing: &Outgoing) -> Result<Answer, SendError> {
        let _turn = self.shares.take(&task.execution.namespace).await;
        self.api.send(outgoing).await
    }

    fn build_outgoing(&self, request: &CallRequest, actor: &Actor) -> Outgoing {
        let body = request.body.as_ref();
        Outgoing {
            actor: actor.clone(),
            method: request.method.clone(),
            target: request.target.clone(),
            body: body.map(|(content_type, content)| (*content_type, content.clone().into())),
            answer_bytes: self.limits.payload_bytes,
        }
    }

    /// What a refusal means when the same request may have been carried out before. A conflict
    /// with what the task itself wrote tells so even where nothing was sent twice from here, as
    /// something in between may have done it.
    async fn recognize(
        &self,
        answer: Answer,
        uncertain: bool,
        request: &CallRequest,
        actor: &Actor,
    ) -> Answer {
        match (&request.method, answer.status) {
            (&Method::DELETE, StatusCode::NOT_FOUND) if uncertain && !request.forwarded => {
                build_deleted()
            }
            (&Method::POST | &Method::PUT, StatusCode::CONFLICT) => {
                let own = self.find_own_write(request, actor).await;
                own.unwrap_or(answer)
            }
            _ => answer,
        }
    }

    async fn find_own_write(&self, request: &CallRequest, actor: &Actor) -> Option<Answer> {
        let patience = Patience::new(self.limits.retry_time);
        find_own_write(&self.api, request, actor, patience).await
    }

    fn unreachable(&self, why: &str) -> Fault {
        let message = format!("the API server cannot be reached: {why}");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        build_failure(status, message.into(), self.limits.cause_bytes)
    }
}

/// Whether the API server has no time for a request, which may be sent again.
fn is_busy(answer: &Answer, request: &CallRequest) -> bool {
    answer.status == StatusCode::TOO_MANY_REQUESTS && !request.is_sent_once()
}

/// Whether the API server itself could not serve a request. What pods, Services and nodes answer
/// is theirs, and is told.
fn is_trouble(answer: &Answer, request: &CallRequest) -> bool {
    let is_own = answer.value().get("kind").and_then(Value::as_str) == Some("Status");
    answer.status.is_server_error() && is_own && !request.forwarded
}

/// Resources without a strategic merge patch, as custom resources, answer 415 to one: then the
/// same body is sent as a plain merge patch.
fn may_merge_plainly(answer: &Answer, outgoing: &mut Outgoing) -> bool {
    match &mut outgoing.body {
        Some((content_type, _))
            if answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE
                && *content_type == STRATEGIC_MERGE_PATCH =>
        {
            *content_type = MERGE_PATCH;
            true
        }
        _ => false,
    }
}

fn build_no_answer(error: &SendError, request: &CallRequest) -> Fault {
    let CallRequest { method, path, .. } = request;
    let path = crate::parameters::shortened(path, 500);
    match error {
        SendError::TooLarge(limit) => Fault::new(
            DATA_LIMIT_EXCEEDED,
            format!(
                "The answer to {method} {path} is larger than {limit} bytes; take less with \
                 QueryParameters such as limit, fieldSelector, tailLines or limitBytes"
            ),
        ),
        SendError::TooSlow(time) => Fault::new(
            TIMEOUT,
            format!(
                "The answer to {method} {path} did not end within {} seconds; give a watch the \
                 query parameter timeoutSeconds, and do not follow logs",
                time.as_secs()
            ),
        ),
        SendError::Malformed(_) | SendError::Unreachable(_) => {
            Fault::new(RUNTIME, format!("{method} {path}: {error}"))
        }
    }
}

#[cfg(test)]
mod tests;
