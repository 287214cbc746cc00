//! Runs one case of each kind.

pub mod execution;
mod history;
mod static_validation;
mod test_state;
mod validate_definition;
mod variable_references;

use std::panic::{AssertUnwindSafe, catch_unwind};

use asl::Value;

use crate::drive::Mode;
use crate::matching::{Difference, difference};
use crate::{Case, Kind};

/// How cases are run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Write a checkpoint and restore it after every event of an execution.
    pub restore_everywhere: bool,
    /// Do as little as possible at once.
    pub give_way_everywhere: bool,
}

impl Settings {
    fn mode(self) -> Mode {
        Mode {
            restore_everywhere: self.restore_everywhere,
            give_way_everywhere: self.give_way_everywhere,
        }
    }
}

/// What running a case gave.
#[derive(Debug)]
pub struct Verdict {
    /// What was recorded, in the shape in which it was compared.
    pub expected: Value,
    /// What came out, in the same shape.
    pub got: Value,
    /// Where they differ; nowhere if the case passed.
    pub differences: Vec<Difference>,
}

impl Verdict {
    /// Whether the case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    /// A case that could not be run to its end, and why.
    fn broken(case: &Case, reason: String) -> Self {
        let got = Value::from(reason);
        Self {
            expected: case.expected(),
            differences: vec![difference("", None, Some(&got))],
            got,
        }
    }
}

/// Runs a case; `None` for kinds that the library alone cannot answer. A panic of the library
/// fails the case, not the run.
#[must_use]
pub fn run_case(case: &Case, settings: Settings) -> Option<Verdict> {
    let run: fn(&Case, Settings) -> Result<Verdict, String> = match case.kind {
        Kind::Execution => execution::run,
        Kind::StaticValidation => static_validation::run,
        Kind::TestState => test_state::run,
        Kind::ValidateDefinition => validate_definition::run,
        Kind::VariableReferences => variable_references::run,
        Kind::ApiError => return None,
    };
    let result = catch_unwind(AssertUnwindSafe(|| run(case, settings)));
    let result = result.unwrap_or_else(|_| Err("the library panicked".to_owned()));
    Some(result.unwrap_or_else(|reason| Verdict::broken(case, reason)))
}
