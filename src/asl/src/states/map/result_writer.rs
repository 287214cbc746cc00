//! `ResultWriter`: results into object storage.
//!
//! Source: Step Functions developer guide, "ResultWriter (Map)".

use super::item_reader::storage_parameters;
use super::{Map, MapRunArn, ResultWriter};
use crate::errors::{Fault, RESULT_WRITER_FAILED};
use crate::machine::thread::{Phase, Thread, ThreadId};
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
        let Some(resource) = &writer.resource else {
            let StateKind::Map(map) = &state.kind else {
                return Ok(Flow::Blocked);
            };
            return Ok(self.map_succeeded(id, thread, state, map, results.into(), step));
        };
        let parameters = {
            let stage = self.stage(thread, state, step);
            storage_parameters(&stage, writer.parameters.as_ref())?
        };
        let Phase::Map(run) = &mut thread.phase else {
            return Ok(Flow::Blocked);
        };
        run.writing = true;
        let place = Place::new(run.map_run.as_ref().map(MapRunArn::id), &parameters);
        let request = ObjectBuilder::default()
            .with("Bucket", place.bucket.clone())
            .with("Objects", place.objects(run.map_run.as_ref(), results))
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
        let Phase::Map(run) = &thread.phase else {
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

    /// The objects to write, by key.
    fn objects(&self, map_run: Option<&MapRunArn>, results: Vec<Value>) -> Value {
        let results = Value::from(results).to_string();
        let succeeded = ObjectBuilder::default()
            .with("Key", self.key("SUCCEEDED_0.json"))
            .with("Size", i64::try_from(results.len()).unwrap_or(i64::MAX));
        let files = ObjectBuilder::default()
            .with("FAILED", Vec::new())
            .with("PENDING", Vec::new())
            .with("SUCCEEDED", vec![Value::Object(succeeded.build())]);
        let manifest = ObjectBuilder::default()
            .with("DestinationBucket", self.bucket.clone())
            .with(
                "MapRunArn",
                map_run.map_or(Value::Null, |arn| Value::String(arn.0.clone())),
            )
            .with("ResultFiles", files.build());
        let objects = ObjectBuilder::default()
            .with(
                &self.key("manifest.json"),
                Value::Object(manifest.build()).to_string(),
            )
            .with(&self.key("SUCCEEDED_0.json"), results);
        Value::Object(objects.build())
    }
}
