//! What is known of a task's Job and its pods, and what follows from it.
//!
//! Source: Kubernetes API reference, Job v1 batch (conditions `Complete` and `Failed` are
//! terminal; `SuccessCriteriaMet` and `FailureTarget` announce them), Pod v1 core.

use std::collections::HashMap;
use std::sync::Arc;

use asl::Value;
use asl::value::ObjectBuilder;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

use crate::marks::{TASK_ID, with_member};
use crate::parameters::shortened;

/// How many pods of one Job are kept in mind, the newest ones.
pub(crate) const PODS: usize = 500;

/// What is known of a task's Job and pods.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Observed {
    pub(crate) job: Option<JobView>,
    /// Oldest first.
    pub(crate) pods: Vec<PodView>,
    /// How many containers each pod had that is kept in mind no more. Shared, as readers clone
    /// all of this for each news.
    pub(crate) forgotten: Arc<HashMap<String, usize>>,
    /// A new listing did not show the Job: it is to be looked up.
    pub(crate) missing: bool,
}

/// A Job, as far as it concerns the task that waits for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobView {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) active: i32,
    pub(crate) succeeded: i32,
    pub(crate) failed: i32,
    pub(crate) end: Option<End>,
}

/// How a Job ended. An end is for good.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// With the condition `Complete`; the finished Job.
    Complete(Value),
    /// With the condition `Failed`; the finished Job, and why in words.
    Failed(Value, String),
    /// It was removed before it finished.
    Deleted,
}

/// A pod, as far as it concerns the task that waits for its Job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PodView {
    pub(crate) name: String,
    /// Orders pods by age.
    pub(crate) created: String,
    /// Init containers first.
    pub(crate) containers: Vec<ContainerView>,
    /// What keeps it from running, in words.
    pub(crate) trouble: Option<String>,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ContainerView {
    pub(crate) name: String,
    /// How often it was started again.
    pub(crate) restarts: i32,
    /// It does not run any more; it may be started again.
    pub(crate) ended: bool,
}

impl Observed {
    /// Takes in a newer, or a concurrent, reading of the Job; says whether that is news. An end
    /// is never taken back, also not by the removal of a Job that ended by itself.
    pub(crate) fn see_job(&mut self, job: JobView) -> bool {
        let was_missing = std::mem::take(&mut self.missing);
        match &mut self.job {
            Some(known) if known.end.is_some() => was_missing,
            Some(known) if known.uid != job.uid => {
                known.end = Some(End::Deleted);
                true
            }
            Some(known) if *known == job => was_missing,
            slot => {
                *slot = Some(job);
                true
            }
        }
    }

    /// The Job is gone.
    pub(crate) fn lose_job(&mut self) -> bool {
        self.missing = false;
        match &mut self.job {
            Some(job) if job.end.is_none() => {
                job.end = Some(End::Deleted);
                true
            }
            _ => false,
        }
    }

    /// A listing did not show the Job. It may have been made since, so it is looked up.
    pub(crate) fn miss_job(&mut self) -> bool {
        self.missing = self.job.as_ref().is_some_and(|job| job.end.is_none());
        self.missing
    }

    /// Takes in a newer reading of a pod; says whether that is news. What has left the cluster
    /// stays known: its log may have been read.
    pub(crate) fn see_pod(&mut self, pod: PodView) -> bool {
        if let Some(known) = self.pods.iter_mut().find(|known| known.name == pod.name) {
            let news = *known != pod;
            *known = pod;
            return news;
        }
        let at = self
            .pods
            .partition_point(|known| (&known.created, &known.name) < (&pod.created, &pod.name));
        self.pods.insert(at, pod);
        self.pods.len() <= PODS || self.forget_oldest()
    }

    /// Keeps a pod in mind no more; says whether it was until now.
    fn forget_oldest(&mut self) -> bool {
        let oldest = self.pods.remove(0);
        let forgotten = Arc::make_mut(&mut self.forgotten);
        let known = forgotten.insert(oldest.name, oldest.containers.len());
        known.is_none()
    }
}

impl JobView {
    /// Reads a Job of the API; none where it lacks what every Job has.
    pub(crate) fn read(job: &Value) -> Option<Self> {
        let metadata = job.get("metadata")?;
        let text = |field: &str| Some(metadata.get(field)?.as_str()?.to_owned());
        let status = job.get("status");
        let count = |field: &str| {
            let count = status.and_then(|status| status.get(field)?.as_i64());
            count
                .and_then(|count| i32::try_from(count).ok())
                .unwrap_or(0)
        };
        Some(Self {
            namespace: text("namespace")?,
            name: text("name")?,
            uid: text("uid")?,
            active: count("active"),
            succeeded: count("succeeded"),
            failed: count("failed"),
            end: read_end(job),
        })
    }
}

