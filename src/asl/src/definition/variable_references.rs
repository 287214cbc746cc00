//! Which variables each state reads.
//!
//! Source: Step Functions API reference, `DescribeStateMachine`, `variableReferences`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::StateMachine;
use crate::query::{Dynamic, Expression, Path, Template};
use crate::states::catch::Catcher;
use crate::states::choice::{ChoiceRule, Condition};
use crate::states::comparator::{Comparator, Operand};
use crate::states::data_flow::{DataFlow, Selection};
use crate::states::map::{ItemBatcher, ItemReader, Items, Map, ReaderConfig, ResultWriter};
use crate::states::wait::WaitUntil;
use crate::states::{Fail, State, StateKind, Task};

/// The names that a state reads, without `$`.
type Names = BTreeSet<Arc<str>>;

impl StateMachine {
    /// The variables that each state reads, by the state's name. States that read none are left
    /// out.
    #[must_use]
    pub fn variable_references(&self) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
        let states = self.states.iter();
        states
            .map(|state| (state.name.clone(), references(state)))
            .filter(|(_, names)| !names.is_empty())
            .collect()
    }
}

fn references(state: &State) -> Names {
    let mut names = Names::new();
    add(&mut names, &state.data_flow);
    add(&mut names, &state.assign);
    match &state.kind {
        StateKind::Pass(_) | StateKind::Succeed | StateKind::Parallel(_) => {}
        StateKind::Task(task) => add(&mut names, &**task),
        StateKind::Choice(choice) => add(&mut names, &choice.choices),
        StateKind::Wait(wait) => add(&mut names, &wait.until),
        StateKind::Fail(fail) => add(&mut names, fail),
        StateKind::Map(map) => add(&mut names, &**map),
    }
    for catcher in state.catch() {
        add(&mut names, catcher);
    }
    names
}

fn add<T: Reads>(names: &mut Names, part: &T) {
    part.add_to(names);
}

/// A part of a state that may read variables.
trait Reads {
    /// Adds what it reads.
    fn add_to(&self, names: &mut Names);
}

impl<T: Reads> Reads for Option<T> {
    fn add_to(&self, names: &mut Names) {
        if let Some(part) = self {
            part.add_to(names);
        }
    }
}

impl<T: Reads> Reads for Vec<T> {
    fn add_to(&self, names: &mut Names) {
        for part in self {
            part.add_to(names);
        }
    }
}

impl Reads for Path {
    fn add_to(&self, names: &mut Names) {
        names.extend(self.variable().map(Arc::from));
    }
}

impl Reads for Expression {
    fn add_to(&self, names: &mut Names) {
        names.extend(self.variables().into_iter().map(Arc::from));
    }
}

impl Reads for Template {
    fn add_to(&self, names: &mut Names) {
        names.extend(self.variables().into_iter().map(Arc::from));
    }
}

impl<T> Reads for Dynamic<T> {
    fn add_to(&self, names: &mut Names) {
        match self {
            Self::Fixed(_) => {}
            Self::Path(path) => path.add_to(names),
            Self::Intrinsic(call) => names.extend(call.variables().into_iter().map(Arc::from)),
            Self::Expression(expression) => expression.add_to(names),
        }
    }
}

impl Reads for Selection {
    fn add_to(&self, names: &mut Names) {
        if let Self::Path(path) = self {
            path.add_to(names);
        }
    }
}

impl Reads for DataFlow {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.input_path);
        add(names, &self.parameters);
        add(names, &self.result_selector);
        add(names, &self.output_path);
        add(names, &self.output);
    }
}

impl Reads for Catcher {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.output);
        add(names, &self.assign);
    }
}

impl Reads for Task {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.timeout_seconds);
        add(names, &self.heartbeat_seconds);
        add(names, &self.credentials);
    }
}

impl Reads for WaitUntil {
    fn add_to(&self, names: &mut Names) {
        match self {
            Self::Seconds(field) => add(names, field),
            Self::Timestamp(field) => add(names, field),
        }
    }
}

impl Reads for Fail {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.error);
        add(names, &self.cause);
    }
}

impl Reads for ChoiceRule {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.condition);
        add(names, &self.assign);
        add(names, &self.output);
    }
}

impl Reads for Condition {
    fn add_to(&self, names: &mut Names) {
        match self {
            Self::Fixed(_) => {}
            Self::Expression(expression) => add(names, expression),
            Self::And(conditions) | Self::Or(conditions) => add(names, conditions),
            Self::Not(condition) => add(names, &**condition),
            Self::Test {
                variable,
                comparator,
            } => {
                add(names, variable);
                add(names, comparator);
            }
        }
    }
}

impl<T> Reads for Operand<T> {
    fn add_to(&self, names: &mut Names) {
        if let Self::Path(path) = self {
            path.add_to(names);
        }
    }
}

impl Reads for Comparator {
    fn add_to(&self, names: &mut Names) {
        match self {
            Self::Boolean(operand) => add(names, operand),
            Self::Numeric(_, operand) => add(names, operand),
            Self::String(_, operand) => add(names, operand),
            Self::Timestamp(_, operand) => add(names, operand),
            _ => {}
        }
    }
}

impl Reads for Map {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.items);
        add(names, &self.item_reader);
        add(names, &self.item_selector);
        add(names, &self.item_batcher);
        add(names, &self.max_concurrency);
        add(names, &self.tolerated_failure_percentage);
        add(names, &self.tolerated_failure_count);
        add(names, &self.result_writer);
    }
}

impl Reads for Items {
    fn add_to(&self, names: &mut Names) {
        match self {
            Self::Path(path) => add(names, path),
            Self::Expression(expression) => add(names, expression),
            Self::Template(template) => add(names, template),
        }
    }
}

impl Reads for ItemReader {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.parameters);
        add(names, &self.config);
    }
}

impl Reads for ReaderConfig {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.max_items);
    }
}

impl Reads for ItemBatcher {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.batch_input);
        add(names, &self.max_items_per_batch);
        add(names, &self.max_input_bytes_per_batch);
    }
}

impl Reads for ResultWriter {
    fn add_to(&self, names: &mut Names) {
        add(names, &self.parameters);
    }
}
