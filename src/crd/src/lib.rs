//! The custom resources of group `sfn.services.k8s.aws`: their types, their schema, their
//! conditions.
//!
//! [`StateMachine`] has the shape of the resource of the same name of AWS Controllers for
//! Kubernetes (ACK). [`Execution`] is one run of a state machine, named as ACK would name it.
//! [`ExecutionPage`] holds what an execution no longer needs at hand.

#![allow(
    clippy::duplicated_attributes,
    reason = "printer columns repeat their type, each inside an attribute of its own"
)]

pub mod condition;
mod execution;
mod execution_page;
pub mod lean;
pub mod metadata;
pub mod reasons;
mod schema;
mod state_machine;
mod substitution;
mod task_status;

pub use condition::Condition;
pub use execution::{
    Execution, ExecutionSpec, ExecutionStatus, LocalReference, OutputDetails, RedriveStatus,
    RunStatus, StateMachineReference, Stop,
};
pub use execution_page::{ExecutionPage, ExecutionPageContent, MAX_PAGE_BYTES};
pub use lean::Lean;
pub use schema::custom_resource_definitions;
pub use state_machine::{
    AckResourceMetadata, CloudWatchLogsLogGroup, ConfigMapKeyReference, DefinitionSource,
    Diagnostic, DiagnosticSeverity, Engine, LogDestination, LogLevel, LoggingConfiguration,
    MAX_DIAGNOSTICS, NamespacedReference, RoleReference, StateMachine, StateMachineSpec,
    StateMachineStatus, StateMachineType, Tag, TracingConfiguration,
};
pub use substitution::{DefinitionTooLargeError, MAX_DEFINITION_BYTES, substitute, substitute_in};
pub use task_status::{TaskState, TaskStatus};

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
