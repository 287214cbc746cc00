//! A Map state's start: its items, its limits, its Map Run.

use std::sync::Arc;

use super::results::Results;
use super::run::MapRun;
use super::{FoundItems, ItemBatcher, Items, Map, MapRunArn, STATE_DATA, Tolerance};
use crate::errors::{Fault, QUERY_EVALUATION_ERROR};
use crate::history::EventKind;
use crate::machine::stage::{Given, Stage, unexpected_type};
use crate::machine::thread::{MapItem, Phase, Thread, ThreadId};
use crate::machine::{Flow, Machine, Step};
use crate::query::{Dynamic, QueryError};
use crate::states::State;
use crate::value::Value;

impl Machine {
    /// Finds the items and starts the first iterations, or has the items read.
    pub(crate) fn begin_map(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let stage = self.stage(thread, state, step);
        let input = state.data_flow.effective_input(&stage)?;
        let items = match &map.item_reader {
            Some(_) => FoundItems::default(),
            None => map.items(&stage, &input)?,
        };
        let max_concurrency = map.max_concurrency(&stage, &input)?;
        thread.previous = self.record(
            thread,
            step,
            EventKind::MapStateStarted {
                length: items.values.items().len() as u64,
            },
        );
        let stage = self.stage(thread, state, step);
        let mut run = MapRun {
            max_concurrency,
            tolerance: map.tolerance(&stage, &input)?,
            input,
            ..MapRun::default()
        };
        if map.distributed {
            let arn = MapRunArn::new(self.info(), map.label.as_deref(), &step.random);
            thread.previous = self.record(
                thread,
                step,
                EventKind::MapRunStarted {
                    map_run_arn: arn.0.clone(),
                },
            );
            run.map_run = Some(arn);
            run.source = Some(STATE_DATA.into());
        }
        thread.phase = Phase::Map(Box::new(run));
        let flow = match &map.item_reader {
            Some(reader) => self.begin_item_reader(id, thread, state, reader, step),
            None => self.process_items(id, thread, state, map, items, step),
        };
        match flow {
            Ok(flow) => Ok(flow),
            Err(fault) => Ok(self.map_failed(id, thread, state, fault, thread.previous, step)),
        }
    }

    /// Processes the items, now that they are known.
    pub(crate) fn process_items(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        items: FoundItems,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let Some(run) = thread.map_run_mut() else {
            return Ok(Flow::Blocked);
        };
        run.keyed = items.keyed;
        if let Some(batcher) = &map.item_batcher {
            run.selected = Some(Results::of(items.values.items().len()));
            run.items = items.values;
            return self.select_items(id, thread, state, map, batcher, step);
        }
        run.process(items.values);
        self.start_iterations(id, thread, state, map, step)
    }

    /// Selects the items, or those that are left of them, and processes the batches of all.
    pub(super) fn select_items(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        batcher: &ItemBatcher,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        while let Some(item) = thread.map_run().and_then(MapRun::next_unselected) {
            let selected = self.select_item(thread, state, map, &Arc::new(item), step)?;
            if let Some(run) = thread.map_run_mut() {
                run.select(selected);
            }
            step.spend(1);
            if step.is_used_up() {
                return Ok(Flow::Moved);
            }
        }
        let selected = thread.map_run().and_then(|run| run.selected.as_ref());
        let selected = selected.map(Results::values).unwrap_or_default();
        let batches = batcher.batches(&self.stage(thread, state, step), selected)?;
        if let Some(run) = thread.map_run_mut() {
            run.selected = None;
            run.keyed = false;
            run.batched = true;
            run.process(batches.into());
        }
        self.start_iterations(id, thread, state, map, step)
    }

    /// An item after `ItemSelector`, which sees it as `$$.Map.Item`.
    pub(crate) fn select_item(
        &self,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        item: &Arc<MapItem>,
        step: &Step<'_>,
    ) -> Result<Value, Fault> {
        let Some(selector) = &map.item_selector else {
            return Ok(item.input());
        };
        let Some(run) = thread.map_run() else {
            return Ok(item.input());
        };
        let input = run.input.clone();
        let outer = thread.item.replace(Arc::clone(item));
        let selected = self
            .stage(thread, state, step)
            .query(&input, Given::default(), |scope| {
                selector.evaluate(scope, "ItemSelector")
            });
        thread.item = outer;
        selected
    }
}

