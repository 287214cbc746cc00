//! The queue beside a model that says the same as plainly as possible.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// How many executions, in 3 namespaces with 2 state machines each.
const EXECUTIONS: usize = 24;
/// How many run, and start, at a time.
const LIMITS: Limits = Limits {
    running: 6,
    starting: 3,
};

/// An execution's name: some number, so that the order of creation is not that of arrival.
fn name(index: usize) -> String {
    format!("{}/{}", namespace(index), index * 7 % EXECUTIONS)
}

fn namespace(index: usize) -> &'static str {
    ["a", "b", "c"][index % 3]
}

fn machine_of(index: usize) -> &'static str {
    ["m", "n"][index / 3 % 2]
}

#[derive(Debug, Clone)]
enum Step {
    Open,
    Expect(usize),
    Enqueue(usize),
    Next,
    Started(usize),
    Occupy(usize),
    Remove(usize),
    Limit(usize, Option<usize>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = || 0..EXECUTIONS;
    let step = prop_oneof![
        1 => Just(Step::Open),
        3 => any().prop_map(Step::Expect),
        8 => any().prop_map(Step::Enqueue),
        8 => Just(Step::Next),
        4 => any().prop_map(Step::Started),
        1 => any().prop_map(Step::Occupy),
        3 => any().prop_map(Step::Remove),
        2 => (any(), proptest::option::of(0..4usize)).prop_map(|(of, limit)| Step::Limit(of, limit)),
    ];
    proptest::collection::vec(step, 1..200)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Absent,
    Expected,
    Queued,
    Starting,
    Running,
}

/// What the queue is to do, said as plainly as possible.
struct Model {
    open: bool,
    states: [State; EXECUTIONS],
    limits: BTreeMap<(&'static str, &'static str), usize>,
    /// For each namespace in which one could start: which others were served since.
    passed: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Model {
    fn count(&self, is: impl Fn(usize, State) -> bool) -> usize {
        let states = self.states.iter().enumerate();
        states.filter(|(index, state)| is(*index, **state)).count()
    }

    fn running(&self) -> usize {
        self.count(|_, state| matches!(state, State::Starting | State::Running))
    }

    fn has_room(&self) -> bool {
        let starting = self.count(|_, state| state == State::Starting);
        self.open && self.running() < LIMITS.running && starting < LIMITS.starting
    }

    fn machine_has_room(&self, index: usize) -> bool {
        let machine = (namespace(index), machine_of(index));
        let running = self.count(|other, state| {
            (namespace(other), machine_of(other)) == machine
                && matches!(state, State::Starting | State::Running)
        });
        self.limits
            .get(&machine)
            .is_none_or(|limit| running < *limit)
    }

    /// Whether it is the first of its namespace that could start, were there room.
    fn is_first(&self, index: usize) -> bool {
        let order = |index| index * 7 % EXECUTIONS;
        let elder_in_the_way = (0..EXECUTIONS).any(|other| {
            namespace(other) == namespace(index)
                && order(other) < order(index)
                && match self.states[other] {
                    State::Expected => true,
                    State::Queued => self.machine_has_room(other),
                    _ => false,
                }
        });
        self.states[index] == State::Queued && self.machine_has_room(index) && !elder_in_the_way
    }

    /// Somebody starts, or nobody.
    fn next(&mut self, next: Option<&Candidate>) {
        let firsts = (0..EXECUTIONS).filter(|index| self.is_first(*index));
        let firsts: Vec<_> = firsts.collect();
        let Some(next) = next else {
            assert!(
                !self.has_room() || firsts.is_empty(),
                "{firsts:?} could start"
            );
            return;
        };
        assert!(self.has_room());
        let is_next = |index: &usize| candidate(&name(*index)) == *next;
        let index = firsts.iter().copied().find(is_next);
        let index = index.unwrap_or_else(|| panic!("{next:?} is not among {firsts:?}"));
        self.states[index] = State::Starting;
        self.pass(namespace(index), &firsts);
    }

    /// No namespace is served twice while another waits for its turn.
    fn pass(&mut self, served: &'static str, firsts: &[usize]) {
        let waiting = firsts.iter().map(|index| namespace(*index));
        for namespace in waiting.filter(|namespace| *namespace != served) {
            let others = self.passed.entry(namespace).or_default();
            assert!(
                !others.contains(&served),
                "{namespace} was passed by {served} twice"
            );
            others.push(served);
        }
        self.passed.remove(served);
    }

    /// Whoever could not start in between begins anew.
    fn forget_passed(&mut self) {
        let firsts = (0..EXECUTIONS).filter(|index| self.is_first(*index));
        let waiting: Vec<_> = firsts.map(namespace).collect();
        self.passed
            .retain(|namespace, _| waiting.contains(namespace));
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Open => self.open = true,
            Step::Expect(index) => {
                if self.states[index] == State::Absent {
                    self.states[index] = State::Expected;
                }
            }
            Step::Enqueue(index) => {
                if matches!(self.states[index], State::Absent | State::Expected) {
                    self.states[index] = State::Queued;
                }
            }
            Step::Started(index) => {
                if self.states[index] == State::Starting {
                    self.states[index] = State::Running;
                }
            }
            Step::Occupy(index) => {
                if self.states[index] != State::Starting {
                    self.states[index] = State::Running;
                }
            }
            Step::Remove(index) => self.states[index] = State::Absent,
            Step::Limit(index, limit) => {
                let machine = (namespace(index), machine_of(index));
                match limit {
                    Some(limit) => self.limits.insert(machine, limit),
                    None => self.limits.remove(&machine),
                };
            }
            Step::Next => {}
        }
    }
}

fn do_step(queue: &mut Queue, step: &Step) {
    let of = |index| Machine {
        namespace: namespace(index).into(),
        name: machine_of(index).into(),
    };
    let uid = |index| candidate(&name(index)).ticket.uid;
    match *step {
        Step::Open => queue.open(),
        Step::Expect(index) => drop(queue.expect(candidate(&name(index)))),
        Step::Enqueue(index) => queue.enqueue(candidate(&name(index)), machine_of(index)),
        Step::Started(index) => queue.started(&uid(index)),
        Step::Occupy(index) => queue.occupy(&uid(index), of(index)),
        Step::Remove(index) => queue.remove(&uid(index)),
        Step::Limit(index, limit) => queue.limit(of(index), limit),
        Step::Next => {}
    }
}

/// Who is next, by a look at all that wait.
fn look_at_all(queue: &Queue) -> Option<&Ticket> {
    let last: &str = queue.last.as_deref().unwrap_or_default();
    let mut namespaces: Vec<_> = queue.namespaces.iter().collect();
    namespaces.sort_by_key(|(namespace, _)| (&***namespace <= last, *namespace));
    let mut namespaces = namespaces.into_iter();
    namespaces.find_map(|(namespace, lanes)| eldest(queue, namespace, lanes))
}

fn eldest<'a>(queue: &Queue, namespace: &Arc<str>, lanes: &'a Lanes) -> Option<&'a Ticket> {
    let open = lanes.queued.iter().filter(|(name, _)| {
        let (namespace, name) = (namespace.clone(), Arc::clone(name));
        !queue.is_full(&Machine { namespace, name })
    });
    let eldest = open.filter_map(|(_, lane)| lane.tickets.first()).min()?;
    let elder = lanes.expected.first();
    elder.is_none_or(|elder| eldest < elder).then_some(eldest)
}

proptest! {
    #[test]
    fn order_fairness_and_limits_hold_whatever_happens(steps in steps()) {
        let mut queue = Queue::new(LIMITS);
        let mut model = Model {
            open: false,
            states: [State::Absent; EXECUTIONS],
            limits: BTreeMap::new(),
            passed: BTreeMap::new(),
        };
        for step in &steps {
            do_step(&mut queue, step);
            model.step(step);
            if let Step::Next = step {
                let next = queue.next();
                model.next(next.as_ref());
            }
            model.forget_passed();
            prop_assert_eq!(queue.pick(), look_at_all(&queue));
            let queued = |_, state| matches!(state, State::Expected | State::Queued);
            prop_assert_eq!(queue.queued(), model.count(queued));
            prop_assert_eq!(queue.running(), model.running());
        }
        for index in 0..EXECUTIONS {
            queue.remove(&candidate(&name(index)).ticket.uid);
        }
        prop_assert!(queue.namespaces.is_empty() && queue.places.is_empty());
        prop_assert!(queue.ready.is_empty());
        prop_assert!(queue.machines.values().all(|load| load.limit.is_some()));
    }
}
