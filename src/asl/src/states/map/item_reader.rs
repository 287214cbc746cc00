//! `ItemReader`: items from object storage.
//!
//! Source: Step Functions developer guide, "ItemReader (Map)". The object is fetched outside, by
//! a task that names the reader's resource and answers as S3 does, `{"Body": "<text>"}` or
//! `{"Contents": [{"Key": …}, …]}`; what it holds is read here.

use std::collections::HashSet;
use std::sync::Arc;

use super::begin::whole_number;
use super::{ItemReader, Map, ReaderConfig};
use crate::errors::{Fault, ITEM_READER_FAILED};
use crate::machine::stage::{Given, Stage};
use crate::machine::thread::{Phase, RunningTask, Thread, ThreadId};
use crate::machine::{Command, Flow, Machine, Step, TaskRequest};
use crate::query::{Dynamic, Template};
use crate::resource::Resource;
use crate::states::State;
use crate::states::data_flow::arguments_field;
use crate::value::{Object, Value, parse};

/// The most items that a reader may ask for.
const MAX_ITEMS: usize = 100_000_000;

impl Machine {
    /// Has the items fetched.
    pub(crate) fn begin_item_reader(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        reader: &ItemReader,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let stage = self.stage(thread, state, step);
        let parameters = storage_parameters(&stage, reader.parameters.as_ref())?;
        self.begin_storage_task(id, thread, state, &reader.resource, parameters, step);
        Ok(Flow::Blocked)
    }

    /// Asks for an object to be read or written. The history of the execution does not tell.
    pub(super) fn begin_storage_task(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        resource: &Arc<Resource>,
        parameters: Value,
        step: &mut Step<'_>,
    ) {
        let task = self.number_unrecorded_task();
        let request = TaskRequest {
            task,
            state: state.name.clone(),
            resource: resource.clone(),
            parameters,
            credentials: None,
            token: None,
            deadline: None,
        };
        step.commands.push(Command::StartTask(request.clone()));
        self.expect_task(task, id);
        if let Phase::Map(run) = &mut thread.phase {
            run.pending = Some(RunningTask {
                request,
                started: true,
                submitted: false,
                heartbeat_seconds: None,
                heartbeat_due: None,
            });
        }
    }

    /// The item reader or the result writer answered.
    pub(crate) fn map_task_ended(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        result: Result<Value, Fault>,
        step: &mut Step<'_>,
    ) -> Flow {
        let Phase::Map(run) = &mut thread.phase else {
            return Flow::Blocked;
        };
        run.pending = None;
        let flow = match run.writing {
            true => self.results_written(id, thread, state, map, result, step),
            false => self.items_read(id, thread, state, map, result, step),
        };
        match flow {
            Ok(flow) => flow,
            Err(fault) => self.map_failed(id, thread, state, fault, step),
        }
    }

    fn items_read(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        result: Result<Value, Fault>,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let Some(reader) = &map.item_reader else {
            return Ok(Flow::Blocked);
        };
        let answer = result.map_err(|fault| failed(fault.cause.as_deref().unwrap_or_default()))?;
        let content = answer.get("Body").or_else(|| answer.get("Contents"));
        let content = content.unwrap_or(&Value::Null);
        let items = reader.items(&self.stage(thread, state, step), content)?;
        self.process_items(id, thread, state, map, items.into(), step)
    }
}

/// `Parameters` or `Arguments` of a reader or writer.
pub(super) fn storage_parameters(
    stage: &Stage<'_>,
    template: Option<&Template>,
) -> Result<Value, Fault> {
    let Some(template) = template else {
        return Ok(Value::empty_object());
    };
    let input = map_input(stage);
    stage.query(input, Given::default(), |scope| {
        template.evaluate(scope, arguments_field(stage.state.query_language))
    })
}

fn map_input<'a>(stage: &Stage<'a>) -> &'a Value {
    match &stage.thread.phase {
        Phase::Map(run) => &run.input,
        _ => &stage.thread.input,
    }
}

fn failed(cause: &str) -> Fault {
    Fault::new(ITEM_READER_FAILED, cause)
}

impl ItemReader {
    fn items(&self, stage: &Stage<'_>, content: &Value) -> Result<Vec<Value>, Fault> {
        let most = self.config.most_items(stage)?;
        let mut items = match (&self.config.input_type.as_deref(), content) {
            (None | Some("JSON" | "MANIFEST"), Value::Array(listed)) => listed.items().to_vec(),
            (Some("CSV"), Value::String(text)) => self.config.csv(text)?,
            (Some("JSONL"), Value::String(text)) => json_lines(text)?,
            (_, Value::String(text)) => json(text)?,
            _ => {
                return Err(failed(
                    "The content of the object is not readable as items.",
                ));
            }
        };
        items.truncate(most);
        Ok(items)
    }
}

fn json(text: &str) -> Result<Vec<Value>, Fault> {
    let value = parse(text).map_err(|error| {
        failed(&format!(
            "The content of the object is not valid JSON: {error}"
        ))
    })?;
    match value.as_array() {
        Some(items) => Ok(items.to_vec()),
        None => Err(failed("Attempting to map over non-iterable node.")),
    }
}

fn json_lines(text: &str) -> Result<Vec<Value>, Fault> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            parse(line).map_err(|error| failed(&format!("A line is not valid JSON: {error}")))
        })
        .collect()
}

impl ReaderConfig {
    /// `MaxItems`: 0 and absence are no limit.
    fn most_items(&self, stage: &Stage<'_>) -> Result<usize, Fault> {
        let negative = || failed("field MaxItems must be positive");
        let field = self.max_items.as_ref();
        let most = match (
            field,
            whole_number(stage, field, "MaxItems", map_input(stage)),
        ) {
            (_, Ok(most)) => most,
            (Some(Dynamic::Fixed(_)) | None, Err(fault)) => return Err(fault),
            (Some(_), Err(_)) => return Err(negative()),
        };
        Ok(most
            .filter(|most| *most > 0)
            .and_then(|most| usize::try_from(most).ok())
            .map_or(MAX_ITEMS, |most| most.min(MAX_ITEMS)))
    }

    fn csv(&self, text: &str) -> Result<Vec<Value>, Fault> {
        let delimiter = match self.csv_delimiter.as_deref() {
            Some("PIPE") => b'|',
            Some("SEMICOLON") => b';',
            Some("SPACE") => b' ',
            Some("TAB") => b'\t',
            _ => b',',
        };
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes())
            .into_records();
        let headers: Vec<Arc<str>> = match &self.csv_headers {
            Some(headers) => headers.clone(),
            None => match rows.next() {
                Some(row) => row.map_err(|error| failed(&error.to_string()))?,
                None => csv::StringRecord::new(),
            }
            .iter()
            .map(Into::into)
            .collect(),
        };
        let mut seen = HashSet::new();
        if !headers.iter().all(|header| seen.insert(header)) {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
        rows.map(|row| {
            let row = row.map_err(|error| failed(&error.to_string()))?;
            Ok(Value::Object(item(&headers, &row)))
        })
        .collect()
    }
}

/// A row as an object. Fields without a header are dropped; headers without a field are empty.
fn item(headers: &[Arc<str>], row: &csv::StringRecord) -> Object {
    headers
        .iter()
        .enumerate()
        .map(|(at, header)| (header.clone(), Value::from(row.get(at).unwrap_or_default())))
        .collect()
}