fn read_end(job: &Value) -> Option<End> {
    let conditions = job.get("status")?.get("conditions")?.as_array()?;
    let find = |kind: &str| {
        conditions.iter().find(|condition| {
            let text = |field: &str| condition.get(field).and_then(Value::as_str);
            text("type") == Some(kind) && text("status") == Some("True")
        })
    };
    if find("Complete").is_some() {
        return Some(End::Complete(build_finished(job)));
    }
    let failed = find("Failed")?;
    let text = |field: &str| {
        failed
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let why = format!("{}: {}", text("reason"), text("message"));
    Some(End::Failed(build_finished(job), shortened(&why, 500)))
}

/// A Job as results show it: with its kind, which lists leave out, and without the record of
/// who set which field.
pub(crate) fn build_finished(job: &Value) -> Value {
    let kind = ObjectBuilder::default()
        .with("apiVersion", "batch/v1")
        .with("kind", "Job");
    let members = job.as_object().map(asl::value::Object::members);
    let whole = members
        .unwrap_or_default()
        .iter()
        .fold(kind, |builder, (name, value)| {
            builder.with(name, value.clone())
        });
    with_member(whole.build().into(), "metadata", without_managed_fields)
}

fn without_managed_fields(metadata: Value) -> Value {
    match metadata {
        Value::Object(metadata) => {
            let mut builder = ObjectBuilder::from(metadata);
            builder.remove("managedFields");
            builder.build().into()
        }
        other => other,
    }
}

/// A label of an object of the API.
pub(crate) fn label_of<'a>(object: &'a Value, label: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(label)?.as_str()
}

/// The task that an object of the API is marked with.
pub(crate) fn task_label_of(object: &Value) -> Option<&str> {
    label_of(object, TASK_ID)
}

/// Whether an object of the API is being deleted.
pub(crate) fn is_leaving(object: &Value) -> bool {
    let metadata = object.get("metadata");
    metadata.is_some_and(|metadata| metadata.get("deletionTimestamp").is_some())
}

/// Whether a pod belongs to the Job of this name.
pub(crate) fn is_pod_of(pod: &Pod, job: &str) -> bool {
    let owners = pod.metadata.owner_references.iter().flatten();
    owners
        .into_iter()
        .any(|owner| owner.kind == "Job" && owner.name == job)
}

impl PodView {
    /// Reads a pod.
    pub(crate) fn read(pod: &Pod) -> Option<Self> {
        let statuses = pod.status.as_ref();
        let init = statuses.and_then(|status| status.init_container_statuses.as_ref());
        let main = statuses.and_then(|status| status.container_statuses.as_ref());
        let statuses = || init.into_iter().chain(main).flatten();
        let spec = pod.spec.as_ref()?;
        let init_names = spec.init_containers.iter().flatten();
        let names = init_names
            .chain(&spec.containers)
            .map(|container| &container.name);
        let created = pod.metadata.creation_timestamp.as_ref();
        Some(Self {
            name: pod.metadata.name.clone()?,
            created: created.map(|time| time.0.to_string()).unwrap_or_default(),
            containers: names
                .map(|name| {
                    let status = statuses().find(|status| status.name == *name);
                    ContainerView {
                        name: name.clone(),
                        restarts: status.map_or(0, |status| status.restart_count),
                        ended: status.is_some_and(has_ended),
                    }
                })
                .collect(),
            trouble: statuses()
                .find_map(describe_waiting)
                .or_else(|| describe_unscheduled(pod))
                .or_else(|| statuses().find_map(describe_ended)),
        })
    }
}

fn has_ended(status: &ContainerStatus) -> bool {
    let state = status.state.as_ref();
    state.is_some_and(|state| state.terminated.is_some())
}

/// A container that waits for something that may never come, such as `ImagePullBackOff`.
fn describe_waiting(status: &ContainerStatus) -> Option<String> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    if matches!(reason, "ContainerCreating" | "PodInitializing") {
        return None;
    }
    let message = waiting.message.as_deref().unwrap_or_default();
    Some(described(&status.name, reason, message))
}

/// A container that ended badly.
fn describe_ended(status: &ContainerStatus) -> Option<String> {
    let terminated = |state: &Option<ContainerState>| state.as_ref()?.terminated.clone();
    let ended = terminated(&status.state).or_else(|| terminated(&status.last_state))?;
    if ended.exit_code == 0 {
        return None;
    }
    let reason = ended.reason.as_deref().unwrap_or("Error");
    let code = format!("exit code {}", ended.exit_code);
    Some(described(&status.name, reason, &code))
}

fn described(container: &str, reason: &str, message: &str) -> String {
    let message = shortened(message, 300);
    format!("container {container}: {reason}: {message}")
}

/// A pod that finds no node.
fn describe_unscheduled(pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions
        .iter()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")?;
    let reason = scheduled.reason.as_deref().unwrap_or("Unschedulable");
    let message = scheduled.message.as_deref().unwrap_or_default();
    Some(format!("{reason}: {}", shortened(message, 300)))
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
