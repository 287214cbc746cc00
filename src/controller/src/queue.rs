//! Which executions may run, and who is next: pure.
//!
//! Executions wait in the order of their creation. One whose state machine runs as many as it may
//! lets others of its namespace go first, and the namespaces take turns. How many run is limited,
//! and so is how many start at a time: an execution starts until its first write is done.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

/// What holds for all executions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many run at a time, those that start included.
    pub running: usize,
    /// How many start at a time.
    pub starting: usize,
}

/// A place in the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// When the object was created, to the second.
    pub created: Timestamp,
    /// The object's resourceVersion: within a second, what was created later has a greater one.
    pub version: u64,
    /// The object's uid.
    pub uid: Arc<str>,
}

/// An execution that is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it stands in the order.
    pub ticket: Ticket,
    /// The object's namespace.
    pub namespace: Arc<str>,
    /// The object's name.
    pub name: Arc<str>,
}

/// A state machine: a namespace, and its `spec.name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Machine {
    /// The namespace.
    pub namespace: Arc<str>,
    /// `spec.name`.
    pub name: Arc<str>,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It runs, or may start.
    Admitted,
    /// It starts soon, once others have started.
    Soon,
    /// It waits for an execution of its state machine to end.
    MachineFull,
    /// It waits for any execution to end.
    Full,
    /// It is not queued.
    Unknown,
}

#[derive(Debug)]
enum Place {
    /// It is there; what it runs is not known yet.
    Expected(Candidate),
    Queued(Candidate, Machine),
    Starting(Machine),
    Running(Machine),
}

/// Those of one namespace that wait.
#[derive(Debug, Default)]
struct Lanes {
    expected: BTreeSet<Ticket>,
    /// By the state machine's name; none is empty.
    queued: HashMap<Arc<str>, Lane>,
    /// The first of each lane whose state machine is not full.
    heads: BTreeSet<Ticket>,
}

/// Those of one state machine that wait.
#[derive(Debug, Default)]
struct Lane {
    tickets: BTreeSet<Ticket>,
    /// What [`Lanes::heads`] has of it.
    head: Option<Ticket>,
}

impl Lanes {
    /// Who is the next to start, were there room.
    fn next(&self) -> Option<&Ticket> {
        let eldest = self.heads.first()?;
        let elder = self.expected.first();
        elder.is_none_or(|elder| eldest < elder).then_some(eldest)
    }

    fn is_empty(&self) -> bool {
        self.expected.is_empty() && self.queued.is_empty()
    }

    /// Lists the first of a lane anew.
    fn relist(&mut self, name: &str, is_full: bool) {
        let Some(lane) = self.queued.get_mut(name) else {
            return;
        };
        let head = lane.tickets.first().filter(|_| !is_full);
        if head != lane.head.as_ref() {
            let head = head.cloned();
            if let Some(last) = lane.head.take() {
                self.heads.remove(&last);
            }
            self.heads.extend(head.clone());
            lane.head = head;
        }
        if lane.tickets.is_empty() {
            self.queued.remove(name);
        }
    }
}

/// A state machine that runs, or that has a limit.
#[derive(Debug, Default)]
struct Load {
    limit: Option<usize>,
    running: usize,
}

impl Load {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.running >= limit)
    }
}

/// All executions that wait or run.
#[derive(Debug)]
pub struct Queue {
    limits: Limits,
    open: bool,
    places: HashMap<Arc<str>, Place>,
    namespaces: HashMap<Arc<str>, Lanes>,
    /// The namespaces of which somebody may start, were there room.
    ready: BTreeSet<Arc<str>>,
    machines: HashMap<Machine, Load>,
    starting: usize,
    running: usize,
    /// The namespace that was served last.
    last: Option<Arc<str>>,
}

