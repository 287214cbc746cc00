//! A task for tests.

use std::sync::Arc;

use asl::machine::TaskRequest;
use asl::resource::Resource;
use engine::ports::{ExecutionKey, Identity, Task};

/// A task with the given resource (`eks:call`) and the JSON text of its parameters.
pub(crate) fn task(resource: &str, parameters: &str) -> Task {
    Task {
        execution: ExecutionKey {
            namespace: "flows".into(),
            name: "run-1".into(),
            uid: "6f9619ff-8b86-d011-b42d-00cf4fc964ff".into(),
        },
        identity: Identity::None,
        request: TaskRequest {
            task: 5,
            state: "Run a job".into(),
            resource: Arc::new(Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap()),
            parameters: asl::value::parse(parameters).unwrap(),
            credentials: None,
            token: None,
            deadline: None,
        },
        resumed: false,
        submitted: false,
        retain_jobs: false,
        leaving: Arc::default(),
    }
}
