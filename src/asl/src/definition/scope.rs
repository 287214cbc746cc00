//! Scopes: a state machine, a branch or an item processor, with the transitions inside it.
//!
//! Source: States Language, "States" and "Transitions".

use std::collections::HashMap;
use std::sync::Arc;

use super::compiler::Compiler;
use super::diagnostic::code;
use super::fields::Fields;
use super::place::Place;
use super::state;
use crate::query::QueryLanguage;
use crate::states::{DataFlow, State, StateIndex, StateKind};
use crate::value::{Object, Value};

/// The longest name of a state, in characters.
const MAX_NAME_CHARACTERS: usize = 80;

/// Scopes within scopes, the outermost included.
const MAX_DEPTH: usize = 32;

/// The scope whose states are being compiled.
#[derive(Default)]
pub(super) struct Scope {
    names: HashMap<Arc<str>, StateIndex>,
    edges: Vec<(StateIndex, StateIndex)>,
    current: Option<StateIndex>,
    depth: usize,
    /// A state ends the scope.
    has_terminal: bool,
    /// A state's transitions are unknown, because its fields are wrong.
    has_unknown: bool,
}

impl Compiler<'_> {
    /// Compiles `StartAt` and `States`; gives the place of the first state.
    pub(super) fn compile_scope(&mut self, fields: &Fields<'_>) -> Option<StateIndex> {
        fields.require(self, &["States", "StartAt"]);
        let start_at = fields.string(self, "StartAt");
        let place = fields.place.member("States");
        let states = match fields.get("States")? {
            Value::Object(states) => states,
            other => {
                super::values::wrong_type(self, &place, "Object", other);
                return None;
            }
        };
        if self.scope.depth >= MAX_DEPTH {
            let message = format!("States are nested in more than {MAX_DEPTH} levels");
            self.error_with(code::TOO_DEEPLY_NESTED, &place, message);
            return None;
        }
        if states.is_empty() {
            self.error(&place, "Field 'States' must have at least one state");
            return None;
        }
        let inner = Scope {
            depth: self.scope.depth + 1,
            ..Scope::default()
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        let first = self.declare_states(states, &place);
        let start = start_at.and_then(|name| self.target(&fields.place.member("StartAt"), name));
        for (offset, (name, value)) in states.members().iter().enumerate() {
            let index = StateIndex(first.0.saturating_add(as_u32(offset)));
            self.scope.current = Some(index);
            let compiled = state::compile(self, &place.member(name), name, value);
            if let Some(slot) = self.states.get_mut(index.0 as usize) {
                *slot = compiled;
            }
        }
        if start_at.is_some() {
            self.check_reachability(states, first, start, &place);
        }
        self.scope = outer;
        start
    }

    /// Compiles one state that belongs to no state machine.
    pub(super) fn compile_alone(&mut self, name: &Arc<str>, value: &Value) -> StateIndex {
        let index = StateIndex(as_u32(self.states.len()));
        self.states.push(None);
        self.scope.names.insert(name.clone(), index);
        self.by_name.insert(name.clone(), index);
        let compiled = state::compile(self, &Place::ROOT, name, value);
        if let Some(slot) = self.states.get_mut(index.0 as usize) {
            *slot = compiled;
        }
        index
    }

    /// Gives every state of the scope its place, so that transitions can lead forwards.
    fn declare_states(&mut self, states: &Object, place: &Place<'_>) -> StateIndex {
        let first = StateIndex(as_u32(self.states.len()));
        for (name, _) in states.members() {
            let place = place.member(name);
            self.check_name(name, &place);
            let index = StateIndex(as_u32(self.states.len()));
            self.states.push(None);
            self.scope.names.insert(name.clone(), index);
            if self.by_name.insert(name.clone(), index).is_some() {
                let message = format!("Duplicate State name: {name}");
                self.error_with(code::DUPLICATE_STATE_NAME, &place, message);
            }
        }
        first
    }

    fn check_name(&mut self, name: &str, place: &Place<'_>) {
        let length = name.chars().count();
        let message = match length {
            0 => "The name of a state must not be empty".to_owned(),
            1..=MAX_NAME_CHARACTERS => return,
            _ => format!(
                "The name of a state must not exceed {MAX_NAME_CHARACTERS} characters, but this \
                 one has {length}"
            ),
        };
        self.error_with(code::INVALID_STATE_NAME, place, message);
    }

    /// The state that a transition of the current state names.
    pub(super) fn target(&mut self, place: &Place<'_>, name: &Arc<str>) -> Option<StateIndex> {
        let Some(target) = self.scope.names.get(name).copied() else {
            if self.single_state && self.scope.depth == 0 {
                return Some(self.placeholder(name));
            }
            self.missing_target(place, name);
            return None;
        };
        if let Some(current) = self.scope.current {
            self.scope.edges.push((current, target));
        }
        Some(target)
    }

    /// A state that stands for one outside of what is compiled.
    fn placeholder(&mut self, name: &Arc<str>) -> StateIndex {
        let index = StateIndex(as_u32(self.states.len()));
        self.states.push(Some(State {
            name: name.clone(),
            query_language: QueryLanguage::default(),
            data_flow: DataFlow::default(),
            assign: None,
            kind: StateKind::Succeed,
        }));
        self.scope.names.insert(name.clone(), index);
        self.by_name.entry(name.clone()).or_insert(index);
        index
    }

    /// The current state ends its scope.
    pub(super) fn ends_scope(&mut self) {
        self.scope.has_terminal = true;
    }

    /// It cannot be said where the current state leads.
    pub(super) fn has_unknown_transition(&mut self) {
        self.scope.has_unknown = true;
    }

    /// As AWS reports it: without any terminal state that alone; else each state that no
    /// transition leads to.
    fn check_reachability(
        &mut self,
        states: &Object,
        first: StateIndex,
        start: Option<StateIndex>,
        place: &Place<'_>,
    ) {
        if self.scope.has_unknown {
            return;
        }
        if !self.scope.has_terminal {
            self.no_terminal_state();
            return;
        }
        // From a start that is not there nothing is reached, and that one was reported.
        let Some(start) = start else {
            return;
        };
        let reached = self.reached(states.len(), first, start);
        for ((name, _), reached) in states.members().iter().zip(reached) {
            if !reached {
                self.not_reachable(&place.member(name), name);
            }
        }
    }

    fn reached(&self, count: usize, first: StateIndex, start: StateIndex) -> Vec<bool> {
        let local = |index: StateIndex| index.0.checked_sub(first.0).map(|n| n as usize);
        let mut ways: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, to) in &self.scope.edges {
            if let (Some(from), Some(to)) = (local(*from), local(*to))
                && let Some(ways) = ways.get_mut(from)
            {
                ways.push(to);
            }
        }
        let mut reached = vec![false; count];
        let mut open: Vec<usize> = local(start).into_iter().collect();
        while let Some(index) = open.pop() {
            match reached.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            open.extend(ways.get(index).into_iter().flatten());
        }
        reached
    }
}

/// A definition has at most a million bytes, and each state takes some.
fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
