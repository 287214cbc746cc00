//! Reading a task's parameters. What is wrong with them is said in the words of Step Functions:
//! `States.Runtime`, "The Parameters '…' could not be used to start the Task: […]".

use asl::Value;
use asl::errors::{self, Fault};
use asl::value::Object;

/// How much of the parameters a fault repeats.
const QUOTED_BYTES: usize = 1024;

/// The parameters of one task; collects everything that is wrong with them.
pub(crate) struct Parameters<'a> {
    whole: &'a Value,
    members: Option<&'a Object>,
    problems: Vec<String>,
}

impl<'a> Parameters<'a> {
    /// Parameters of which no other than `supported` are allowed.
    pub(crate) fn new(whole: &'a Value, supported: &[&str]) -> Self {
        let members = whole.as_object();
        let mut problems = Vec::new();
        if members.is_none() {
            problems.push(format!("they must be an object, not {}", kind(whole)));
        }
        for (name, _) in members.map(Object::members).unwrap_or_default() {
            if !supported.contains(&&**name) {
                problems.push(format!(
                    "The field '{}' is not supported; supported are {}",
                    shortened(name, QUOTED_BYTES),
                    supported.join(", ")
                ));
            }
        }
        Self {
            whole,
            members,
            problems,
        }
    }

    /// Notes a problem with the field `name`.
    pub(crate) fn refuse(&mut self, name: &str, expected: &str, found: &str) {
        let found = shortened(found, 200);
        self.problems.push(format!(
            "The value for the field '{name}' must be {expected}, not {found}"
        ));
    }

    /// A field that may be absent; null counts as absent.
    pub(crate) fn any(&self, name: &str) -> Option<&'a Value> {
        let value = self.members?.get(name)?;
        (*value != Value::Null).then_some(value)
    }

    /// A field that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.any(name);
        if value.is_none() && self.members.is_some() {
            self.problems
                .push(format!("The field '{name}' is required but was missing"));
        }
        value
    }

    /// A text that may be absent.
    pub(crate) fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.any(name)?;
        self.as_text(name, value)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.required(name)?;
        self.as_text(name, value)
    }

    fn as_text(&mut self, name: &str, value: &'a Value) -> Option<&'a str> {
        let text = value.as_str();
        if text.is_none() {
            self.refuse(name, "a string", kind(value));
        }
        text
    }

    /// A truth value, which may arrive as the text `"true"`; absent means false.
    pub(crate) fn flag(&mut self, name: &str, value: Option<&Value>) -> bool {
        match value {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => true,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => false,
            Some(other) => {
                self.refuse(name, "true or false", &other.to_string());
                false
            }
        }
    }

    /// A map of strings to lists of strings, as query parameters are given. A single value
    /// stands for a list of one; numbers and truth values for their text.
    pub(crate) fn lists(&mut self, name: &str, value: Option<&Value>) -> Vec<(String, String)> {
        let members = match value {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Object(object)) => object.members(),
            Some(other) => {
                self.refuse(name, "a map of strings to lists of strings", kind(other));
                return Vec::new();
            }
        };
        let mut pairs = Vec::new();
        for (key, value) in members {
            let items = value.as_array().unwrap_or(std::slice::from_ref(value));
            for item in items {
                match scalar_text(item) {
                    Some(text) => pairs.push((key.to_string(), text)),
                    None => self.refuse(
                        &format!("{name}.{}", shortened(key, 100)),
                        "a list of strings",
                        kind(item),
                    ),
                }
            }
        }
        pairs
    }

    /// What was read, unless something was wrong with it.
    pub(crate) fn checked<T>(self, read: Option<T>) -> Result<T, Fault> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.fault()),
        }
    }

    fn fault(self) -> Fault {
        let quoted = self.whole.to_string();
        let cause = format!(
            "The Parameters '{}' could not be used to start the Task: [{}]",
            shortened(&quoted, QUOTED_BYTES),
            self.problems.join(", ")
        );
        Fault::new(errors::RUNTIME, shortened(&cause, 8 * QUOTED_BYTES))
    }
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The kind of a value with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// At most `bytes` of a text, cut between characters, with an ellipsis where something is left
/// out.
pub(crate) fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Parameters, shortened};
    use asl::value::parse;
    use rstest::rstest;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let whole = parse(r#"{"Nam":"x","Path":7}"#).unwrap();
        let mut parameters = Parameters::new(&whole, &["Name", "Path"]);
        let name = parameters.required_text("Name");
        parameters.required_text("Path");
        let fault = parameters.checked(name).unwrap_err();
        assert_eq!(fault.name(), "States.Runtime");
        assert_eq!(
            fault.cause.as_deref().unwrap(),
            "The Parameters '{\"Nam\":\"x\",\"Path\":7}' could not be used to start the Task: \
             [The field 'Nam' is not supported; supported are Name, Path, \
             The field 'Name' is required but was missing, \
             The value for the field 'Path' must be a string, not a number]"
        );
    }

    #[rstest]
    #[case("true", true)]
    #[case("\"true\"", true)]
    #[case("\"FALSE\"", false)]
    #[case("null", false)]
    fn a_flag_may_arrive_as_text(#[case] json: &str, #[case] expected: bool) {
        let whole = parse(&format!(r#"{{"Flag":{json}}}"#)).unwrap();
        let mut parameters = Parameters::new(&whole, &["Flag"]);
        let flag = parameters.flag("Flag", whole.get("Flag"));
        assert_eq!(parameters.checked(Some(flag)).unwrap(), expected);
    }

    #[rstest]
    #[case("7")]
    #[case("\"yes\"")]
    fn what_is_no_flag_is_refused(#[case] json: &str) {
        let whole = parse(&format!(r#"{{"Flag":{json}}}"#)).unwrap();
        let mut parameters = Parameters::new(&whole, &["Flag"]);
        parameters.flag("Flag", whole.get("Flag"));
        assert!(parameters.checked(Some(())).is_err());
    }

    #[rstest]
    #[case("null", &[])]
    #[case(r#"{"a":["1","2"],"b":"x","c":[3,true]}"#, &[("a", "1"), ("a", "2"), ("b", "x"), ("c", "3"), ("c", "true")])]
    fn lists_are_read_in_order(#[case] json: &str, #[case] expected: &[(&str, &str)]) {
        let whole = parse(&format!(r#"{{"Q":{json}}}"#)).unwrap();
        let mut parameters = Parameters::new(&whole, &["Q"]);
        let lists = parameters.lists("Q", whole.get("Q"));
        let lists = parameters.checked(Some(lists)).unwrap();
        let lists: Vec<_> = lists.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(lists, expected);
    }

    #[rstest]
    #[case("[]", "'Q' must be a map of strings to lists of strings, not an array")]
    #[case(r#"{"a":[{}]}"#, "'Q.a' must be a list of strings, not an object")]
    fn what_is_no_map_of_lists_is_refused(#[case] json: &str, #[case] expected: &str) {
        let whole = parse(&format!(r#"{{"Q":{json}}}"#)).unwrap();
        let mut parameters = Parameters::new(&whole, &["Q"]);
        parameters.lists("Q", whole.get("Q"));
        let fault = parameters.checked(Some(())).unwrap_err();
        assert!(
            fault.cause.as_deref().unwrap().contains(expected),
            "{fault:?}"
        );
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("aäb", 2), "a…");
        assert_eq!(shortened("aäb", 4), "aäb");
    }
}
