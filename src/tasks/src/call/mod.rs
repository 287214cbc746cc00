//! `eks:call`: a task is one request to the Kubernetes API.

mod body;
mod request;
mod resend;

use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::errors::{DATA_LIMIT_EXCEEDED, Fault, RUNTIME, TIMEOUT};
use engine::ports::Task;
use http::{Method, StatusCode};

use self::body::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use self::request::{CallRequest, build_request};
use self::resend::{build_deleted, find_own_write};
use crate::api_server::{Actor, Answer, ApiServer, Outgoing, Patience, SendError, build_failure};
use crate::home_cluster::validate_cluster;
use crate::identity::Identities;
use crate::settings::{ClusterIdentity, TaskLimits};

/// How often a request is sent again that the API server had no time for (429). Then the
/// workflow is told, and its own Retriers decide.
const BUSY_RETRIES: usize = 5;
/// How long a request is sent again that the API server could not serve (500, 503, 504), as while
/// etcd elects a leader. Afterwards nobody but this task knows whether it was carried out.
const TROUBLE_TIME: Duration = Duration::from_secs(15);

/// Sends requests.
pub(crate) struct Call {
    api: ApiServer,
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
        let mut patience = Patience::new(self.limits.retry_time);
        let mut trouble = None;
        // Whether the request may have been carried out before.
        let mut uncertain = task.resumed;
        let mut busy = 0;
        loop {
            if uncertain
                && request.method == Method::PATCH
                && let Some(answer) = self.find_own_write(request, actor).await
            {
                return Ok(answer);
            }
            match self.api.send(&outgoing).await {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    busy += 1;
                    let enough = busy > BUSY_RETRIES && !uncertain;
                    if enough || !patience.try_pause(answer.retry_after()).await {
                        return Ok(answer);
                    }
                }
                Ok(answer) if is_trouble(&answer, request) => {
                    uncertain = true;
                    let time = TROUBLE_TIME.min(self.limits.retry_time);
                    let trouble = trouble.get_or_insert_with(|| Patience::new(time));
                    if !trouble.try_pause(answer.retry_after()).await {
                        return Ok(answer);
                    }
                }
                Ok(answer) if may_merge_plainly(&answer, &mut outgoing) => {}
                Ok(answer) => {
                    let recognized = self.recognize(answer, uncertain, request, actor);
                    return Ok(recognized.await);
                }
                Err(SendError::Unreachable(why)) => {
                    uncertain = true;
                    if !patience.try_pause(None).await {
                        return Err(self.unreachable(&why));
                    }
                }
                Err(error) => return Err(build_no_answer(&error, request)),
            }
        }
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
            (&Method::DELETE, StatusCode::NOT_FOUND) if uncertain => build_deleted(),
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

/// Whether the API server itself could not serve a request. What it passes on to pods, Services
/// and nodes is another's answer, and another's to be asked once.
fn is_trouble(answer: &Answer, request: &CallRequest) -> bool {
    let passed_on = request.path.split('/').any(|part| part == "proxy");
    let is_own = answer.value().get("kind").and_then(Value::as_str) == Some("Status");
    answer.status.is_server_error() && is_own && !passed_on
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
