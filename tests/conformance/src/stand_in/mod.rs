//! Stands in for the services that a case's tasks call.

mod http;
mod lambda;
mod object_storage;
mod python;
mod trace;

use asl::machine::TaskRequest;
use asl::resource::ResourceKind;

use crate::Case;
use crate::drive::{Answer, Ending, StandIn};
use lambda::Functions;
use object_storage::ObjectStorage;
use trace::Trace;

/// All services of one case.
#[derive(Debug)]
pub struct Services {
    functions: Functions,
    storage: ObjectStorage,
    trace: Trace,
}

impl Services {
    /// The services as the case says they answered.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self {
            functions: Functions::of(case),
            storage: ObjectStorage::of(case),
            trace: Trace::of(case),
        }
    }
}

impl StandIn for Services {
    fn answer(&mut self, request: &TaskRequest) -> Answer {
        let recorded = self.trace.next(request);
        if let Some(answer) = self.functions.answer(request, recorded.as_ref()) {
            return answer;
        }
        if request.resource.resource_type() == "s3" {
            return Answer::at_once(self.storage.answer(request));
        }
        match recorded {
            Some(answer) => answer,
            None => Answer::at_once(unknown(request)),
        }
    }
}

/// Nobody knows this task. An activity then waits for a worker; anything else is an error of the
/// case.
fn unknown(request: &TaskRequest) -> Ending {
    if matches!(request.resource.kind, ResourceKind::Activity(_)) {
        return Ending::Never;
    }
    Ending::Failed(asl::errors::Fault::new(
        "Conformance.NotRecorded",
        format!(
            "the case does not say what {} answered in state '{}'",
            request.resource, request.state
        ),
    ))
}
