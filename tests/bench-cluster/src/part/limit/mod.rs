//! What the API server itself can do: plain clients that write what the operator writes.

mod jobs;
mod statuses;

use anyhow::Result;
use crd::Execution;
use kube::Resource as _;
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bench::{Bench, Place};
use crate::plain::{self, Written};
use crate::report::Report;
use crate::workload::Workload;

/// How many a second plain clients write of each kind.
pub struct Limit {
    /// Executions created.
    pub create: f64,
    /// Finalizers added or removed.
    pub finalizer: f64,
    /// Statuses of executions that ended without having waited.
    pub pass_ended: f64,
    /// Statuses of executions in a Wait.
    pub wait_running: f64,
    /// Statuses of executions that ended after one.
    pub wait_ended: f64,
    /// Statuses of executions that run a Job.
    pub job_running: f64,
    /// Statuses of executions that ended after one.
    pub job_ended: f64,
    /// Jobs, from their creation until Kubernetes and kwok have them complete.
    pub job: f64,
}

/// Measures it.
pub async fn measure(bench: &Bench, report: &mut Report) -> Result<Limit> {
    let sampling = bench.place("samples").await?;
    let statuses = statuses::sample(bench, &sampling).await?;
    let place = bench.place("limit").await?;
    let api = place.executions(bench);
    let executions = Workload::pass().executions(bench.sizes.requests)?;
    let created = plain::create(&api, executions).await?;
    let create = created.per_second;
    report.figure("Execution creates", per_second(create));

    let mut writing = Writing {
        bench,
        place: &place,
        objects: created.results,
    };
    let put = |status: &Value| Method::Put(status.clone());
    let limit = Limit {
        create,
        wait_running: writing.rate(&put(&statuses.wait_running)).await?,
        wait_ended: writing.rate(&put(&statuses.wait_ended)).await?,
        job_running: writing.rate(&put(&statuses.job_running)).await?,
        job_ended: writing.rate(&put(&statuses.job_ended)).await?,
        pass_ended: writing.rate(&put(&statuses.pass_ended)).await?,
        finalizer: writing.rate(&Method::Finalizer).await?,
        job: 0.0,
    };
    let size = |status: &Value| format!("{:.1} KiB", status.to_string().len() as f64 / 1024.0);
    let pass = size(&statuses.pass_ended);
    report.figure(
        format!("status writes of {pass}, PUT"),
        per_second(limit.pass_ended),
    );
    let merge = writing
        .rate(&Method::Merge(changed(&statuses.pass_ended)))
        .await?;
    report.figure(
        format!("status writes of {pass}, merge patch"),
        per_second(merge),
    );
    let apply = writing
        .rate(&Method::Apply(statuses.pass_ended.clone()))
        .await?;
    report.figure(
        format!("status writes of {pass}, server-side apply"),
        per_second(apply),
    );
    for (what, status, rate) in [
        ("in a Wait", &statuses.wait_running, limit.wait_running),
        ("ended after a Wait", &statuses.wait_ended, limit.wait_ended),
        ("running a Job", &statuses.job_running, limit.job_running),
        ("ended after a Job", &statuses.job_ended, limit.job_ended),
    ] {
        let name = format!("status writes of {}, PUT ({what})", size(status));
        report.figure(name, per_second(rate));
    }
    report.figure("finalizers, merge patch", per_second(limit.finalizer));
    let job = jobs::measure(bench, &place, &statuses.marks, report).await?;
    Ok(Limit { job, ..limit })
}

/// A number of things a second, in words.
pub fn per_second(rate: f64) -> String {
    format!("{rate:.0} /s")
}

/// A status that differs, so that writing it is not in vain.
fn changed(status: &Value) -> Value {
    let mut members = status.as_object().cloned().unwrap_or_default();
    members.insert("historyLength".to_owned(), json!(1_000_000));
    members.into()
}

/// How an object is written.
enum Method {
    Put(Value),
    Merge(Value),
    Apply(Value),
    Finalizer,
}

/// Writes to the same objects, again and again.
struct Writing<'a> {
    bench: &'a Bench,
    place: &'a Place,
    objects: Vec<Written>,
}

#[derive(Deserialize)]
struct Answer {
    metadata: kube::api::ObjectMeta,
}

impl Writing<'_> {
    /// Writes to each object once.
    async fn rate(&mut self, method: &Method) -> Result<f64> {
        let client = &self.bench.plain;
        let place = &self.place.name;
        let objects = std::mem::take(&mut self.objects);
        let done = plain::with_each(objects, |object| async move {
            let request = build_request(place, &object, method)?;
            let answer: Answer = client.request(request).await?;
            let version = answer.metadata.resource_version.unwrap_or_default();
            Ok(Written { version, ..object })
        })
        .await?;
        self.objects = done.results;
        Ok(done.per_second)
    }
}

fn build_request(place: &str, object: &Written, method: &Method) -> Result<http::Request<Vec<u8>>> {
    let request = Request::new(Execution::url_path(&(), Some(place)));
    let Written { name, uid, version } = object;
    let body = |status: &Value| {
        json!({
            "apiVersion": "sfn.services.k8s.aws/v1alpha1",
            "kind": "Execution",
            "metadata": {"name": name, "namespace": place, "uid": uid, "resourceVersion": version},
            "status": status,
        })
    };
    let patching = PatchParams::apply("bench-cluster");
    Ok(match method {
        Method::Put(status) => {
            let params = PostParams {
                field_manager: Some("bench-cluster".to_owned()),
                ..PostParams::default()
            };
            let body = serde_json::to_vec(&body(status))?;
            request.replace_subresource("status", name, &params, body)?
        }
        Method::Merge(status) => {
            request.patch_subresource("status", name, &patching, &Patch::Merge(body(status)))?
        }
        Method::Apply(status) => {
            let patch = Patch::Apply(body(status));
            request.patch_subresource("status", name, &patching.force(), &patch)?
        }
        Method::Finalizer => {
            let finalizers = ["bench.sfn-operator/plain"];
            let metadata =
                json!({"resourceVersion": version, "uid": uid, "finalizers": finalizers});
            let patch = Patch::Merge(json!({ "metadata": metadata }));
            request.patch(name, &patching, &patch)?
        }
    })
}
