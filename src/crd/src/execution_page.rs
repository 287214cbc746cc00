//! The ExecutionPage resource: sealed data of an execution.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// The longest `data`, in bytes.
pub const MAX_PAGE_BYTES: usize = 512 * 1024;

/// Data that an Execution no longer needs at hand, such as its history or results of finished
/// iterations. It is owned by the Execution, written before the checkpoint that refers to it, and
/// never changed: writing it again is harmless.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "sfn.services.k8s.aws",
    version = "v1alpha1",
    kind = "ExecutionPage",
    plural = "executionpages",
    singular = "executionpage",
    shortname = "exepage",
    namespaced,
    no_spec,
    derive = "PartialEq",
    doc = "ExecutionPage holds history or results of an Execution. The operator writes it; it belongs to the Execution and goes with it.",
    selectable = ".executionUID",
    validation = Rule::new(
        "self.executionUID == oldSelf.executionUID && self.sequence == oldSelf.sequence && self.format == oldSelf.format && self.data == oldSelf.data"
    )
    .message("an ExecutionPage is immutable"),
    printcolumn(
        name = "Execution",
        type_ = "string",
        json_path = r#".metadata.ownerReferences[?(@.kind=="Execution")].name"#
    ),
    printcolumn(name = "Sequence", type_ = "integer", json_path = ".sequence"),
    printcolumn(name = "Format", type_ = "string", json_path = ".format"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionPageContent {
    /// The uid of the Execution.
    #[schemars(length(min = 1, max = 64))]
    #[serde(rename = "executionUID")]
    pub execution_uid: String,
    /// The page's number within its format, counted from 0.
    #[schemars(range(min = 0))]
    pub sequence: i64,
    /// What the data is and how it is written, such as `history.v1+zstd+base64`.
    #[schemars(length(min = 1, max = 64))]
    pub format: String,
    /// The data, as text.
    #[schemars(length(max = 524_288))]
    pub data: String,
}
