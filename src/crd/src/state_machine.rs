//! The StateMachine resource.
//!
//! Source: ACK's sfn-controller, `StateMachine`. The spelling of every field of ACK's, `type_`
//! included, is ACK's, so that its manifests apply unchanged.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::lean::cut_unless_null;
use crate::schema::any_object;

/// The most diagnostics that status lists.
pub const MAX_DIAGNOSTICS: usize = 20;

/// What a name may consist of (`CreateStateMachine`, parameter `name`).
const NAME_PATTERN: &str = r##"^[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1F\x7F]+$"##;

/// A state machine: a workflow in the Amazon States Language. Exactly one of definition,
/// definitionObject and definitionFrom gives it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "sfn.services.k8s.aws",
    version = "v1alpha1",
    kind = "StateMachine",
    plural = "statemachines",
    singular = "statemachine",
    shortname = "sm",
    category = "aws",
    category = "sfn",
    namespaced,
    status = "StateMachineStatus",
    derive = "PartialEq",
    doc = "StateMachine is a workflow in the Amazon States Language. An Execution runs it.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether it can be executed"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why, or why not"
    ),
    printcolumn(
        name = "Type",
        type_ = "string",
        json_path = ".spec.type_",
        description = "STANDARD or EXPRESS"
    ),
    printcolumn(
        name = "Synced",
        type_ = "string",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="ACK.ResourceSynced")].status"#
    ),
    printcolumn(
        name = "Engine",
        type_ = "string",
        priority = 1,
        json_path = ".spec.engine"
    ),
    printcolumn(
        name = "Revision",
        type_ = "string",
        priority = 1,
        json_path = ".status.revisionId"
    ),
    printcolumn(
        name = "ARN",
        type_ = "string",
        priority = 1,
        json_path = ".status.ackResourceMetadata.arn"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[x_kube(
    validation = Rule::new(
        "[has(self.definition), has(self.definitionObject), has(self.definitionFrom)].filter(set, set).size() == 1"
    )
    .message("exactly one of definition, definitionObject and definitionFrom must be set")
    .field_path(".definition"),
    validation = Rule::new("!(has(self.roleARN) && has(self.roleRef))")
        .message("roleARN and roleRef must not both be set")
        .field_path(".roleRef"),
    validation = Rule::new("(has(self.type_) ? self.type_ : 'STANDARD') == (has(oldSelf.type_) ? oldSelf.type_ : 'STANDARD')")
        .message("type_ is immutable: the type of a state machine cannot change")
        .field_path(".type_")
)]
#[serde(rename_all = "camelCase")]
pub struct StateMachineSpec {
    /// The name of the state machine: 1 to 80 characters without white space, control characters
    /// and any of `< > { } [ ] ? * " # % \ ^ | ~ $ & , ; : /` and the backtick. Immutable.
    #[schemars(length(min = 1, max = 80), regex(pattern = NAME_PATTERN))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("name is immutable"))]
    pub name: String,

    /// The Amazon States Language definition of the state machine, as JSON or YAML text.
    #[schemars(length(max = 1_048_576))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,

    /// The definition as a structure instead of text, so that diffs and patches reach inside.
    #[schemars(schema_with = "any_object")]
    #[serde(
        default,
        deserialize_with = "cut_unless_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub definition_object: Option<Value>,

    /// Takes the definition's text from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_from: Option<DefinitionSource>,

    /// Replaces each `${Key}` in the definition's text by the value, as CloudFormation's
    /// DefinitionSubstitutions does.
    #[schemars(extend("maxProperties" = 256))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definition_substitutions: BTreeMap<String, String>,

    /// The ARN of the IAM role whose rights tasks have. It is looked up in `mapRoles` of the
    /// ConfigMap `kube-system/aws-auth` for the user and groups that it stands for.
    #[serde(default, rename = "roleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,

    /// Names an ACK IAM Role whose ARN is the role ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_ref: Option<RoleReference>,

    /// The ServiceAccount, of the same namespace, whose rights tasks have inside the cluster. It
    /// takes precedence over the role.
    #[schemars(length(min = 1, max = 253))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,

    /// Where executions run: in this cluster (`Kubernetes`), or at AWS Step Functions (`AWS`).
    #[serde(default)]
    pub engine: Engine,

    /// How many executions run at the same time. Others wait, PENDING, in the order of their
    /// creation. A change takes effect at once; what runs goes on. Unlimited if unset.
    #[schemars(range(min = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent_executions: Option<i32>,

    /// How many Executions that succeeded are kept: beyond that those are deleted that ended
    /// first, where one that is changed later counts as of then. All are kept if absent. Executions
    /// that name the state machine by its ARN do not count.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successful_executions_history_limit: Option<i32>,

    /// The same for Executions that failed, timed out or were stopped. One that is about to be
    /// redriven is not deleted.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_executions_history_limit: Option<i32>,

    /// Deletes Executions this many seconds after they ended, where they do not say otherwise
    /// themselves. Those that name the state machine by its ARN are left out.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds_after_finished: Option<i32>,

    /// Defines what execution history events are logged and where they are logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_configuration: Option<LoggingConfiguration>,

    /// Selects whether X-Ray tracing is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracing_configuration: Option<TracingConfiguration>,

    /// Whether each change is published as a version. Without effect: there are no versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<bool>,

    /// Tags: key-value pairs. They may only contain Unicode letters, digits, white space, or
    /// these symbols: `_ . : / = + - @`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,

    /// Whether it is a Standard or an Express state machine; STANDARD if unset. Immutable.
    #[serde(default, rename = "type_", skip_serializing_if = "Option::is_none")]
    pub type_: Option<StateMachineType>,
}

/// Where a definition's text is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionSource {
    /// A key of a ConfigMap of the same namespace.
    pub config_map_key_ref: ConfigMapKeyReference,
}

