//! Which variables each state reads.
//!
//! Source: Step Functions API reference, "DescribeStateMachine", `variableReferences`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::StateMachine;
use crate::query::{Dynamic, Expression, Path, Template};
use crate::states::choice::{ChoiceRule, Condition};
use crate::states::comparator::{Comparator, Operand};
use crate::states::data_flow::{DataFlow, Selection};
use crate::states::map::{ItemBatcher, ItemReader, Items};
use crate::states::wait::WaitUntil;
use crate::states::{Catcher, Map, State, StateKind, Task};

/// Names of variables without `$`, in alphabetical order, by name of the state that reads them.
pub type VariableReferences = BTreeMap<Arc<str>, BTreeSet<String>>;

impl StateMachine {
    /// The variables that each state reads; states that read none are left out.
    #[must_use]
    pub fn variable_references(&self) -> VariableReferences {
        let read = |state: &State| {
            let mut names = Names::default();
            names.state(state);
            (!names.0.is_empty()).then(|| (state.name.clone(), names.0))
        };
        self.states.iter().filter_map(read).collect()
    }
}

/// The names found in one state.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn state(&mut self, state: &State) {
        self.data_flow(&state.data_flow);
        self.template(&state.assign);
        match &state.kind {
            StateKind::Pass(_) | StateKind::Succeed => {}
            StateKind::Task(task) => self.task(task),
            StateKind::Choice(choice) => choice.choices.iter().for_each(|rule| self.rule(rule)),
            StateKind::Wait(wait) => match &wait.until {
                WaitUntil::Seconds(seconds) => self.dynamic(seconds),
                WaitUntil::Timestamp(timestamp) => self.dynamic(timestamp),
            },
            StateKind::Fail(fail) => {
                self.dynamics(&fail.error);
                self.dynamics(&fail.cause);
            }
            StateKind::Parallel(parallel) => self.catchers(&parallel.catch),
            StateKind::Map(map) => self.map(map),
        }
    }

    fn data_flow(&mut self, data_flow: &DataFlow) {
        for selection in [&data_flow.input_path, &data_flow.output_path] {
            if let Selection::Path(path) = selection {
                self.path(path);
            }
        }
        self.template(&data_flow.parameters);
        self.template(&data_flow.result_selector);
        self.template(&data_flow.output);
    }

    fn task(&mut self, task: &Task) {
        self.dynamics(&task.timeout_seconds);
        self.dynamics(&task.heartbeat_seconds);
        self.template(&task.credentials);
        self.catchers(&task.catch);
    }

    fn map(&mut self, map: &Map) {
        match &map.items {
            Some(Items::Path(path)) => self.path(path),
            Some(Items::Expression(expression)) => self.expression(expression),
            Some(Items::Template(template)) => self.read(template),
            None => {}
        }
        if let Some(ItemReader {
            parameters, config, ..
        }) = &map.item_reader
        {
            self.template(parameters);
            self.dynamics(&config.max_items);
        }
        if let Some(ItemBatcher {
            batch_input,
            max_items_per_batch,
            max_input_bytes_per_batch,
        }) = &map.item_batcher
        {
            self.template(batch_input);
            self.dynamics(max_items_per_batch);
            self.dynamics(max_input_bytes_per_batch);
        }
        if let Some(writer) = &map.result_writer {
            self.template(&writer.parameters);
        }
        self.template(&map.item_selector);
        self.dynamics(&map.max_concurrency);
        self.dynamics(&map.tolerated_failure_percentage);
        self.dynamics(&map.tolerated_failure_count);
        self.catchers(&map.catch);
    }

    fn catchers(&mut self, catchers: &[Catcher]) {
        for catcher in catchers {
            self.template(&catcher.output);
            self.template(&catcher.assign);
        }
    }

    fn rule(&mut self, rule: &ChoiceRule) {
        self.condition(&rule.condition);
        self.template(&rule.assign);
        self.template(&rule.output);
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Fixed(_) => {}
            Condition::Expression(expression) => self.expression(expression),
            Condition::And(conditions) | Condition::Or(conditions) => {
                conditions.iter().for_each(|inner| self.condition(inner));
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Test {
                variable,
                comparator,
            } => {
                self.path(variable);
                self.comparator(comparator);
            }
        }
    }

    fn comparator(&mut self, comparator: &Comparator) {
        match comparator {
            Comparator::Boolean(operand) => self.operand(operand),
            Comparator::Numeric(_, operand) => self.operand(operand),
            Comparator::String(_, operand) => self.operand(operand),
            Comparator::Timestamp(_, operand) => self.operand(operand),
            _ => {}
        }
    }

    fn operand<T>(&mut self, operand: &Operand<T>) {
        if let Operand::Path(path) = operand {
            self.path(path);
        }
    }

    fn dynamics<T>(&mut self, field: &Option<Dynamic<T>>) {
        if let Some(field) = field {
            self.dynamic(field);
        }
    }

    fn dynamic<T>(&mut self, field: &Dynamic<T>) {
        match field {
            Dynamic::Fixed(_) => {}
            Dynamic::Path(path) => self.path(path),
            Dynamic::Intrinsic(intrinsic) => self.add(intrinsic.variables()),
            Dynamic::Expression(expression) => self.expression(expression),
        }
    }

    fn path(&mut self, path: &Path) {
        self.add(path.variable());
    }

    fn expression(&mut self, expression: &Expression) {
        self.add(expression.variables());
    }

    fn template(&mut self, template: &Option<Template>) {
        if let Some(template) = template {
            self.read(template);
        }
    }

    fn read(&mut self, template: &Template) {
        self.add(template.variables());
    }

    fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.0.extend(names.into_iter().map(ToOwned::to_owned));
    }
}
