//! How what a task made is found again: labels, annotations, the field manager and the
//! deterministic end of generated names.

use asl::Value;
use asl::resource::Pattern;
use asl::value::Object;
use engine::ports::Task;
use sha2::{Digest, Sha256};

/// Label of a Job and its pods: the task that made them. One task makes at most one Job.
pub const TASK_ID: &str = "sfn.services.k8s.aws/task-id";
/// Label of a Job and its pods: the uid of the Execution.
pub const EXECUTION_UID: &str = "sfn.services.k8s.aws/execution-uid";
/// Label of a Job and its pods whose end a task waits for: [`SYNC`]. Those of `eks:runJob` without
/// `.sync` have none.
pub const INTEGRATION_PATTERN: &str = "sfn.services.k8s.aws/integration-pattern";
/// The service integration pattern of `.sync`.
pub const SYNC: &str = "sync";
/// Label, where the name fits one, and annotation: the Execution's name.
pub const EXECUTION: &str = "sfn.services.k8s.aws/execution";
/// Annotation: the Execution's namespace.
pub const EXECUTION_NAMESPACE: &str = "sfn.services.k8s.aws/execution-namespace";
/// Annotation: the name of the Task state.
pub const STATE: &str = "sfn.services.k8s.aws/state";

/// Annotation of an object that `eks:call` creates and of which the API server does not note the
/// task's field manager: that manager. It notes another where the request names one, and none
/// where an object has nothing but a name, as there is nothing to manage.
pub const MANAGER: &str = "sfn.services.k8s.aws/field-manager";

/// The longest label value and the longest name that a Job may have, as it becomes one.
const LABEL_BYTES: usize = 63;
/// The letters of generated names: those of Kubernetes, which spell no words.
const NAME_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many letters of the task's hash a generated name ends with: 27^10 leave no collisions.
const NAME_LETTER_COUNT: usize = 10;

/// The labels of a task's Job and pods.
pub(crate) fn build_labels(task: &Task) -> Vec<(&'static str, String)> {
    let mut labels = vec![
        (TASK_ID, task_label(&task.id())),
        (EXECUTION_UID, task.execution.uid.to_string()),
        (EXECUTION, task.execution.name.to_string()),
    ];
    if task.request.resource.pattern() == Pattern::Sync {
        labels.push((INTEGRATION_PATTERN, SYNC.to_owned()));
    }
    labels.retain(|(_, value)| is_label_value(value));
    labels
}

/// The annotations of a task's Job.
pub(crate) fn build_annotations(task: &Task) -> Vec<(&'static str, String)> {
    vec![
        (EXECUTION, task.execution.name.to_string()),
        (EXECUTION_NAMESPACE, task.execution.namespace.to_string()),
        (STATE, task.request.state.to_string()),
    ]
}

/// The task's id as the label has it: itself, or its hash where it is no label value.
pub(crate) fn task_label(id: &str) -> String {
    if is_label_value(id) {
        id.to_owned()
    } else {
        format!("task-{}", name_suffix(id))
    }
}

/// The field manager of a task's writes, by which a resend recognizes its own. At most 128
/// characters.
pub(crate) fn field_manager(id: &str) -> String {
    format!("sfn-{}", task_label(id))
}

/// A name that begins as `generate_name` says and ends with the task's hash, so that a request
/// that is sent again asks for the same object.
pub(crate) fn build_name(generate_name: &str, id: &str) -> String {
    let longest = LABEL_BYTES - NAME_LETTER_COUNT;
    let end = generate_name.floor_char_boundary(longest.min(generate_name.len()));
    let start = generate_name.get(..end).unwrap_or_default();
    format!("{start}{}", name_suffix(id))
}

/// Gives an object that asks for a generated name its name.
pub(crate) fn with_generated_name(object: Value, id: &str) -> Value {
    let text = |field: &str| object.get("metadata")?.get(field)?.as_str();
    let named = text("name").is_some_and(|name| !name.is_empty());
    let Some(start) = text("generateName").filter(|start| !named && !start.is_empty()) else {
        return object;
    };
    let name = build_name(start, id);
    with_member(object, "metadata", |metadata| {
        with_member(metadata, "name", |_| Value::from(name))
    })
}

fn name_suffix(id: &str) -> String {
    let letters = NAME_LETTERS.len();
    Sha256::digest(id.as_bytes())
        .iter()
        .take(NAME_LETTER_COUNT)
        .filter_map(|byte| NAME_LETTERS.get(usize::from(*byte) % letters))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Whether a text may be a label's value.
///
/// Source: Kubernetes documentation, "Labels and Selectors", syntax and character set.
fn is_label_value(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= LABEL_BYTES
        && text.bytes().all(inner)
        && ends.iter().flatten().all(u8::is_ascii_alphanumeric)
        && !text.is_empty()
}

/// Sets `pairs` in the map `field` of an object's metadata. What is not an object where one is
/// expected is left for the API server to judge.
pub(crate) fn with_metadata(object: Value, field: &str, pairs: &[(&str, String)]) -> Value {
    with_member(object, "metadata", |metadata| {
        with_member(metadata, field, |map| {
            pairs.iter().fold(map, |map, (key, value)| {
                with_member(map, key, |_| Value::from(value.as_str()))
            })
        })
    })
}

/// Changes a member of an object, in its place. Null counts as an empty object, and is what
/// `change` gets of a missing member; any other value stays as it is.
pub(crate) fn with_member(value: Value, name: &str, change: impl FnOnce(Value) -> Value) -> Value {
    let object = match value {
        Value::Object(object) => object,
        Value::Null => Object::default(),
        other => return other,
    };
    let changed = change(object.get(name).cloned().unwrap_or_default());
    Value::Object(object.with(name, changed))
}

#[cfg(test)]
mod tests {
    use super::{build_name, field_manager, is_label_value, task_label};
    use rstest::rstest;

    const ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff-18446744073709551615";

    #[test]
    fn a_task_id_is_its_own_label_and_names_the_field_manager() {
        assert_eq!(task_label(ID), ID);
        assert_eq!(field_manager(ID), format!("sfn-{ID}"));
    }

    #[test]
    fn a_task_id_that_is_no_label_value_is_hashed() {
        let label = task_label("an id / with spaces");
        assert!(is_label_value(&label), "{label}");
        assert_eq!(label, task_label("an id / with spaces"));
        assert_ne!(label, task_label("another id"));
    }

    #[test]
    fn a_generated_name_is_the_same_each_time_and_another_for_each_task() {
        let name = build_name("pi-", ID);
        assert!(name.starts_with("pi-") && name.len() == 13, "{name}");
        assert_eq!(name, build_name("pi-", ID));
        assert_ne!(
            name,
            build_name("pi-", "6f9619ff-8b86-d011-b42d-00cf4fc964ff-7")
        );
    }

    #[test]
    fn a_generated_name_is_cut_where_kubernetes_would_cut_it() {
        assert_eq!(build_name(&"x".repeat(300), ID).len(), 63);
        assert!(build_name(&"ä".repeat(300), ID).len() <= 63);
    }

    #[rstest]
    #[case("a", true)]
    #[case("A-b_c.9", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("a.", false)]
    #[case("a b", false)]
    #[case("ä", false)]
    #[case(
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        false
    )]
    fn label_values_follow_the_rules_of_kubernetes(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(is_label_value(text), valid);
    }
}
