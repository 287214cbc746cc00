//! Names that the resources carry in their metadata.
//!
//! Source: ACK, "Annotations" (`services.k8s.aws/…`) and its finalizers
//! (`finalizers.<group>/<Kind>`).

/// The API group of all kinds.
pub const GROUP: &str = "sfn.services.k8s.aws";

/// Finalizers, spelt as ACK spells them.
pub mod finalizers {
    /// On a StateMachine.
    pub const STATE_MACHINE: &str = "finalizers.sfn.services.k8s.aws/StateMachine";
    /// On an Execution: its tasks are stopped before it goes.
    pub const EXECUTION: &str = "finalizers.sfn.services.k8s.aws/Execution";
}

/// ACK's annotations, with ACK's meaning.
pub mod annotations {
    /// The region of the resource; on a Namespace, of all resources in it.
    pub const REGION: &str = "services.k8s.aws/region";
}
