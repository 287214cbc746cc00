//! Revisions: what an execution runs is pinned when it starts, as AWS does ("running executions
//! continue to use the previous definition and roleArn", `UpdateStateMachine`).
//!
//! A revision is an `apps/v1` ControllerRevision. Its name ends in a digest of its content, so that
//! the same content is the same revision. Its StateMachine is named by a label, not by an owner
//! reference: a StateMachine that is deleted in the foreground, as Argo CD does it, would lose its
//! revisions while its executions still run.

use std::sync::Arc;

use asl::definition::{MachineType, Rules, StateMachine as Definition};
use asl::resource::Resource;
use crd::{StateMachine, StateMachineType};
use engine::ports::{Identity, TaskRunner};
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kube::ResourceExt as _;
use kube::api::ObjectMeta;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::arn::Place;
use crate::error::ReconcileError;

/// How many hex digits of the digest end a revision's name: so many that nobody finds another
/// content for a name.
const DIGITS: usize = 20;
/// Names the StateMachine that a revision belongs to, by its uid.
pub const OWNER_LABEL: &str = "sfn.services.k8s.aws/state-machine-uid";
/// The longest name of a ControllerRevision.
const MAX_NAME: usize = 253;

/// What is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The definition's text, after substitution.
    pub definition: String,
    /// `spec.name`.
    pub name: String,
    /// The role, where there is one.
    #[serde(default, rename = "roleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The ServiceAccount, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Where it belongs, for its ARNs.
    pub place: Place,
    /// Its type; left out for Standard ones, so that their revisions are those of before.
    #[serde(default, rename = "type", skip_serializing_if = "is_standard")]
    pub type_: StateMachineType,
}

fn is_standard(type_: &StateMachineType) -> bool {
    *type_ == StateMachineType::Standard
}

impl Content {
    /// The rules that its definition is held against.
    #[must_use]
    pub fn machine_type(&self) -> MachineType {
        match self.type_ {
            StateMachineType::Standard => MachineType::Standard,
            StateMachineType::Express => MachineType::Express,
        }
    }

    /// The ARN of an execution.
    #[must_use]
    pub fn execution_arn(&self, name: &str, uid: &str) -> String {
        match self.type_ {
            StateMachineType::Standard => self.place.execution_arn(&self.name, name),
            StateMachineType::Express => self.place.express_execution_arn(&self.name, name, uid),
        }
    }

    /// The revision's name: that of the StateMachine and a digest of the content.
    #[must_use]
    pub fn revision_id(&self, state_machine: &str) -> String {
        let room = MAX_NAME - DIGITS - 1;
        let name: String = state_machine.chars().take(room).collect();
        format!("{}-{}", name.trim_end_matches(['-', '.']), self.digits())
    }

    /// The beginning of the content's SHA-256, in hex.
    fn digits(&self) -> String {
        // Writing to memory what derives Serialize cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&json).into_iter();
        let digits: String = digest.map(|byte| format!("{byte:02x}")).collect();
        digits.chars().take(DIGITS).collect()
    }

    fn is_named(&self, revision: &str) -> bool {
        let digits = revision.rsplit_once('-').map(|(_, digits)| digits);
        digits == Some(self.digits().as_str())
    }
}

/// A revision, ready to be executed.
#[derive(Debug)]
pub struct Revision {
    /// The ControllerRevision's name.
    pub id: Arc<str>,
    /// What it pins, but for the definition's text.
    pub content: Content,
    /// The definition.
    pub definition: Arc<Definition>,
    /// The uid of the StateMachine.
    pub state_machine: Arc<str>,
}

impl Revision {
    /// A revision of compiled content. The definition's text is not kept.
    #[must_use]
    pub fn new(id: &str, state_machine: &str, content: Content, definition: Definition) -> Self {
        Self {
            id: id.into(),
            content: Content {
                definition: String::new(),
                ..content
            },
            definition: Arc::new(definition),
            state_machine: state_machine.into(),
        }
    }

    /// Whose rights its tasks act with. A ServiceAccount comes first: it was named for this
    /// cluster.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let account = self.content.service_account_name.as_deref();
        let role = self.content.role_arn.as_deref();
        match (account, role) {
            (Some(account), _) => Identity::ServiceAccount(account.into()),
            (None, Some(role)) => Identity::Role(role.into()),
            (None, None) => Identity::None,
        }
    }
}

/// The object that keeps a revision.
///
/// # Errors
/// The StateMachine has no uid.
pub fn build_object(
    state_machine: &StateMachine,
    id: &str,
    content: &Content,
    number: i64,
) -> Result<ControllerRevision, ReconcileError> {
    let owner = state_machine
        .uid()
        .ok_or(ReconcileError::Incomplete("uid"))?;
    let data = serde_json::to_value(content).unwrap_or_default();
    Ok(ControllerRevision {
        metadata: ObjectMeta {
            name: Some(id.to_owned()),
            namespace: state_machine.namespace(),
            labels: Some([(OWNER_LABEL.to_owned(), owner)].into()),
            ..ObjectMeta::default()
        },
        data: Some(RawExtension(data)),
        revision: number,
    })
}

