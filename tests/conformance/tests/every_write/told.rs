//! What is told of an execution, without what may differ from run to run: instants.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use asl::value::ObjectBuilder;
use faults::Ended;
use regex::Regex;

/// An instant in a text.
static INSTANT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap());

/// How an execution ended, its tasks and its events.
#[derive(Debug, PartialEq)]
pub struct Told {
    outcome: String,
    made_by_state: BTreeMap<String, u32>,
    history: Vec<String>,
}

/// What is told of an execution that ended.
pub fn tell(ended: &Ended) -> Told {
    Told {
        outcome: without_instants(&format!("{:?}", ended.outcome)),
        made_by_state: ended.made_by_state.clone(),
        history: ended
            .history
            .iter()
            .map(|event| tell_event(event))
            .collect(),
    }
}

fn tell_event(event: &str) -> String {
    let event = asl::value::parse(event).unwrap();
    let mut event = ObjectBuilder::from(event.as_object().unwrap().clone());
    event.remove("timestamp");
    without_instants(&asl::Value::Object(event.build()).to_string())
}

fn without_instants(text: &str) -> String {
    INSTANT.replace_all(text, "<instant>").into_owned()
}

impl Told {
    /// Whether another run told the same.
    pub fn compare(&self, got: &Self) -> Result<(), String> {
        compare("outcome", &self.outcome, &got.outcome)?;
        for (at, expected) in self.history.iter().enumerate() {
            let nothing = String::new();
            compare("event", expected, got.history.get(at).unwrap_or(&nothing))?;
        }
        compare("length", &self.history.len(), &got.history.len())?;
        compare("tasks", &self.made_by_state, &got.made_by_state)
    }
}

fn compare<T: std::fmt::Debug + PartialEq>(
    what: &str,
    expected: &T,
    got: &T,
) -> Result<(), String> {
    match expected == got {
        true => Ok(()),
        false => Err(format!(
            "{what}\n    expected {expected:?}\n    got      {got:?}"
        )),
    }
}
