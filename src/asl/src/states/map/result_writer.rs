//! `ResultWriter`: results into object storage.
//!
//! Source: Step Functions developer guide, "ResultWriter (Map)".

use std::collections::BTreeSet;

use super::child_execution::EndedChild;
use super::item_reader::storage_parameters;
use super::{Map, MapRunArn, ResultWriter, Transformation};
use crate::errors::{Fault, RESULT_WRITER_FAILED};
use crate::machine::thread::{Ended, Thread, ThreadId};
use crate::machine::{Flow, Machine, Step};
use crate::states::{State, StateKind};
use crate::value::{ObjectBuilder, Value};

impl Machine {
    /// Has the results written: a manifest, and the results beside it.
    pub(super) fn begin_result_writer(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        writer: &ResultWriter,
        results: Vec<Value>,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let Some(run) = thread.map_run() else {
            return Ok(Flow::Blocked);
        };
        let failed = run.parked.after(0).map(|(index, _)| index).collect();
        let results = writer.transform(results, &failed);
        let Some(resource) = &writer.resource else {
            let StateKind::Map(map) = &state.kind else {
                return Ok(Flow::Blocked);
            };
            let results: Vec<Value> = results.into_iter().map(|(_, result)| result).collect();
            return Ok(self.map_succeeded(id, thread, state, map, results.into(), step));
        };
        let parameters = {
            let stage = self.stage(thread, state, step);
            storage_parameters(&stage, writer.parameters.as_ref())?
        };
        let Some(run) = thread.map_run_mut() else {
            return Ok(Flow::Blocked);
        };
        run.writing = true;
        let place = Place::new(run.map_run.as_ref().map(MapRunArn::id), &parameters);
        let objects = place.objects(run.map_run.as_ref(), results, writer.config.lines);
        let request = ObjectBuilder::default()
            .with("Bucket", place.bucket.clone())
            .with("Objects", objects)
            .build();
        self.begin_storage_task(id, thread, state, resource, Value::Object(request), step);
        Ok(Flow::Blocked)
    }

    /// The results are written: the state's result says where.
    pub(super) fn results_written(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        result: Result<Value, Fault>,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        result.map_err(|fault| Fault {
            error: Some(RESULT_WRITER_FAILED.into()),
            ..fault
        })?;
        let Some(writer) = &map.result_writer else {
            return Ok(Flow::Blocked);
        };
        let parameters = {
            let stage = self.stage(thread, state, step);
            storage_parameters(&stage, writer.parameters.as_ref())?
        };
        let Some(run) = thread.map_run() else {
            return Ok(Flow::Blocked);
        };
        let place = Place::new(run.map_run.as_ref().map(MapRunArn::id), &parameters);
        let details = ObjectBuilder::default()
            .with("Bucket", place.bucket.clone())
            .with("Key", place.key("manifest.json"));
        let mut output = ObjectBuilder::default();
        if let Some(arn) = &run.map_run {
            output.set("MapRunArn".into(), Value::String(arn.0.clone()));
        }
        output.set("ResultWriterDetails".into(), Value::Object(details.build()));
        let output = Value::Object(output.build());
        Ok(self.map_succeeded(id, thread, state, map, output, step))
    }
}

/// How a child execution ended, as its results' file is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Failed,
    Succeeded,
}

impl ResultWriter {
    fn transformation(&self) -> Transformation {
        self.config
            .transformation
            .unwrap_or(match self.resource.is_some() {
                true => Transformation::None,
                false => Transformation::Compact,
            })
    }

    /// What is kept of a child execution until the results are written. Of one that failed it is
    /// the same for every transformation.
    pub(super) fn keep(&self, child: &EndedChild<'_>, ended: &Ended) -> Value {
        match ended {
            Ended::Failed(fault) => child.failed(fault),
            Ended::Succeeded(output) => match self.transformation() {
                Transformation::None => child.succeeded(output),
                Transformation::Compact | Transformation::Flatten => output.clone(),
            },
        }
    }

    /// The results by item as they are put down. `failed` names the items that failed.
    fn transform(&self, results: Vec<Value>, failed: &BTreeSet<u64>) -> Vec<(Status, Value)> {
        let flatten = self.transformation() == Transformation::Flatten;
        let mut transformed = Vec::with_capacity(results.len());
        for (index, result) in (0..).zip(results) {
            match result {
                result if failed.contains(&index) => transformed.push((Status::Failed, result)),
                Value::Array(parts) if flatten => {
                    let parts = parts.items().iter().cloned();
                    transformed.extend(parts.map(|part| (Status::Succeeded, part)));
                }
                result => transformed.push((Status::Succeeded, result)),
            }
        }
        transformed
    }
}

/// Where the results go.
struct Place {
    bucket: Value,
    folder: String,
}

