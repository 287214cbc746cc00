//! Conditions as ACK writes them, and how a new set is merged into the last one.
//!
//! Source: ACK, `ackv1alpha1.Condition`; Kubernetes API conventions, "Typical status properties".

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The condition types, in the order in which they stand in status.
///
/// Argo CD takes the first of them that decides: a Terminal one makes an object Degraded, and
/// only then is Ready looked at. So Ready comes last.
pub mod types {
    /// The object's spec and what it stands for agree.
    pub const RESOURCE_SYNCED: &str = "ACK.ResourceSynced";
    /// Nothing will go on before somebody changes the object.
    pub const TERMINAL: &str = "ACK.Terminal";
    /// Something went wrong that is tried again.
    pub const RECOVERABLE: &str = "ACK.Recoverable";
    /// Something that a person should know and that stops nothing.
    pub const ADVISORY: &str = "ACK.Advisory";
    /// A StateMachine can be executed; an Execution has succeeded.
    pub const READY: &str = "Ready";
}

/// The longest message, in bytes: long enough for several diagnostics, short beside a checkpoint.
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// One aspect of an object's state.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The aspect, such as `Ready` or `ACK.Terminal`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// When `status` last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
    /// Why, in one word in PascalCase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Condition {
    /// A condition that does not know yet when it last changed; [`merge`] fills that in. A
    /// message above [`MAX_MESSAGE_BYTES`] is cut.
    #[must_use]
    pub fn new(type_: &str, status: bool, reason: &str, message: impl Into<String>) -> Self {
        let message = cut(message.into());
        Self {
            type_: type_.to_owned(),
            status: if status { "True" } else { "False" }.to_owned(),
            last_transition_time: None,
            reason: Some(reason.to_owned()),
            message: (!message.is_empty()).then_some(message),
        }
    }

    /// Whether the status is `True`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

/// The condition of a type.
#[must_use]
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|found| found.type_ == type_)
}

/// Whether the condition of a type is there and true.
#[must_use]
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(Condition::is_true)
}

/// What status should say after `wanted` was found out, given what it says now.
///
/// `lastTransitionTime` moves only where `status` changed. Our own types that are not wanted any
/// more go; types that somebody else set stay. The order is that of [`types`], with foreign ones
/// before Ready. The result equals `current` when nothing changed, so that no write is needed.
#[must_use]
pub fn merge(current: &[Condition], wanted: Vec<Condition>, now: &Time) -> Vec<Condition> {
    let foreign = current
        .iter()
        .filter(|condition| {
            rank(&condition.type_) == FOREIGN && find(&wanted, &condition.type_).is_none()
        })
        .cloned();
    let kept: Vec<Condition> = foreign.collect();
    let mut merged: Vec<Condition> = wanted
        .into_iter()
        .map(|condition| dated(current, condition, now))
        .chain(kept)
        .collect();
    merged.sort_by_key(|condition| rank(&condition.type_));
    merged
}

fn dated(current: &[Condition], mut condition: Condition, now: &Time) -> Condition {
    let since = find(current, &condition.type_)
        .filter(|last| last.status == condition.status)
        .and_then(|last| last.last_transition_time.clone());
    condition.last_transition_time = Some(since.unwrap_or_else(|| now.clone()));
    condition
}

const FOREIGN: u8 = 4;

fn rank(type_: &str) -> u8 {
    match type_ {
        types::RESOURCE_SYNCED => 0,
        types::TERMINAL => 1,
        types::RECOVERABLE => 2,
        types::ADVISORY => 3,
        types::READY => 5,
        _ => FOREIGN,
    }
}

fn cut(mut message: String) -> String {
    const MARK: &str = "…";
    if message.len() <= MAX_MESSAGE_BYTES {
        return message;
    }
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES - MARK.len());
    message.truncate(end);
    message.push_str(MARK);
    message
}

#[cfg(test)]
mod tests {
    use super::{Condition, MAX_MESSAGE_BYTES, Time, merge, types};

    fn time(second: i64) -> Time {
        Time(k8s_openapi::jiff::Timestamp::from_second(second).unwrap())
    }

    fn types_of(conditions: &[Condition]) -> Vec<&str> {
        conditions.iter().map(|c| c.type_.as_str()).collect()
    }

    #[test]
    fn the_transition_time_stays_while_the_status_does() {
        let first = merge(
            &[],
            vec![Condition::new(types::READY, false, "Waiting", "a")],
            &time(1),
        );
        let second = merge(
            &first,
            vec![Condition::new(types::READY, false, "Other", "b")],
            &time(2),
        );
        assert_eq!(second[0].last_transition_time, Some(time(1)));
        assert_eq!(second[0].reason.as_deref(), Some("Other"));
        let third = merge(
            &second,
            vec![Condition::new(types::READY, true, "Valid", "")],
            &time(3),
        );
        assert_eq!(third[0].last_transition_time, Some(time(3)));
        assert_eq!(third[0].message, None);
    }

    #[test]
    fn what_did_not_change_merges_into_the_same() {
        let wanted = || {
            vec![
                Condition::new(types::READY, true, "Valid", ""),
                Condition::new(types::RESOURCE_SYNCED, true, "Synced", ""),
            ]
        };
        let first = merge(&[], wanted(), &time(1));
        assert_eq!(merge(&first, wanted(), &time(9)), first);
    }

    #[test]
    fn ready_stands_last_and_terminal_before_it() {
        let wanted = [
            types::READY,
            types::ADVISORY,
            types::TERMINAL,
            types::RESOURCE_SYNCED,
            types::RECOVERABLE,
        ]
        .map(|type_| Condition::new(type_, true, "Reason", ""))
        .to_vec();
        assert_eq!(
            types_of(&merge(&[], wanted, &time(1))),
            [
                "ACK.ResourceSynced",
                "ACK.Terminal",
                "ACK.Recoverable",
                "ACK.Advisory",
                "Ready"
            ]
        );
    }

    #[test]
    fn conditions_of_others_stay_and_our_own_unwanted_ones_go() {
        let current = vec![
            Condition::new(types::TERMINAL, true, "InvalidDefinition", ""),
            Condition::new("example.com/Audited", true, "Audited", ""),
        ];
        let merged = merge(
            &current,
            vec![Condition::new(types::READY, true, "Valid", "")],
            &time(1),
        );
        assert_eq!(types_of(&merged), ["example.com/Audited", "Ready"]);
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let condition = Condition::new(types::READY, false, "Long", "ä".repeat(MAX_MESSAGE_BYTES));
        let message = condition.message.unwrap();
        assert!(message.len() <= MAX_MESSAGE_BYTES && message.ends_with("ä…"));
    }
}
