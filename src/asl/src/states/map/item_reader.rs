//! `ItemReader`: items from object storage.
//!
//! Source: Step Functions developer guide, "ItemReader (Map)". The object is fetched outside, by
//! a task that names the reader's resource and answers as S3 does, `{"Body": "<text>"}` or
//! `{"Contents": [{"Key": …}, …]}`; what it holds is read here.

use std::collections::HashSet;
use std::sync::Arc;

use super::begin::whole_number;
use super::csv::Records;
use super::{FoundItems, ItemReader, Map, ReaderConfig};
use crate::errors::{Fault, ITEM_READER_FAILED};
use crate::machine::stage::{Given, Stage};
use crate::machine::thread::{RunningTask, Thread, ThreadId};
use crate::machine::{Command, Flow, Machine, Step, TaskRequest};
use crate::query::{Dynamic, Template};
use crate::resource::Resource;
use crate::states::State;
use crate::states::data_flow::arguments_field;
use crate::value::{Array, Object, Value, parse};

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
        if let Some(run) = thread.map_run_mut() {
            run.source = Some(reader.source(&parameters));
        }
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
        if let Some(run) = thread.map_run_mut() {
            run.pending = Some(RunningTask {
                request,
                started: true,
                submitted: false,
                timeout_seconds: None,
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
        let Some(run) = thread.map_run_mut() else {
            return Flow::Blocked;
        };
        run.pending = None;
        let flow = match run.writing {
            true => self.results_written(id, thread, state, map, result, step),
            false => self.items_read(id, thread, state, map, result, step),
        };
        match flow {
            Ok(flow) => flow,
            Err(fault) => self.map_failed(id, thread, state, fault, thread.previous, step),
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
        self.process_items(id, thread, state, map, items, step)
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

/// The Map state's effective input.
pub(super) fn map_input<'a>(stage: &Stage<'a>) -> &'a Value {
    let run = stage.thread.map_run();
    run.map_or(&stage.thread.input, |run| &run.input)
}

fn failed(cause: &str) -> Fault {
    Fault::new(ITEM_READER_FAILED, cause)
}

impl ItemReader {
    /// The items in what was read.
    pub(crate) fn items(&self, stage: &Stage<'_>, content: &Value) -> Result<FoundItems, Fault> {
        let most = Most {
            items: self.config.most_items(stage)?,
            bytes: stage.limits.items_bytes,
        };
        let items = match (&self.config.input_type.as_deref(), content) {
            (None | Some("JSON"), Value::Array(listed)) => most.gather(given(listed.items())),
            (Some("CSV"), Value::String(text)) => self.config.csv(text, &most),
            (Some("JSONL"), Value::String(text)) => most.gather(json_lines(text)),
            (_, Value::String(text)) => return self.config.json(text, &most),
            _ => Err(failed(
                "The content of the object is not readable as items.",
            )),
        };
        Ok(Array::from(items?).into())
    }
}

/// What the smallest item counts for, in bytes: in memory it takes as much.
const SMALLEST_BYTES: usize = 256;

/// How many items are read, and how many bytes of JSON they may have. A small text can become
/// many values: a row of CSV has a value for each header.
struct Most {
    items: usize,
    bytes: usize,
}

impl Most {
    fn gather(
        &self,
        items: impl Iterator<Item = Result<Value, Fault>>,
    ) -> Result<Vec<Value>, Fault> {
        let mut gathered = Vec::new();
        let mut bytes = 0;
        for item in items.take(self.items) {
            let item = item?;
            bytes += item.text_len().max(SMALLEST_BYTES);
            if bytes > self.bytes {
                return Err(failed(&format!(
                    "The items have more than {} bytes as JSON, which is the limit; each counts for \
                     {SMALLEST_BYTES} at least.",
                    self.bytes
                )));
            }
            gathered.push(item);
        }
        Ok(gathered)
    }
}

fn given(items: &[Value]) -> impl Iterator<Item = Result<Value, Fault>> {
    items.iter().cloned().map(Ok)
}

fn json_lines(text: &str) -> impl Iterator<Item = Result<Value, Fault>> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            parse(line).map_err(|error| failed(&format!("A line is not valid JSON: {error}")))
        })
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

    fn json(&self, text: &str, most: &Most) -> Result<FoundItems, Fault> {
        let value = parse(text).map_err(|error| {
            failed(&format!(
                "The content of the object is not valid JSON: {error}"
            ))
        })?;
        let items = match &self.items_pointer {
            Some(pointer) => pointer.find(&value),
            None => Some(&value),
        };
        let found = match items {
            Some(Value::Array(items)) => items.clone().into(),
            Some(Value::Object(object)) => FoundItems::members(object),
            _ => return Err(failed("Attempting to map over non-iterable node.")),
        };
        Ok(FoundItems {
            values: most.gather(given(found.values.items()))?.into(),
            ..found
        })
    }

    fn csv(&self, text: &str, most: &Most) -> Result<Vec<Value>, Fault> {
        let mut rows = Records::of(text, self.separator());
        let headers: Vec<Arc<str>> = match self.given_headers() {
            Some(headers) => headers.to_vec(),
            None => {
                let row = rows.next().unwrap_or_default();
                row.into_iter().map(Into::into).collect()
            }
        };
        let mut seen = HashSet::new();
        if !headers.iter().all(|header| seen.insert(header)) {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
        most.gather(rows.map(|row| Ok(Value::Object(item(&headers, &row)))))
    }

    fn separator(&self) -> char {
        match self.csv_delimiter.as_deref() {
            Some("PIPE") => '|',
            Some("SEMICOLON") => ';',
            Some("SPACE") => ' ',
            Some("TAB") => '\t',
            _ => ',',
        }
    }

    /// `CSVHeaders`, unless the first row is said to have them.
    fn given_headers(&self) -> Option<&[Arc<str>]> {
        match self.csv_header_location.as_deref() {
            Some("FIRST_ROW") => None,
            _ => self.csv_headers.as_deref(),
        }
    }
}

