//! `inspectionData`: a state's data on its way from input to output.
//!
//! Source: Step Functions API reference, `InspectionData`. Its `request` and `response` are those of
//! HTTP tasks, which nothing here runs.

use crate::query::Variables;
use crate::states::data_flow::Handover;
use crate::states::map::Tolerance;
use crate::value::{Object, ObjectBuilder, Value};

/// The data on the way. A member is there where the state type, its query language and what
/// happened give it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InspectionData {
    /// The raw input.
    pub input: Option<Value>,
    /// After `InputPath`.
    pub after_input_path: Option<Value>,
    /// After `Parameters`.
    pub after_parameters: Option<Value>,
    /// After `Arguments`.
    pub after_arguments: Option<Value>,
    /// The items that a Map state found.
    pub after_items_path: Option<Value>,
    /// The items that `ItemsPointer` found in what the `ItemReader` read.
    pub after_items_pointer: Option<Value>,
    /// The items after `ItemSelector`.
    pub after_item_selector: Option<Value>,
    /// The batches that `ItemBatcher` makes.
    pub after_item_batcher: Option<Value>,
    /// What the state's work gave.
    pub result: Option<Value>,
    /// After `ResultSelector`.
    pub after_result_selector: Option<Value>,
    /// After `ResultPath`.
    pub after_result_path: Option<Value>,
    /// The variables after the state, those that it was given and did not set included.
    pub variables: Object,
    /// `MaxConcurrency` of a Map state.
    pub max_concurrency: Option<u64>,
    /// `ToleratedFailureCount` and `ToleratedFailurePercentage` of a Map state.
    pub(super) tolerance: Tolerance,
    /// Which Retrier or Catcher took an error.
    pub error_details: Option<ErrorDetails>,
}

/// How payloads are written into JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// As JSON text in strings, as the API does.
    Text,
    /// As they are, for people.
    Value,
}

impl PayloadForm {
    pub(super) fn of(self, payload: &Value) -> Value {
        match self {
            Self::Text => Value::from(payload.to_string()),
            Self::Value => payload.clone(),
        }
    }
}

/// Which Retrier or Catcher took an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorDetails {
    /// The Catcher, from 0.
    pub catch_index: Option<usize>,
    /// The Retrier, from 0.
    pub retry_index: Option<usize>,
    /// The delay before it tries again.
    pub retry_backoff_interval_seconds: Option<i64>,
}

impl InspectionData {
    /// Notes the variables as the state leaves them.
    pub(super) fn note_assigned(&mut self, before: &Variables, handover: &Handover) {
        let mut variables = before.clone();
        if let Some(assigned) = &handover.assigned {
            variables.assign(assigned);
        }
        self.variables = variables.visible();
    }

    /// The data in the API's words.
    #[must_use]
    pub fn to_json(&self, form: PayloadForm) -> Value {
        let payloads = [
            ("input", &self.input),
            ("afterInputPath", &self.after_input_path),
            ("afterParameters", &self.after_parameters),
            ("afterArguments", &self.after_arguments),
            ("afterItemsPath", &self.after_items_path),
            ("afterItemsPointer", &self.after_items_pointer),
            ("afterItemSelector", &self.after_item_selector),
            ("afterItemBatcher", &self.after_item_batcher),
            ("result", &self.result),
            ("afterResultSelector", &self.after_result_selector),
            ("afterResultPath", &self.after_result_path),
        ];
        let mut data = ObjectBuilder::default();
        for (name, payload) in payloads {
            if let Some(payload) = payload {
                data.set(name.into(), form.of(payload));
            }
        }
        if !self.variables.is_empty() {
            let variables = Value::Object(self.variables.clone());
            data.set("variables".into(), form.of(&variables));
        }
        set_count(&mut data, "maxConcurrency", self.max_concurrency);
        set_count(&mut data, "toleratedFailureCount", self.tolerance.count);
        if let Some(percentage) = self.tolerance.percentage {
            let percentage = crate::value::Number::from_f64(percentage);
            data.set(
                "toleratedFailurePercentage".into(),
                percentage.map_or(Value::Null, Value::from),
            );
        }
        if let Some(details) = &self.error_details {
            data.set("errorDetails".into(), details.to_json());
        }
        Value::Object(data.build())
    }
}

impl ErrorDetails {
    fn to_json(self) -> Value {
        let index = |index: Option<usize>| index.and_then(|index| u64::try_from(index).ok());
        let mut details = ObjectBuilder::default();
        set_count(&mut details, "catchIndex", index(self.catch_index));
        set_count(&mut details, "retryIndex", index(self.retry_index));
        if let Some(seconds) = self.retry_backoff_interval_seconds {
            details.set("retryBackoffIntervalSeconds".into(), Value::from(seconds));
        }
        Value::Object(details.build())
    }
}

fn set_count(data: &mut ObjectBuilder, name: &'static str, count: Option<u64>) {
    if let Some(count) = count.and_then(|count| i64::try_from(count).ok()) {
        data.set(name.into(), Value::from(count));
    }
}
