//! `ItemBatcher`: several items per child execution.
//!
//! Source: Step Functions developer guide, "ItemBatcher (Map)".

use super::ItemBatcher;
use super::begin::whole_number;
use super::item_reader::map_input;
use crate::errors::Fault;
use crate::machine::Limits;
use crate::machine::stage::{Given, Stage};
use crate::value::{ObjectBuilder, Value};

impl ItemBatcher {
    /// Puts the items into batches: `{"BatchInput": …, "Items": […]}`.
    pub(crate) fn batches(
        &self,
        stage: &Stage<'_>,
        items: Vec<Value>,
    ) -> Result<Vec<Value>, Fault> {
        let input = map_input(stage);
        let most_items = self.max_items_per_batch.as_ref();
        let most_items = whole_number(stage, most_items, "MaxItemsPerBatch", input)?;
        let most_bytes = self.max_input_bytes_per_batch.as_ref();
        let most_bytes = whole_number(stage, most_bytes, "MaxInputBytesPerBatch", input)?;
        let batch_input = match &self.batch_input {
            Some(template) => Some(stage.query(input, Given::default(), |scope| {
                template.evaluate(scope, "BatchInput")
            })?),
            None => None,
        };
        let most_bytes = limit(most_bytes).min(room(batch_input.as_ref(), stage.limits));
        let batches = split(items, limit(most_items), most_bytes);
        Ok(batches
            .into_iter()
            .map(|items| batch(batch_input.as_ref(), items))
            .collect())
    }
}

fn limit(value: Option<u64>) -> usize {
    value
        .filter(|limit| *limit > 0)
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX)
}

/// The bytes that items have beside the rest of a batch, which is a payload like any other.
fn room(batch_input: Option<&Value>, limits: Limits) -> usize {
    let rest = batch(batch_input, Vec::new()).text_len();
    limits.payload_bytes.saturating_sub(rest)
}

fn split(items: Vec<Value>, most_items: usize, most_bytes: usize) -> Vec<Vec<Value>> {
    let mut batches: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let length = item.text_len() + 1;
        match batches.last_mut() {
            Some(batch) if batch.len() < most_items && bytes + length <= most_bytes => {
                bytes += length;
                batch.push(item);
            }
            _ => {
                bytes = length;
                batches.push(vec![item]);
            }
        }
    }
    batches
}

fn batch(batch_input: Option<&Value>, items: Vec<Value>) -> Value {
    let mut batch = ObjectBuilder::with_capacity(2);
    if let Some(batch_input) = batch_input {
        batch.set("BatchInput".into(), batch_input.clone());
    }
    batch.set("Items".into(), items.into());
    Value::Object(batch.build())
}

#[cfg(test)]
mod tests {
    use super::{batch, room, split};
    use crate::machine::Limits;
    use crate::value::Value;
    use rstest::rstest;

    #[rstest]
    #[case(2, usize::MAX, &[2, 2, 1])]
    #[case(usize::MAX, usize::MAX, &[5])]
    #[case(usize::MAX, 4, &[2, 2, 1])]
    #[case(3, 1, &[1, 1, 1, 1, 1])]
    fn items_fill_batches_up_to_both_limits(
        #[case] most_items: usize,
        #[case] most_bytes: usize,
        #[case] sizes: &[usize],
    ) {
        let items: Vec<Value> = (0..5).map(Value::from).collect();
        let batches = split(items, most_items, most_bytes);
        let found: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(found, sizes);
    }

    #[test]
    fn a_batch_is_no_larger_than_a_payload() {
        let limits = Limits {
            payload_bytes: 1024,
            ..Limits::default()
        };
        let batch_input = Value::from("x".repeat(100));
        let items = vec![Value::from("y".repeat(50)); 100];
        let batches = split(items, usize::MAX, room(Some(&batch_input), limits));
        let largest = batches
            .into_iter()
            .map(|items| batch(Some(&batch_input), items).text_len());
        let largest = largest.max().unwrap();
        assert!((1024 - 53..=1024).contains(&largest), "{largest}");
    }
}