/// A row as an object. Fields without a header are dropped; headers without a field are empty.
fn item(headers: &[Arc<str>], row: &[String]) -> Object {
    let fields = row.iter().map(String::as_str);
    let fields = fields.chain(std::iter::repeat(""));
    let members = headers.iter().zip(fields);
    members
        .map(|(header, field)| (header.clone(), Value::from(field)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Most, SMALLEST_BYTES, json_lines};
    use crate::states::map::ReaderConfig;
    use rstest::rstest;

    #[rstest]
    #[case(9, 3, Some(3))]
    #[case(2, 3, Some(2))]
    #[case(2, 2, Some(2))]
    #[case(3, 2, None)]
    fn items_are_read_up_to_their_number_and_refused_beyond_their_bytes(
        #[case] items: usize,
        #[case] small_items: usize,
        #[case] expected: Option<usize>,
    ) {
        let most = Most {
            items,
            bytes: small_items * SMALLEST_BYTES,
        };
        let lines = most.gather(json_lines("{\"a\":1}\n\n{\"a\":2}\n{\"a\":3}\n"));
        assert_eq!(lines.ok().map(|items| items.len()), expected);
    }

    #[test]
    fn rows_count_with_their_headers() {
        let headers = (0..1_000).map(|number| format!("header-{number}").into());
        let config = ReaderConfig {
            input_type: Some("CSV".into()),
            csv_headers: Some(headers.collect()),
            ..ReaderConfig::default()
        };
        let most = Most {
            items: usize::MAX,
            bytes: 100_000,
        };
        let read = |rows: usize| config.csv(&"1\n".repeat(rows), &most);
        assert_eq!(read(6).map(|items| items.len()), Ok(6));
        assert!(read(10).is_err());
    }
}
