//! Texts as Python writes them: the recorded Lambda functions are Python programs.

use asl::Value;

/// `json.dumps(value)`: a space after commas and colons.
pub(super) fn json(value: &Value) -> String {
    match value {
        Value::Array(array) => {
            let items: Vec<String> = array.items().iter().map(json).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(object) => {
            let members: Vec<String> = object
                .members()
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.clone()), json(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// `str(value)`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => repr(other),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(array) => {
            let items: Vec<String> = array.items().iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(object) => {
            let members: Vec<String> = object
                .members()
                .iter()
                .map(|(name, value)| format!("'{name}': {}", repr(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}
