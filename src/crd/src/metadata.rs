//! Names that the resources carry in their metadata.
//!
//! Source: ACK, "Annotations" (`services.k8s.aws/…`) and its finalizers
//! (`finalizers.<group>/<Kind>`).

/// The API group of all kinds.
pub const GROUP: &str = "sfn.services.k8s.aws";
/// The version of all kinds.
pub const VERSION: &str = "v1alpha1";

/// Finalizers, spelt as ACK spells them.
pub mod finalizers {
    /// On a StateMachine.
    pub const STATE_MACHINE: &str = "finalizers.sfn.services.k8s.aws/StateMachine";
    /// On an Execution: its tasks are stopped before it goes.
    pub const EXECUTION: &str = "finalizers.sfn.services.k8s.aws/Execution";
}

/// ACK's annotations, with ACK's meaning.
pub mod annotations {
    /// `delete` (the default) or `retain`: what happens in AWS when the object is deleted.
    pub const DELETION_POLICY: &str = "services.k8s.aws/deletion-policy";
    /// `adopt` or `adopt-or-create`.
    pub const ADOPTION_POLICY: &str = "services.k8s.aws/adoption-policy";
    /// JSON text that identifies the resource to adopt, such as `{"arn": "…"}`.
    pub const ADOPTION_FIELDS: &str = "services.k8s.aws/adoption-fields";
    /// `true`: the resource is observed and never changed.
    pub const READ_ONLY: &str = "services.k8s.aws/read-only";
    /// The region of the resource; on a Namespace, of all resources in it.
    pub const REGION: &str = "services.k8s.aws/region";
}
