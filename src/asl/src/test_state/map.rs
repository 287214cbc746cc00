//! A tested Map state: its items, its limits, and how many iterations may fail.

use super::TestStateError;
use super::attempt::{Attempt, Stop, by_paths, effective_input};
use super::inspection::InspectionData;
use crate::errors::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::machine::context;
use crate::machine::stage::{Given, Stage};
use crate::machine::thread::MapItem;
use crate::query::Template;
use crate::states::map::{FoundItems, Map, MapRun, STATE_DATA, Tolerance};
use crate::value::Value;

const TOO_MANY_FAILURES: &str =
    "Map iteration failure count must be less than or equal to the number of Map iterations";

impl Attempt<'_> {
    /// Notes what the state would iterate over, and how.
    pub(super) fn note_map(
        &self,
        stage: &Stage<'_>,
        map: &Map,
        data: &mut InspectionData,
    ) -> Result<(), Stop> {
        let input = effective_input(stage, data)?;
        let items = self.items(stage, map, &input, data)?;
        let iterations = items.values.items().len() as u64;
        note_inputs(stage, map, &input, items, data)?;
        data.max_concurrency = Some(map.max_concurrency(stage, &input)?);
        data.tolerance = map.tolerance(stage, &input)?;
        if self.failed_iterations() > iterations {
            return Err(Stop::Refused(TestStateError::validation(TOO_MANY_FAILURES)));
        }
        Ok(())
    }

    fn items(
        &self,
        stage: &Stage<'_>,
        map: &Map,
        input: &Value,
        data: &mut InspectionData,
    ) -> Result<FoundItems, Fault> {
        let Some(reader) = &map.item_reader else {
            let items = map.items(stage, input)?;
            if by_paths(stage) {
                data.after_items_path = Some(Value::Array(items.values.clone()));
            }
            return Ok(items);
        };
        let Some(text) = &self.request.state_configuration.map_item_reader_data else {
            return Ok(FoundItems::default());
        };
        let items = reader.items(stage, &Value::from(text.as_str()))?;
        if reader.config.items_pointer.is_some() {
            data.after_items_pointer = Some(Value::Array(items.values.clone()));
        }
        Ok(items)
    }

    fn failed_iterations(&self) -> u64 {
        let count = self.request.state_configuration.map_iteration_failure_count;
        count.unwrap_or_default()
    }

    /// Fails the state when more iterations failed than it tolerates. One that says nothing of it is
    /// not judged.
    pub(super) fn check_tolerated_failures(&self, data: &InspectionData) -> Result<(), Fault> {
        let tolerance = data.tolerance;
        if tolerance == Tolerance::default()
            || tolerance.allows(self.failed_iterations(), self.iterations())
        {
            return Ok(());
        }
        Err(Fault::new(
            EXCEED_TOLERATED_FAILURE_THRESHOLD,
            "The specified tolerated failure threshold was exceeded",
        ))
    }

    fn iterations(&self) -> u64 {
        match &self.mock {
            Some(Ok(result)) => result.as_array().map_or(0, <[Value]>::len) as u64,
            _ => 0,
        }
    }
}

/// Notes what the iterations would have as inputs.
fn note_inputs(
    stage: &Stage<'_>,
    map: &Map,
    input: &Value,
    items: FoundItems,
    data: &mut InspectionData,
) -> Result<(), Fault> {
    let mut inputs = items.values.items().to_vec();
    if let Some(selector) = &map.item_selector {
        let is_state_data = map.distributed && map.item_reader.is_none();
        let run = MapRun {
            items: items.values,
            keyed: items.keyed,
            source: is_state_data.then(|| STATE_DATA.into()),
            ..MapRun::default()
        };
        inputs = select(stage, selector, input, &run)?;
        data.after_item_selector = Some(Value::from(inputs.clone()));
    }
    if let Some(batcher) = &map.item_batcher {
        data.after_item_batcher = Some(batcher.batches(stage, inputs)?.into());
    }
    Ok(())
}

/// The items after `ItemSelector`, which sees each as `$$.Map.Item`.
fn select(
    stage: &Stage<'_>,
    selector: &Template,
    input: &Value,
    run: &MapRun,
) -> Result<Vec<Value>, Fault> {
    (0..)
        .map_while(|index| run.item(index))
        .map(|item| {
            let context = with_item(stage, &item);
            let stage = Stage {
                context: Some(&context),
                ..*stage
            };
            stage.query(input, Given::default(), |scope| {
                selector.evaluate(scope, "ItemSelector")
            })
        })
        .collect()
}

fn with_item(stage: &Stage<'_>, item: &MapItem) -> Value {
    let context = stage.context.and_then(Value::as_object).cloned();
    Value::Object(context.unwrap_or_default().with("Map", context::map(item)))
}