impl Map {
    pub(crate) fn items(&self, stage: &Stage<'_>, input: &Value) -> Result<FoundItems, Fault> {
        let (found, field, text) = match &self.items {
            None => (input.clone(), "", "$"),
            Some(Items::Path(path)) => {
                let found = stage.query(input, Given::default(), |scope| path.evaluate(scope))?;
                (found, "ItemsPath", path.text())
            }
            Some(Items::Expression(expression)) => {
                let found = stage.query(input, Given::default(), |scope| {
                    expression.evaluate(scope, "Items")
                })?;
                (found, "Items", expression.text())
            }
            Some(Items::Template(template)) => {
                let found = stage.query(input, Given::default(), |scope| {
                    template.evaluate(scope, "Items")
                })?;
                (found, "Items", "")
            }
        };
        match found {
            Value::Array(items) => Ok(items.into()),
            Value::Object(object) if self.distributed => Ok(FoundItems::members(&object)),
            other if field == "Items" => Err(stage.fault(QueryError {
                name: QUERY_EVALUATION_ERROR,
                message: unexpected_type(text, field, "array", &other),
                location: Some(field.to_owned()),
            })),
            _ => {
                // A path into the context object is told as if it began there.
                let text = match text.strip_prefix("$$") {
                    Some(rest) => format!("${rest}"),
                    None => text.to_owned(),
                };
                Err(stage.runtime(&format!("Reference path \"{text}\" must point to array.")))
            }
        }
    }

    pub(crate) fn max_concurrency(&self, stage: &Stage<'_>, input: &Value) -> Result<u64, Fault> {
        let field = self.max_concurrency.as_ref();
        Ok(whole_number(stage, field, "MaxConcurrency", input)?.unwrap_or(0))
    }

    pub(crate) fn tolerance(&self, stage: &Stage<'_>, input: &Value) -> Result<Tolerance, Fault> {
        let count = self.tolerated_failure_count.as_ref();
        Ok(Tolerance {
            count: whole_number(stage, count, "ToleratedFailureCount", input)?,
            percentage: self.tolerated_percentage(stage, input)?,
        })
    }

    fn tolerated_percentage(&self, stage: &Stage<'_>, input: &Value) -> Result<Option<f64>, Fault> {
        let Some(field) = &self.tolerated_failure_percentage else {
            return Ok(None);
        };
        let name = field.field_name("ToleratedFailurePercentage");
        let read = |value: &Value| match value.as_number().map(|number| number.as_f64()) {
            Some(percentage) if (0.0..=100.0).contains(&percentage) => Ok(percentage),
            Some(_) => Err(WrongPercentage::OutOfRange),
            None => Err(WrongPercentage::NoNumber),
        };
        let wrong = |problem, value: &Value, text: &str| match problem {
            WrongPercentage::OutOfRange => {
                "ToleratedFailurePercentage must be between 0 and 100.".to_owned()
            }
            WrongPercentage::NoNumber => wrong_number(field, &name, "float", value, text),
        };
        stage.dynamic(field, &name, input, read, wrong).map(Some)
    }
}

/// What is no percentage.
enum WrongPercentage {
    NoNumber,
    OutOfRange,
}

/// Reads a field that is a whole number of at least 0.
pub(super) fn whole_number(
    stage: &Stage<'_>,
    field: Option<&Dynamic<u64>>,
    name: &str,
    input: &Value,
) -> Result<Option<u64>, Fault> {
    let Some(field) = field else {
        return Ok(None);
    };
    let name = field.field_name(name);
    let read = |value: &Value| value.as_u64().ok_or(());
    stage
        .dynamic(field, &name, input, read, |(), value, text| {
            wrong_number(field, &name, "integer", value, text)
        })
        .map(Some)
}

fn wrong_number<T>(
    field: &Dynamic<T>,
    name: &str,
    kind: &str,
    value: &Value,
    text: &str,
) -> String {
    if let Some(problem) = negative(name, value) {
        return problem;
    }
    if matches!(field, Dynamic::Expression(_)) {
        return unexpected_type(text, name, kind, value);
    }
    let found = value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned);
    format!("The {name} field refers to value \"{found}\" which is not a valid {kind}: {text}")
}

/// AWS's text for a number below zero, where the field has one of its own.
fn negative(name: &str, value: &Value) -> Option<String> {
    let number = value.as_i64().filter(|number| *number < 0)?;
    match name.trim_end_matches("Path") {
        field @ "MaxConcurrency" => Some(format!(
            "Expected non-negative integer for {field}, got '{number}' instead."
        )),
        field @ "ToleratedFailureCount" => Some(format!("{field} cannot be negative.")),
        _ => None,
    }
}
