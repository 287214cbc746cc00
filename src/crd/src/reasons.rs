//! Reasons of conditions and Kubernetes Events.

/// The definition can be executed.
pub const VALID: &str = "Valid";
/// The definition has problems; status.diagnostics lists them.
pub const INVALID_DEFINITION: &str = "InvalidDefinition";
/// The definition can be executed, and something about it is likely not what was meant.
pub const DEFINITION_WARNINGS: &str = "DefinitionWarnings";
/// `definitionFrom` names a ConfigMap or key that is not there.
pub const DEFINITION_NOT_FOUND: &str = "DefinitionNotFound";
/// `roleRef` names a Role that is not there or has no ARN yet.
pub const ROLE_NOT_FOUND: &str = "RoleNotFound";
/// Another StateMachine of the namespace has its `spec.name`.
pub const ALREADY_EXISTS: &str = "StateMachineAlreadyExists";
/// The spec asks for something that this operator does not do.
pub const UNSUPPORTED: &str = "Unsupported";
/// Spec and what it stands for agree.
pub const SYNCED: &str = "Synced";

/// The referenced StateMachine is not there.
pub const STATE_MACHINE_NOT_FOUND: &str = "StateMachineNotFound";
/// The referenced StateMachine cannot be executed yet, or is invalid.
pub const STATE_MACHINE_NOT_READY: &str = "StateMachineNotReady";
/// The Execution waits for others to end: no more may run at the same time.
pub const QUEUED: &str = "Queued";
/// The Execution has not started yet.
pub const PENDING: &str = "Pending";
/// The Execution is in progress.
pub const RUNNING: &str = "Running";
/// The Execution ended with an output.
pub const SUCCEEDED: &str = "Succeeded";
/// The Execution ended with an error.
pub const FAILED: &str = "Failed";
/// The Execution exceeded the state machine's TimeoutSeconds.
pub const TIMED_OUT: &str = "TimedOut";
/// The Execution was stopped.
pub const ABORTED: &str = "Aborted";
/// Event: the Execution goes on where it ended.
pub const REDRIVEN: &str = "Redriven";
/// The Execution is asked to go on where it ended, and cannot.
pub const NOT_REDRIVABLE: &str = "NotRedrivable";
/// What it takes to continue the Execution is gone, or cannot be read by this version.
pub const NOT_RESUMABLE: &str = "NotResumable";

/// Event: a task's request was sent.
pub const TASK_STARTED: &str = "TaskStarted";
/// Event: a task succeeded.
pub const TASK_SUCCEEDED: &str = "TaskSucceeded";
/// Event: a task failed.
pub const TASK_FAILED: &str = "TaskFailed";
/// Event: the Execution started.
pub const STARTED: &str = "Started";