impl Place {
    fn new(map_run_id: Option<&str>, parameters: &Value) -> Self {
        let prefix = parameters.get("Prefix").and_then(Value::as_str);
        let id = map_run_id.unwrap_or_default();
        Self {
            bucket: parameters.get("Bucket").cloned().unwrap_or_default(),
            folder: match prefix {
                Some(prefix) if !prefix.is_empty() => {
                    format!("{}/{id}", prefix.trim_end_matches('/'))
                }
                _ => id.to_owned(),
            },
        }
    }

    fn key(&self, file: &str) -> String {
        format!("{}/{file}", self.folder)
    }

    /// The objects to write, by key; the manifest last, so that whoever sees it sees all.
    fn objects(
        &self,
        map_run: Option<&MapRunArn>,
        results: Vec<(Status, Value)>,
        lines: bool,
    ) -> Value {
        let (failed, succeeded): (Vec<_>, Vec<_>) = results
            .into_iter()
            .partition(|(status, _)| *status == Status::Failed);
        let mut objects = ObjectBuilder::default();
        let mut files = ObjectBuilder::default();
        for (name, results) in [
            ("FAILED", failed),
            ("PENDING", vec![]),
            ("SUCCEEDED", succeeded),
        ] {
            let results: Vec<Value> = results.into_iter().map(|(_, result)| result).collect();
            let mut listed = Vec::new();
            if !results.is_empty() {
                let key = self.key(&format!("{name}_0.json"));
                let text = text(results, lines);
                let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
                let file = ObjectBuilder::default().with("Key", key.as_str());
                listed.push(Value::Object(file.with("Size", size).build()));
                objects = objects.with(&key, text);
            }
            files = files.with(name, listed);
        }
        let manifest = ObjectBuilder::default()
            .with("DestinationBucket", self.bucket.clone())
            .with(
                "MapRunArn",
                map_run.map_or(Value::Null, |arn| Value::String(arn.0.clone())),
            )
            .with("ResultFiles", files.build());
        let manifest = Value::Object(manifest.build()).to_string();
        Value::Object(objects.with(&self.key("manifest.json"), manifest).build())
    }
}

/// Results as the content of an object: a JSON array, or JSON Lines.
fn text(results: Vec<Value>, lines: bool) -> String {
    if !lines {
        return Value::from(results).to_string();
    }
    let lines: Vec<String> = results.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, Place};
    use crate::states::map::{ResultWriter, Transformation, WriterConfig};
    use crate::value::{Value, parse};
    use rstest::rstest;

    /// The objects that are written for four items, of which the second failed.
    fn written(transformation: Transformation, lines: bool) -> Vec<(String, String)> {
        let writer = ResultWriter {
            resource: None,
            parameters: None,
            config: WriterConfig {
                transformation: Some(transformation),
                lines,
            },
        };
        let results = ["[1,2]", r#"{"Error":"E"}"#, "3", "[]"];
        let results = results.map(|result| parse(result).unwrap()).to_vec();
        let parameters = parse(r#"{"Bucket": "b", "Prefix": "p/"}"#).unwrap();
        let place = Place::new(Some("run"), &parameters);
        let objects = place.objects(None, writer.transform(results, &BTreeSet::from([1])), lines);
        let members = objects.as_object().unwrap().members().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        members
            .map(|(key, body)| (key.to_string(), text(body)))
            .collect()
    }

    #[rstest]
    #[case(Transformation::Compact, false, "[[1,2],3,[]]")]
    #[case(Transformation::Flatten, false, "[1,2,3]")]
    #[case(Transformation::Flatten, true, "1\n2\n3")]
    fn results_are_put_down_by_how_they_ended_and_then_the_manifest(
        #[case] transformation: Transformation,
        #[case] lines: bool,
        #[case] succeeded: &str,
    ) {
        let size = succeeded.len();
        let expected = [
            (
                "p/run/FAILED_0.json",
                if lines {
                    r#"{"Error":"E"}"#
                } else {
                    r#"[{"Error":"E"}]"#
                }
                .to_owned(),
            ),
            ("p/run/SUCCEEDED_0.json", succeeded.to_owned()),
            (
                "p/run/manifest.json",
                format!(
                    r#"{{"DestinationBucket":"b","MapRunArn":null,"ResultFiles":{{"FAILED":[{{"Key":"p/run/FAILED_0.json","Size":{}}}],"PENDING":[],"SUCCEEDED":[{{"Key":"p/run/SUCCEEDED_0.json","Size":{size}}}]}}}}"#,
                    if lines { 13 } else { 15 }
                ),
            ),
        ];
        let expected = expected.map(|(key, body)| (key.to_owned(), body));
        assert_eq!(written(transformation, lines), expected);
    }
}
