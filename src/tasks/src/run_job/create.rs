//! Creates a task's Job, once: what an earlier sending created is found and adopted.

use std::time::Duration;

use asl::Value;
use asl::errors::{Fault, RUNTIME, TASK_FAILED};
use engine::ports::Task;
use http::{Method, StatusCode};
use tracing::{debug, info, warn};

use super::RunJob;
use super::build::Order;
use super::report::Report;
use super::view::{JobView, Observed, build_finished, is_leaving, label_of};
use crate::api_server::{Actor, Answer, Outgoing, Patience, SendError};
use crate::marks::{EXECUTION_UID, TASK_ID};
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
    /// The Job of another task of the same execution, which is being deleted or about to be: the
    /// task before a retry or a redrive, as a rule.
    Leaving,
    /// Somebody else's.
    Other,
    Nothing,
}

/// What follows from a request to create the Job.
enum Next {
    /// The Job is there.
    Take(Created),
    /// The request is sent again after a pause.
    Again(Trouble),
    Fail(Fault),
}

/// What time will mend.
struct Trouble {
    why: String,
    asked_for: Option<Duration>,
    /// What the task fails with when its patience ends; absent where it does not end.
    fault: Option<Fault>,
}

impl RunJob {
    /// Creates the Job in the name of the task's identity, or adopts it where this task created
    /// it before, whoever the task may act as now.
    pub(super) async fn create(
        &self,
        task: &Task,
        order: &Order,
        report: &mut Report,
    ) -> Result<Created, Fault> {
        if task.resumed {
            match self.find(task, order, report).await {
                Found::Ours(job) => return Ok(adopt(&job)),
                // It was there once: a Job must not be run twice because somebody removed it.
                _ if task.submitted => return Err(build_removed(order)),
                _ => {}
            }
        }
        let who = self.identities.resolve(task).await?;
        report.identity(who.note);
        let request = build_request(task, order, who.actor)?;
        let mut patience = Patience::new(self.limits.retry_time);
        // Whether an earlier sending may have created the Job.
        let mut uncertain = false;
        loop {
            let fault = match self.try_once(task, order, &request, report).await {
                Next::Take(created) => return Ok(created),
                Next::Fail(fault) => Some(fault),
                Next::Again(trouble) => {
                    uncertain = true;
                    pause(trouble, &mut patience, report).await
                }
            };
            match fault {
                Some(fault) if uncertain => {
                    return self.take_or_fail(task, order, report, fault).await;
                }
                Some(fault) => return Err(fault),
                None => report.trouble(None),
            }
        }
    }

    async fn try_once(
        &self,
        task: &Task,
        order: &Order,
        request: &Outgoing,
        report: &mut Report,
    ) -> Next {
        let cause_bytes = self.limits.cause_bytes;
        let answer = match self.send(task, request).await {
            Ok(answer) if is_open(&answer) => answer,
            sent => return judge(sent, cause_bytes),
        };
        match self.find(task, order, report).await {
            Found::Ours(job) => Next::Take(adopt(&job)),
            Found::Other => Next::Fail(answer.fault(cause_bytes)),
            Found::Nothing => Next::Again(Trouble::of(&answer, cause_bytes)),
            Found::Leaving => Next::Again(Trouble {
                why: "another Job of this execution has the name and is being deleted".to_owned(),
                ..Trouble::of(&answer, cause_bytes)
            }),
        }
    }

    /// Nothing more is tried: the task fails, unless an earlier sending created the Job.
    async fn take_or_fail(
        &self,
        task: &Task,
        order: &Order,
        report: &mut Report,
        fault: Fault,
    ) -> Result<Created, Fault> {
        match self.find(task, order, report).await {
            Found::Ours(job) => Ok(adopt(&job)),
            Found::Leaving | Found::Other | Found::Nothing => Err(fault),
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
                Ok(answer) if answer.is_success() => return recognize(answer.value(), task),
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => return Found::Nothing,
                Ok(answer) => (answer.message(), answer.retry_after()),
                Err(error) => (error.to_string(), None),
            };
            warn!(job = name, "the operator cannot read a Job: {why}");
            tell(report, format!("the operator cannot read the Job: {why}"));
            patience.pause(asked_for).await;
        }
    }
}

/// Whose the Job is that has the name.
fn recognize(job: Value, task: &Task) -> Found {
    if label_of(&job, TASK_ID) == Some(&marks::task_label(&task.id())) {
        return Found::Ours(job);
    }
    let of_execution = label_of(&job, EXECUTION_UID) == Some(&*task.execution.uid);
    match of_execution && (is_leaving(&job) || is_about_to_leave(&job, task)) {
        true => Found::Leaving,
        false => Found::Other,
    }
}

/// Whether the Job's task is being cancelled and the request to delete it may be on its way.
fn is_about_to_leave(job: &Value, task: &Task) -> bool {
    let label = label_of(job, TASK_ID);
    let mut leaving = task.leaving.iter();
    !task.retain_jobs && leaving.any(|id| label == Some(&marks::task_label(&task.id_of(*id))))
}

fn judge(sent: Result<Answer, SendError>, cause_bytes: usize) -> Next {
    match sent {
        Ok(answer) if answer.is_success() => Next::Take(accept(answer)),
        Ok(answer) if answer.may_succeed_later() || is_contended(&answer) => {
            Next::Again(Trouble::of(&answer, cause_bytes))
        }
        Ok(answer) => Next::Fail(answer.fault(cause_bytes)),
        Err(error @ (SendError::Unreachable(_) | SendError::TooSlow(_))) => Next::Again(Trouble {
            why: error.to_string(),
            asked_for: None,
            fault: None,
        }),
        Err(error) => Next::Fail(Fault::new(RUNTIME, error.to_string())),
    }
}

impl Trouble {
    fn of(answer: &Answer, cause_bytes: usize) -> Self {
        Self {
            why: answer.message(),
            asked_for: answer.retry_after(),
            fault: Some(answer.fault(cause_bytes)),
        }
    }
}

/// Tells of the trouble and pauses; gives the fault if there is no patience left.
async fn pause(trouble: Trouble, patience: &mut Patience, report: &mut Report) -> Option<Fault> {
    tell(report, trouble.why);
    if trouble.fault.is_none() {
        patience.pause(trouble.asked_for).await;
        return None;
    }
    let in_time = patience.try_pause(trouble.asked_for).await;
    trouble.fault.filter(|_| !in_time)
}

fn tell(report: &mut Report, trouble: String) {
    report.trouble(Some(trouble));
    report.show(&Observed::default());
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

/// Whether only what there is under the Job's name tells what an answer means: that the name is
/// taken, or a success that shows no Job.
fn is_open(answer: &Answer) -> bool {
    match answer.status {
        StatusCode::CONFLICT => answer.reason().as_deref() == Some("AlreadyExists"),
        _ => answer.is_success() && JobView::read(&answer.value()).is_none(),
    }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
