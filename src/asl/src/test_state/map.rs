//! A tested Map state: its items, its limits, and how many iterations may fail.

use super::TestStateError;
use super::attempt::{Attempt, Stop, by_paths, effective_input};
use super::inspection::InspectionData;
use crate::errors::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::machine::stage::{Given, Stage};
use crate::query::Template;
use crate::states::map::{Map, Tolerance};
use crate::value::{ObjectBuilder, Value, parse};

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
        let items = match &map.item_reader {
            Some(_) => self.item_reader_data()?,
            None => map.items(stage, &input)?.items().to_vec(),
        };
        if by_paths(stage) && map.item_reader.is_none() {
            data.after_items_path = Some(Value::from(items.clone()));
        }
        if let Some(selector) = &map.item_selector {
            let selected = select(stage, selector, &input, &items)?;
            data.after_item_selector = Some(Value::from(selected));
        }
        data.max_concurrency = Some(map.max_concurrency(stage, &input)?);
        data.tolerance = map.tolerance(stage, &input)?;
        let iterations = u64::try_from(items.len()).unwrap_or(u64::MAX);
        if self.failed_iterations() > iterations {
            return Err(Stop::Refused(TestStateError::validation(TOO_MANY_FAILURES)));
        }
        Ok(())
    }

    fn item_reader_data(&self) -> Result<Vec<Value>, Stop> {
        let Some(text) = &self.request.state_configuration.map_item_reader_data else {
            return Ok(Vec::new());
        };
        match parse(text).as_ref().map(Value::as_array) {
            Ok(Some(items)) => Ok(items.to_vec()),
            _ => Err(Stop::Refused(TestStateError::validation(
                "Map item reader data must be a JSON array",
            ))),
        }
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

/// The items after `ItemSelector`, which sees each as `$$.Map.Item`.
fn select(
    stage: &Stage<'_>,
    selector: &Template,
    input: &Value,
    items: &[Value],
) -> Result<Vec<Value>, Fault> {
    (0..)
        .zip(items)
        .map(|(index, item)| {
            let context = with_item(stage, index, item);
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

fn with_item(stage: &Stage<'_>, index: i64, item: &Value) -> Value {
    let context = stage.context.and_then(Value::as_object).cloned();
    let item = ObjectBuilder::with_capacity(2)
        .with("Index", index)
        .with("Value", item.clone());
    let map = ObjectBuilder::default().with("Item", item.build());
    Value::Object(
        context
            .unwrap_or_default()
            .with("Map", Value::Object(map.build())),
    )
}