/// A revision from its object. Its content gives a role to executions, so that it counts only where
/// it is the one that its name was made of: nobody else's object can pass for it.
///
/// # Errors
/// The object holds something else, or a definition that this version does not take.
pub fn read_object(
    object: &ControllerRevision,
    runner: &dyn TaskRunner,
) -> Result<Revision, ReconcileError> {
    let name = object.name_any();
    let refuse = |why: String| ReconcileError::Revision {
        name: name.clone(),
        why,
    };
    let data = object.data.as_ref().map(|data| data.0.clone());
    let content: Content = serde_json::from_value(data.unwrap_or_default())
        .map_err(|error| refuse(error.to_string()))?;
    if !content.is_named(&name) {
        return Err(refuse("its content is not that of its name".to_owned()));
    }
    let owner = object.labels().get(OWNER_LABEL);
    let owner = owner.ok_or_else(|| refuse(format!("it has no label {OWNER_LABEL}")))?;
    let serves = |resource: &Resource| runner.serves(resource);
    let rules = Rules {
        machine_type: content.machine_type(),
        serves: &serves,
    };
    let compiled = Definition::compile_with(&content.definition, rules).map_err(|found| {
        refuse(
            found
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    let definition = compiled.state_machine;
    Ok(Revision::new(&name, owner, content, definition))
}

/// Which revisions nobody needs any more: those beyond the newest `keep` that are neither the
/// current one nor in use.
#[must_use]
pub fn decide_superfluous<'a>(
    revisions: &'a [ControllerRevision],
    current: &str,
    in_use: &dyn Fn(&str) -> bool,
    keep: usize,
) -> Vec<&'a str> {
    let mut others: Vec<_> = revisions
        .iter()
        .filter_map(|revision| Some((revision.revision, revision.metadata.name.as_deref()?)))
        .filter(|(_, name)| *name != current && !in_use(name))
        .collect();
    others.sort_unstable_by(|a, b| b.cmp(a));
    others
        .into_iter()
        .skip(keep)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use engine::ports::NoTasks;
    use rstest::rstest;

    use super::*;

    fn content() -> Content {
        Content {
            definition: "{}".to_owned(),
            name: "M".to_owned(),
            role_arn: None,
            service_account_name: None,
            place: Place {
                partition: "aws".to_owned(),
                region: "us-east-1".to_owned(),
                account: "123456789012".to_owned(),
            },
            type_: StateMachineType::Standard,
        }
    }

    fn express() -> Content {
        Content {
            type_: StateMachineType::Express,
            ..content()
        }
    }

    #[test]
    fn the_type_decides_the_rules_and_the_arns_of_executions() {
        assert_eq!(content().machine_type(), MachineType::Standard);
        assert_eq!(express().machine_type(), MachineType::Express);
        let prefix = "arn:aws:states:us-east-1:123456789012";
        let arn = content().execution_arn("e", "u");
        assert_eq!(arn, format!("{prefix}:execution:M:e"));
        let arn = express().execution_arn("e", "u");
        assert_eq!(arn, format!("{prefix}:express:M:e:u"));
    }

    #[test]
    fn a_revision_without_a_type_is_of_a_standard_state_machine() {
        let json = serde_json::to_value(content()).unwrap();
        assert_eq!(json.get("type"), None);
        assert_eq!(serde_json::from_value::<Content>(json).unwrap(), content());
        let json = serde_json::to_value(express()).unwrap();
        assert_eq!(json["type"], "EXPRESS");
        assert_eq!(serde_json::from_value::<Content>(json).unwrap(), express());
    }

    #[test]
    fn the_same_content_is_the_same_revision() {
        let id = content().revision_id("m");
        assert_eq!(content().revision_id("m"), id);
        let (name, digits) = id.split_once('-').unwrap();
        assert_eq!((name, digits.len()), ("m", DIGITS));
    }

    #[rstest]
    #[case::as_it_was_written("M", None)]
    #[case::with_another_role_than_its_name_was_made_of(
        "M2",
        Some("its content is not that of its name")
    )]
    fn a_revision_counts_only_as_what_its_name_was_made_of(
        #[case] name: &str,
        #[case] expected: Option<&str>,
    ) {
        let mut state_machine = StateMachine::new("m", crd::StateMachineSpec::default());
        state_machine.metadata.uid = Some("u".to_owned());
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
        let content = |name: &str| Content {
            definition: definition.to_owned(),
            name: name.to_owned(),
            ..content()
        };
        let id = content("M").revision_id("m");
        let object = build_object(&state_machine, &id, &content(name), 1).unwrap();
        let read = read_object(&object, &NoTasks);
        match expected {
            None => assert_eq!(&*read.unwrap().state_machine, "u"),
            Some(why) => {
                let expected = format!("the revision {id} cannot be used: {why}");
                assert_eq!(read.unwrap_err().to_string(), expected);
            }
        }
    }

    #[test]
    fn another_role_is_another_revision() {
        let other = Content {
            role_arn: Some("arn:aws:iam::1:role/r".to_owned()),
            ..content()
        };
        assert_ne!(other.revision_id("m"), content().revision_id("m"));
    }

    #[test]
    fn the_longest_name_still_gives_a_name() {
        let id = content().revision_id(&"m".repeat(253));
        assert_eq!(id.len(), MAX_NAME);
    }

    #[test]
    fn the_newest_the_current_and_those_in_use_are_kept() {
        let revision = |number: i64| ControllerRevision {
            metadata: ObjectMeta {
                name: Some(format!("m-{number}")),
                ..ObjectMeta::default()
            },
            data: None,
            revision: number,
        };
        let revisions: Vec<_> = (1..=7).map(revision).collect();
        let in_use = |name: &str| name == "m-2";
        let superfluous = decide_superfluous(&revisions, "m-1", &in_use, 3);
        assert_eq!(superfluous, ["m-4", "m-3"]);
    }
}