/// A key of a ConfigMap of the same namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyReference {
    /// The ConfigMap's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key in its `data`.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
    /// Whether the ConfigMap or the key may be missing: the state machine then waits for it
    /// without being in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}

/// Names an ACK IAM Role.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RoleReference {
    /// The Role object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NamespacedReference>,
}

/// Names an object, in this namespace unless it says another.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NamespacedReference {
    /// The object's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Where executions of a state machine run.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// In this cluster.
    #[default]
    Kubernetes,
    /// At AWS Step Functions.
    AWS,
}

/// Defines what execution history events are logged and where they are logged.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LoggingConfiguration {
    /// Where events are logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<LogDestination>,
    /// Whether inputs and outputs are part of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_execution_data: Option<bool>,
    /// Which events are logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
}

/// Where events are logged.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LogDestination {
    /// A log group of CloudWatch Logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_log_group: Option<CloudWatchLogsLogGroup>,
}

/// A log group of CloudWatch Logs.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudWatchLogsLogGroup {
    /// Its ARN, ending with `:*`.
    #[serde(
        default,
        rename = "logGroupARN",
        skip_serializing_if = "Option::is_none"
    )]
    pub log_group_arn: Option<String>,
}

/// Which events are logged.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// All.
    All,
    /// Errors.
    Error,
    /// Errors that end the execution.
    Fatal,
    /// None.
    Off,
}

/// Whether X-Ray tracing is enabled.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TracingConfiguration {
    /// When set to true, X-Ray tracing is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A key-value pair.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The type of a state machine.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum StateMachineType {
    /// Durable, each step at most once.
    #[default]
    Standard,
    /// Short, at least once, without a kept history.
    Express,
}

/// What is observed of a state machine.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StateMachineStatus {
    /// The ARN and what it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_resource_metadata: Option<AckResourceMetadata>,
    /// The state in conditions: ACK.Terminal with the diagnostics when the definition is
    /// invalid, Ready when it can be executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When the state machine was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Time>,
    /// The generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Identifies the definition and the rights it runs with: changes with them only. Executions
    /// keep the revision they started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
    /// What is wrong with the definition, errors first, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

/// What ACK keeps about every resource.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AckResourceMetadata {
    /// The Amazon Resource Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The account in the ARN.
    #[serde(rename = "ownerAccountID")]
    pub owner_account_id: String,
    /// The region in the ARN.
    pub region: String,
    /// The partition in the ARN, such as `aws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

/// One problem of a definition, as `ValidateStateMachineDefinition` reports it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// Whether the definition can be executed all the same.
    pub severity: DiagnosticSeverity,
    /// Such as `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// JSON pointer to the field, such as `/States/Hello/Next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// How bad a problem is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum DiagnosticSeverity {
    /// The definition cannot be executed.
    Error,
    /// It can, but is likely not what was meant.
    Warning,
}