impl Queue {
    /// Nobody may start before [`Queue::open`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: false,
            places: HashMap::new(),
            namespaces: HashMap::new(),
            ready: BTreeSet::new(),
            machines: HashMap::new(),
            starting: 0,
            running: 0,
            last: None,
        }
    }

    /// All that run already are counted: others may start.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// An execution is there, and what it runs will be known soon. Until then none of its
    /// namespace that was created later starts. Whether it had no place before.
    pub fn expect(&mut self, candidate: Candidate) -> bool {
        let uid = candidate.ticket.uid.clone();
        if self.places.contains_key(&uid) {
            return false;
        }
        let lanes = self.namespaces.entry(candidate.namespace.clone());
        lanes.or_default().expected.insert(candidate.ticket.clone());
        self.mark(&candidate.namespace);
        self.places.insert(uid, Place::Expected(candidate));
        true
    }

    /// An execution is to run the state machine of this name. Of no effect if it may already, or
    /// is queued for it.
    pub fn enqueue(&mut self, candidate: Candidate, machine: &str) {
        let machine = Machine {
            namespace: candidate.namespace.clone(),
            name: machine.into(),
        };
        let uid = candidate.ticket.uid.clone();
        // An object that changed has another version; its place stays.
        let candidate = match self.places.get(&uid) {
            Some(Place::Starting(_) | Place::Running(_)) => return,
            Some(Place::Queued(_, queued)) if *queued == machine => return,
            Some(Place::Queued(queued, _) | Place::Expected(queued)) => queued.clone(),
            None => candidate,
        };
        self.remove(&uid);
        let lanes = self.namespaces.entry(candidate.namespace.clone());
        let lane = lanes.or_default().queued.entry(machine.name.clone());
        let lane = lane.or_default();
        lane.tickets.insert(candidate.ticket.clone());
        self.relist(&machine);
        self.places.insert(uid, Place::Queued(candidate, machine));
    }

    /// Whoever may start now; it counts from here on.
    pub fn next(&mut self) -> Option<Candidate> {
        let has_room = self.running < self.limits.running && self.starting < self.limits.starting;
        if !self.open || !has_room {
            return None;
        }
        let uid = self.pick()?.uid.clone();
        let Some(Place::Queued(candidate, machine)) = self.take_out(&uid) else {
            return None;
        };
        self.last = Some(candidate.namespace.clone());
        self.starting += 1;
        self.count(&machine);
        self.places.insert(uid, Place::Starting(machine));
        Some(candidate)
    }

    /// The namespace after the one that was served last comes first.
    fn pick(&self) -> Option<&Ticket> {
        let last: &str = self.last.as_deref().unwrap_or_default();
        let from = (Bound::Excluded(last), Bound::Unbounded);
        let mut after = self.ready.range::<str, _>(from);
        let namespace = after.next().or_else(|| self.ready.first())?;
        self.namespaces.get(namespace)?.next()
    }

    /// A lane changed, or whether its state machine is full.
    fn relist(&mut self, machine: &Machine) {
        let is_full = self.is_full(machine);
        if let Some(lanes) = self.namespaces.get_mut(&machine.namespace) {
            lanes.relist(&machine.name, is_full);
        }
        self.mark(&machine.namespace);
    }

    /// Who waits of a namespace changed.
    fn mark(&mut self, namespace: &Arc<str>) {
        let lanes = self.namespaces.get(namespace);
        match lanes.and_then(Lanes::next) {
            Some(_) => self.ready.insert(namespace.clone()),
            None => self.ready.remove(namespace),
        };
        if lanes.is_some_and(Lanes::is_empty) {
            self.namespaces.remove(namespace);
        }
    }

    fn is_full(&self, machine: &Machine) -> bool {
        self.machines.get(machine).is_some_and(Load::is_full)
    }

    /// An execution that may start has done its first write.
    pub fn started(&mut self, uid: &str) {
        if let Some(place) = self.places.get_mut(uid)
            && let Place::Starting(machine) = place
        {
            *place = Place::Running(machine.clone());
            self.starting -= 1;
        }
    }

    /// An execution runs already: it counts, whatever the limits say.
    pub fn occupy(&mut self, uid: &str, machine: Machine) {
        if let Some(Place::Starting(_) | Place::Running(_)) = self.places.get(uid) {
            return;
        }
        self.remove(uid);
        self.count(&machine);
        self.places.insert(uid.into(), Place::Running(machine));
    }

    /// An execution ended, is not to run, or does not exist any more.
    pub fn remove(&mut self, uid: &str) {
        match self.take_out(uid) {
            Some(Place::Starting(machine)) => {
                self.starting -= 1;
                self.discount(&machine);
            }
            Some(Place::Running(machine)) => self.discount(&machine),
            Some(Place::Expected(_) | Place::Queued(..)) | None => {}
        }
    }

    /// Only these exist still.
    pub fn retain(&mut self, exists: impl Fn(&str) -> bool) {
        let gone = self.places.keys().filter(|uid| !exists(uid));
        let gone: Vec<_> = gone.cloned().collect();
        for uid in gone {
            self.remove(&uid);
        }
    }

    /// Says anew how many executions of a state machine run at a time; `None`: any number. What
    /// runs goes on.
    pub fn limit(&mut self, machine: Machine, limit: Option<usize>) {
        self.machines.entry(machine.clone()).or_default().limit = limit;
        self.forget_idle(&machine);
        self.relist(&machine);
    }

    /// How an execution stands.
    #[must_use]
    pub fn standing(&self, uid: &str) -> Standing {
        match self.places.get(uid) {
            None => Standing::Unknown,
            Some(Place::Starting(_) | Place::Running(_)) => Standing::Admitted,
            Some(Place::Queued(_, machine)) if self.is_full(machine) => Standing::MachineFull,
            Some(_) if self.running >= self.limits.running => Standing::Full,
            Some(_) => Standing::Soon,
        }
    }

    /// How many wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.places.len() - self.running
    }

    /// How many run, those that start included.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    fn count(&mut self, machine: &Machine) {
        self.running += 1;
        self.machines.entry(machine.clone()).or_default().running += 1;
        self.relist(machine);
    }

    fn discount(&mut self, machine: &Machine) {
        self.running -= 1;
        if let Some(load) = self.machines.get_mut(machine) {
            load.running -= 1;
        }
        self.forget_idle(machine);
        self.relist(machine);
    }

    fn forget_idle(&mut self, machine: &Machine) {
        let load = self.machines.get(machine);
        if load.is_some_and(|load| load.running == 0 && load.limit.is_none()) {
            self.machines.remove(machine);
        }
    }

    /// Takes an execution out of its lane, without a change of what is counted.
    fn take_out(&mut self, uid: &str) -> Option<Place> {
        let place = self.places.remove(uid)?;
        let (candidate, machine) = match &place {
            Place::Expected(candidate) => (candidate, None),
            Place::Queued(candidate, machine) => (candidate, Some(machine)),
            Place::Starting(_) | Place::Running(_) => return Some(place),
        };
        let lanes = self.namespaces.get_mut(&candidate.namespace)?;
        match machine {
            None => {
                lanes.expected.remove(&candidate.ticket);
                self.mark(&candidate.namespace);
            }
            Some(machine) => {
                let lane = lanes.queued.get_mut(&machine.name)?;
                lane.tickets.remove(&candidate.ticket);
                self.relist(machine);
            }
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests;
