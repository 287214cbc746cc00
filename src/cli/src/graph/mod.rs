//! A state machine as a graph: what is drawn, whatever the format.
//!
//! Transitions never leave their scope, so the graph of a scope stands for itself, and those of
//! branches and item processors lie inside the state they belong to.

mod condition;
mod layout;
mod mermaid;
mod svg;

use std::collections::HashMap;
use std::sync::Arc;

use asl::definition::StateMachine;
use asl::resource::{Resource, ResourceKind};
use asl::states::{Next, State, StateIndex, StateKind};

pub use layout::TooLarge;

/// A state machine, a branch or an item processor. The first node is where it begins.
pub struct Scope {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// A state, or where the execution begins or ends.
struct Node {
    shape: Shape,
    name: Arc<str>,
    /// What kind of state it is, for the second line.
    kind: String,
    /// The branches of a Parallel state, or the item processor of a Map state.
    inner: Vec<Scope>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Where the execution begins or ends.
    Terminal,
    Step,
    Choice,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// A transition between two nodes of a scope.
struct Edge {
    from: usize,
    to: usize,
    kind: EdgeKind,
    /// When it is taken; empty for always.
    label: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EdgeKind {
    /// `Next`, `Default`, `End`
    Next,
    /// The `Next` of a Catcher.
    Catch,
}

/// Where a transition leads.
struct Transition {
    next: Next,
    kind: EdgeKind,
    label: String,
}

impl Scope {
    /// The graph of a state machine, with nodes for its start and its end.
    pub fn of(machine: &StateMachine) -> Self {
        let mut collector = Collector::new(machine);
        collector.nodes.push(Node::terminal("Start"));
        let first = collector.node(machine.start_at);
        collector.edges.extend(first.map(|to| Edge {
            from: 0,
            to,
            kind: EdgeKind::Next,
            label: String::new(),
        }));
        collector.collect();
        let ends = std::mem::take(&mut collector.ends);
        if !ends.is_empty() {
            let end = collector.nodes.len();
            collector.nodes.push(Node::terminal("End"));
            let edges = ends.into_iter().map(|from| Edge {
                from,
                to: end,
                kind: EdgeKind::Next,
                label: String::new(),
            });
            collector.edges.extend(edges);
        }
        collector.scope()
    }

    /// The graph of a branch or an item processor.
    fn inner(machine: &StateMachine, start_at: StateIndex) -> Self {
        let mut collector = Collector::new(machine);
        collector.node(start_at);
        collector.collect();
        collector.scope()
    }

    /// As a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        mermaid::render(self)
    }

    /// As an SVG image.
    ///
    /// # Errors
    /// The graph has too many transitions that cross too many states.
    pub fn to_svg(&self, title: &str) -> Result<String, TooLarge> {
        svg::render(self, title)
    }
}

/// Gathers the states of a scope, by following its transitions.
struct Collector<'a> {
    machine: &'a StateMachine,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    found: HashMap<StateIndex, usize>,
    /// States whose transitions are not followed yet.
    open: Vec<(usize, &'a State)>,
    /// Nodes with which the scope ends.
    ends: Vec<usize>,
}

impl<'a> Collector<'a> {
    fn new(machine: &'a StateMachine) -> Self {
        Self {
            machine,
            nodes: Vec::new(),
            edges: Vec::new(),
            found: HashMap::new(),
            open: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The node of a state, made where there is none yet.
    fn node(&mut self, index: StateIndex) -> Option<usize> {
        if let Some(found) = self.found.get(&index) {
            return Some(*found);
        }
        let state = self.machine.state(index)?;
        let node = self.nodes.len();
        self.nodes.push(Node::of(self.machine, state));
        self.found.insert(index, node);
        self.open.push((node, state));
        Some(node)
    }

    fn collect(&mut self) {
        while let Some((from, state)) = self.open.pop() {
            for transition in transitions(state) {
                match transition.next {
                    Next::End => self.ends.push(from),
                    Next::State(index) => {
                        let Some(to) = self.node(index) else { continue };
                        self.edges.push(Edge {
                            from,
                            to,
                            kind: transition.kind,
                            label: transition.label,
                        });
                    }
                }
            }
        }
    }

    fn scope(self) -> Scope {
        Scope {
            nodes: self.nodes,
            edges: self.edges,
        }
    }
}

impl Node {
    fn terminal(name: &str) -> Self {
        Self {
            shape: Shape::Terminal,
            name: name.into(),
            kind: String::new(),
            inner: Vec::new(),
        }
    }

    fn of(machine: &StateMachine, state: &State) -> Self {
        let (shape, kind, starts) = match &state.kind {
            StateKind::Pass(_) => (Shape::Step, "Pass".to_owned(), Vec::new()),
            StateKind::Wait(_) => (Shape::Step, "Wait".to_owned(), Vec::new()),
            StateKind::Task(task) => (Shape::Step, task_kind(&task.resource), Vec::new()),
            StateKind::Choice(_) => (Shape::Choice, "Choice".to_owned(), Vec::new()),
            StateKind::Succeed => (Shape::Succeed, "Succeed".to_owned(), Vec::new()),
            StateKind::Fail(_) => (Shape::Fail, "Fail".to_owned(), Vec::new()),
            StateKind::Parallel(parallel) => {
                let starts = parallel.branches.clone();
                (Shape::Parallel, "Parallel".to_owned(), starts)
            }
            StateKind::Map(map) => {
                let kind = match map.distributed {
                    true => "Map, distributed",
                    false => "Map",
                };
                (Shape::Map, kind.to_owned(), vec![map.processor])
            }
        };
        let inner = starts.into_iter().map(|start| Scope::inner(machine, start));
        Self {
            shape,
            name: state.name.clone(),
            kind,
            inner: inner.collect(),
        }
    }
}

/// Such as `Task eks:runJob.sync`.
fn task_kind(resource: &Resource) -> String {
    match &resource.kind {
        ResourceKind::Service { service, .. } => format!("Task {service}:{}", resource.resource()),
        ResourceKind::Activity(name) => format!("Task activity {name}"),
        ResourceKind::Lambda(name) => format!("Task lambda {name}"),
    }
}

fn transitions(state: &State) -> Vec<Transition> {
    let always = |next| vec![Transition::next(next, String::new())];
    let mut all = match &state.kind {
        StateKind::Pass(pass) => always(pass.next),
        StateKind::Wait(wait) => always(wait.next),
        StateKind::Task(task) => always(task.next),
        StateKind::Parallel(parallel) => always(parallel.next),
        StateKind::Map(map) => always(map.next),
        StateKind::Succeed => always(Next::End),
        StateKind::Fail(_) => Vec::new(),
        StateKind::Choice(choice) => {
            let rules = choice.choices.iter().map(|rule| {
                Transition::next(Next::State(rule.next), condition::text(&rule.condition))
            });
            let default = choice
                .default
                .map(|next| Transition::next(Next::State(next), "Default".to_owned()));
            rules.chain(default).collect()
        }
    };
    all.extend(state.catch().iter().map(|catcher| Transition {
        next: Next::State(catcher.next),
        kind: EdgeKind::Catch,
        label: catcher.error_equals.join(", "),
    }));
    all
}

impl Transition {
    fn next(next: Next, label: String) -> Self {
        Self {
            next,
            kind: EdgeKind::Next,
            label,
        }
    }
}
