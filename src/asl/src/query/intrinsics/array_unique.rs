//! `States.ArrayUnique(array)`: the array without items that came before.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

#[allow(
    clippy::mutable_key_type,
    reason = "what changes inside a value is a remembered length, which is not hashed"
)]
pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let items = arguments.array(0)?;
    // A comparison of each with each would take hours for a payload full of numbers.
    let mut seen = HashSet::with_capacity_and_hasher(items.len(), RandomState::default());
    Ok(items
        .iter()
        .filter(|item| seen.insert(Unique(item)))
        .cloned()
        .collect::<Vec<_>>()
        .into())
}

/// A value that hashes as it compares: members of objects in any order.
#[derive(PartialEq)]
struct Unique<'v>(&'v Value);

/// Numbers of JSON are finite, so that each equals itself.
impl Eq for Unique<'_> {}

impl Hash for Unique<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Null => 0_u8.hash(state),
            Value::Bool(value) => (1_u8, value).hash(state),
            // Equal numbers have equal doubles; minus zero equals zero.
            Value::Number(number) => (2_u8, (number.as_f64() + 0.0).to_bits()).hash(state),
            Value::String(text) => (3_u8, text).hash(state),
            Value::Array(array) => {
                (4_u8, array.items().len()).hash(state);
                for item in array.items() {
                    Unique(item).hash(state);
                }
            }
            Value::Object(object) => {
                // The order of members does not count, nor do their values need to: the names
                // tell most objects apart, and their number bounds the work.
                let names: usize = object.members().iter().map(|(name, _)| name.len()).sum();
                (5_u8, object.len(), names).hash(state);
                let mut scalars = 0_u64;
                for (name, value) in object.members() {
                    scalars = scalars.wrapping_add(member_hash(name, value));
                }
                scalars.hash(state);
            }
        }
    }
}

/// A member's share of its object's hash, independent of its place.
fn member_hash(name: &str, value: &Value) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    (name, Unique(value)).hash(&mut hasher);
    hasher.finish()
}
