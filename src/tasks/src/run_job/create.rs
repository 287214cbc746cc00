//! Creates a task's Job, once: what an earlier sending created is found and adopted.

use asl::Value;
use asl::errors::{Fault, RUNTIME, TASK_FAILED};
use engine::ports::Task;
use http::{Method, StatusCode};
use tracing::{debug, info, warn};

use super::RunJob;
use super::build::Order;
use super::report::Report;
use super::view::{Observed, build_finished, task_label_of};
use crate::api_server::{Actor, Answer, Outgoing, Patience, SendError};
use crate::{marks, paths};

/// A Job that exists now.
pub(crate) struct Created {
    /// What the API server answered to the request.
    pub(crate) answer: Answer,
    /// The Job in that answer.
    pub(crate) job: Value,
    /// It was not created just now: it may have pods already.
    pub(crate) adopted: bool,
}

/// What there is under a Job's name.
enum Found {
    /// The task's own Job.
    Ours(Value),
    /// Somebody else's.
    Other,
    Nothing,
}

impl RunJob {
    /// Creates the Job in the name of the task's identity, or adopts it where this task created
    /// it before.
    pub(super) async fn create(
        &self,
        task: &Task,
        order: &Order,
        report: &mut Report,
    ) -> Result<Created, Fault> {
        let who = self.identities.resolve(task).await?;
        report.identity(who.note);
        if task.resumed {
            match self.find(task, order, report).await {
                Found::Ours(job) => return Ok(adopt(&job)),
                // It was there once: a Job must not be run twice because somebody removed it.
                Found::Nothing | Found::Other if task.submitted => {
                    return Err(build_removed(order));
                }
                Found::Nothing | Found::Other => {}
            }
        }
        let request = build_request(task, order, who.actor)?;
        let mut patience = Patience::new(self.limits.retry_time);
        loop {
            match self.send(task, &request).await {
                Ok(answer) if answer.is_success() => return Ok(accept(answer)),
                Ok(answer) if already_exists(&answer) => {
                    match self.find(task, order, report).await {
                        Found::Ours(job) => return Ok(adopt(&job)),
                        Found::Nothing if patience.try_pause(None).await => {}
                        _ => return Err(answer.fault(self.limits.cause_bytes)),
                    }
                }
                Ok(answer) if answer.may_succeed_later() || is_contended(&answer) => {
                    report.trouble(Some(answer.message()));
                    report.show(&Observed::default());
                    if !patience.try_pause(answer.retry_after()).await {
                        return Err(answer.fault(self.limits.cause_bytes));
                    }
                }
                Ok(answer) => return Err(answer.fault(self.limits.cause_bytes)),
                Err(error @ (SendError::Unreachable(_) | SendError::TooSlow(_))) => {
                    report.trouble(Some(error.to_string()));
                    report.show(&Observed::default());
                    patience.pause(None).await;
                }
                Err(error) => return Err(Fault::new(RUNTIME, error.to_string())),
            }
            report.trouble(None);
        }
    }

    async fn send(&self, task: &Task, request: &Outgoing) -> Result<Answer, SendError> {
        let (api, request) = (self.api.clone(), request.clone());
        let sending = async move { api.send(&request).await };
        self.in_flight.carry(task.id(), sending).await
    }

    /// Looks for the Job by the operator's own rights, as only the task's mark is of interest,
    /// for as long as it takes.
    async fn find(&self, task: &Task, order: &Order, report: &mut Report) -> Found {
        let name = order.name.as_deref();
        let Some(target) = name.and_then(|name| paths::job(&order.namespace, name)) else {
            return Found::Nothing;
        };
        let request = Outgoing::get(target);
        let mut patience = Patience::new(self.limits.retry_time);
        loop {
            let (why, asked_for) = match self.api.send(&request).await {
                Ok(answer) if answer.is_success() => {
                    let job = answer.value();
                    let ours = task_label_of(&job) == Some(&marks::task_label(&task.id()));
                    return if ours { Found::Ours(job) } else { Found::Other };
                }
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => return Found::Nothing,
                Ok(answer) => (answer.message(), answer.retry_after()),
                Err(error) => (error.to_string(), None),
            };
            warn!(job = name, "the operator cannot read a Job: {why}");
            report.trouble(Some(format!("the operator cannot read the Job: {why}")));
            report.show(&Observed::default());
            patience.pause(asked_for).await;
        }
    }
}

fn build_request(task: &Task, order: &Order, actor: Actor) -> Result<Outgoing, Fault> {
    let refuse = || Fault::new(RUNTIME, format!("'{}' is no namespace", order.namespace));
    let mut target = paths::jobs(&order.namespace).ok_or_else(refuse)?;
    let manager = marks::field_manager(&task.id());
    paths::add_query(&mut target, "fieldManager", &manager);
    Ok(Outgoing::json(actor, Method::POST, target, &order.job))
}

fn build_removed(order: &Order) -> Fault {
    let (namespace, name) = (&order.namespace, order.name.as_deref().unwrap_or_default());
    let cause = format!(
        "the Job {namespace}/{name} was removed while the operator was away; \
         whether it finished is not known"
    );
    Fault::new(TASK_FAILED, cause)
}

fn accept(answer: Answer) -> Created {
    let job = build_finished(&answer.value());
    debug!(job = name_of(&job), "created a Job");
    Created {
        answer: answer.with_value(&job),
        job,
        adopted: false,
    }
}

fn adopt(job: &Value) -> Created {
    let job = build_finished(job);
    info!(
        job = name_of(&job),
        "adopted the Job that this task created before"
    );
    Created {
        answer: Answer::recalled(StatusCode::CREATED, &job),
        job,
        adopted: true,
    }
}

fn name_of(job: &Value) -> Option<&str> {
    job.get("metadata")?.get("name")?.as_str()
}

/// Several requests changed the same thing at once, as the ResourceQuota that counts Jobs: each
/// Job's request may lose against another's.
fn is_contended(answer: &Answer) -> bool {
    answer.status == StatusCode::CONFLICT && answer.reason().as_deref() == Some("Conflict")
}

fn already_exists(answer: &Answer) -> bool {
    answer.status == StatusCode::CONFLICT && answer.reason().as_deref() == Some("AlreadyExists")
}

#[cfg(test)]
mod tests {
    use super::is_contended;
    use crate::api_server::Answer;
    use asl::value::parse;
    use http::StatusCode;
    use rstest::rstest;

    #[rstest]
    #[case(409, "Conflict", true)]
    #[case(409, "AlreadyExists", false)]
    #[case(403, "Conflict", false)]
    fn a_lost_race_is_told_from_a_name_that_is_taken(
        #[case] code: u16,
        #[case] reason: &str,
        #[case] expected: bool,
    ) {
        let status = parse(&crate::test_api::status(code, reason)).unwrap();
        let answer = Answer::recalled(StatusCode::from_u16(code).unwrap(), &status);
        assert_eq!(is_contended(&answer), expected);
    }
}
