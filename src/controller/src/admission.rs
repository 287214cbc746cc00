//! Who may run now: the queue of this process, and those that it lets go are reconciled.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crd::Execution;
use kube::ResourceExt as _;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::sync::mpsc::UnboundedSender;

use crate::arn::state_machine_of;
use crate::metrics::Metrics;
use crate::queue::{Candidate, Limits, Machine, Queue, Standing, Ticket};

/// Who reconciles executions that wait.
pub struct Waking {
    /// Those that it watches.
    pub executions: Store<Execution>,
    /// Has one of them reconciled.
    pub wake: UnboundedSender<ObjectRef<Execution>>,
}

impl Waking {
    fn has(&self, candidate: &Candidate) -> bool {
        let found = self.executions.get(&object(candidate));
        found.and_then(|found| found.uid()).as_deref() == Some(&candidate.ticket.uid)
    }
}

/// Lets executions start.
pub struct Admission {
    queue: Mutex<Queue>,
    waking: [Waking; 2],
    metrics: Arc<Metrics>,
}

impl Admission {
    /// Nobody may start before [`Admission::synced`]. Whoever may is woken, if somebody still
    /// watches it: those that never started are watched apart from those that ended.
    #[must_use]
    pub fn new(limits: Limits, waking: [Waking; 2], metrics: Arc<Metrics>) -> Self {
        Self {
            queue: Mutex::new(Queue::new(limits)),
            waking,
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the queue, and lets go whoever may start then.
    fn change(&self, change: impl FnOnce(&mut Queue)) {
        for candidate in self.change_and_admit(change) {
            self.wake(&candidate);
        }
    }

    fn change_and_admit(&self, change: impl FnOnce(&mut Queue)) -> Vec<Candidate> {
        let mut queue = self.lock();
        change(&mut queue);
        let mut admitted = Vec::new();
        while let Some(candidate) = queue.next() {
            match self.exists(&candidate) {
                true => admitted.push(candidate),
                // It was deleted before it was queued.
                false => queue.remove(&candidate.ticket.uid),
            }
        }
        self.metrics.queued(queue.queued(), queue.running());
        admitted
    }

    fn exists(&self, candidate: &Candidate) -> bool {
        self.waking.iter().any(|waking| waking.has(candidate))
    }

    fn wake(&self, candidate: &Candidate) {
        for waking in self.waking.iter().filter(|waking| waking.has(candidate)) {
            // The controller is gone: the process stops.
            let _ = waking.wake.send(object(candidate));
        }
    }

    /// All executions that exist are known, and those that run are counted: others may start.
    /// What a watch missed while it was broken is gone, unless it is carried here.
    pub fn synced(&self, is_carried: impl Fn(&str) -> bool) {
        let states = self.waking.iter().map(|waking| waking.executions.state());
        let executions: Vec<_> = states.flatten().collect();
        let there: HashSet<_> = executions.iter().filter_map(|found| found.uid()).collect();
        self.change(|queue| {
            queue.retain(|uid| there.contains(uid) || is_carried(uid));
            queue.open();
        });
    }

    /// Executions will be reconciled: none that was created later overtakes them. Gives those that
    /// had no place before; whoever expects them sees to it that they are reconciled.
    pub fn expect<'a>(
        &self,
        executions: impl IntoIterator<Item = &'a Execution>,
    ) -> Vec<ObjectRef<Execution>> {
        let mut new = Vec::new();
        self.change(|queue| {
            for candidate in executions.into_iter().filter_map(read_candidate) {
                let object = object(&candidate);
                if queue.expect(candidate) {
                    new.push(object);
                }
            }
        });
        new
    }

    /// Whether an execution of a state machine may start now. If not it is queued, and reconciled
    /// once it may.
    pub fn enter(&self, execution: &Execution, state_machine: &str) -> bool {
        let Some(candidate) = read_candidate(execution) else {
            return false;
        };
        let uid = candidate.ticket.uid.clone();
        let admitted = self.change_and_admit(|queue| queue.enqueue(candidate, state_machine));
        for candidate in admitted.iter().filter(|other| other.ticket.uid != uid) {
            self.wake(candidate);
        }
        self.standing(&uid) == Standing::Admitted
    }

    /// The same of an execution that ran before, and ended.
    pub fn enter_again(&self, execution: &Execution) -> bool {
        self.enter(execution, state_machine_by_status(execution))
    }

    /// How an execution stands.
    pub fn standing(&self, uid: &str) -> Standing {
        self.lock().standing(uid)
    }

    /// The first write of an execution is done, or one that comes before it failed.
    pub fn started(&self, uid: &str) {
        self.change(|queue| queue.started(uid));
    }

    /// An execution of a state machine runs already.
    pub fn occupy(&self, execution: &Execution, state_machine: &str) {
        let uid = execution.uid().unwrap_or_default();
        let namespace = execution.namespace().unwrap_or_default();
        let machine = machine(&namespace, state_machine);
        self.change(|queue| queue.occupy(&uid, machine));
    }

    /// An execution runs, as its status says.
    pub fn occupy_by_status(&self, execution: &Execution) {
        self.occupy(execution, state_machine_by_status(execution));
    }

    /// An execution ended, is not to run, or does not exist any more.
    pub fn remove(&self, uid: &str) {
        self.change(|queue| queue.remove(uid));
    }

    /// How many executions of a state machine run at a time; `None`: any number.
    pub fn limit(&self, namespace: &str, state_machine: &str, limit: Option<usize>) {
        let machine = machine(namespace, state_machine);
        self.change(|queue| queue.limit(machine, limit));
    }
}

fn state_machine_by_status(execution: &Execution) -> &str {
    let status = execution.status.as_ref();
    let metadata = status.and_then(|status| status.ack_resource_metadata.as_ref());
    let arn = metadata.and_then(|metadata| metadata.arn.as_deref());
    arn.and_then(state_machine_of).unwrap_or_default()
}

fn machine(namespace: &str, name: &str) -> Machine {
    Machine {
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn object(candidate: &Candidate) -> ObjectRef<Execution> {
    ObjectRef::new(&candidate.name).within(&candidate.namespace)
}

fn read_candidate(execution: &Execution) -> Option<Candidate> {
    let metadata = &execution.metadata;
    let version = metadata.resource_version.as_deref()?.parse();
    Some(Candidate {
        ticket: Ticket {
            created: metadata.creation_timestamp.as_ref()?.0,
            // Kubernetes says nothing about what is no number.
            version: version.unwrap_or_default(),
            uid: metadata.uid.as_deref()?.into(),
        },
        namespace: metadata.namespace.as_deref()?.into(),
        name: metadata.name.as_deref()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use crd::{AckResourceMetadata, ExecutionStatus, Time};
    use jiff::Timestamp;
    use kube::runtime::reflector;
    use kube::runtime::watcher::Event;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    const LIMITS: Limits = Limits {
        running: 1,
        starting: 1,
    };

    fn execution(number: usize) -> Execution {
        let mut execution = Execution::new(&format!("e{number}"), crd::ExecutionSpec::default());
        let metadata = &mut execution.metadata;
        metadata.namespace = Some("ns".to_owned());
        metadata.uid = Some(number.to_string());
        metadata.resource_version = Some(number.to_string());
        metadata.creation_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        execution
    }

    fn watched(existing: &[Execution]) -> (Waking, UnboundedReceiver<ObjectRef<Execution>>) {
        let (executions, mut writer) = reflector::store();
        for execution in existing {
            writer.apply_watcher_event(&Event::Apply(execution.clone()));
        }
        let (wake, woken) = unbounded_channel();
        (Waking { executions, wake }, woken)
    }

    /// One execution at a time, of those that exist.
    fn admission(existing: &[Execution]) -> (Admission, UnboundedReceiver<ObjectRef<Execution>>) {
        let (waking, woken) = watched(existing);
        let waking = [waking, watched(&[]).0];
        (Admission::new(LIMITS, waking, Arc::default()), woken)
    }

    fn runs(execution: &mut Execution) {
        execution.status = Some(ExecutionStatus {
            ack_resource_metadata: Some(AckResourceMetadata {
                arn: Some("arn:aws:states:us-east-1:000000000000:execution:m:e1".to_owned()),
                ..AckResourceMetadata::default()
            }),
            ..ExecutionStatus::default()
        });
    }

    #[test]
    fn whoever_waited_is_woken_and_who_asks_is_told() {
        let (first, second) = (execution(1), execution(2));
        let (admission, mut woken) = admission(&[first.clone(), second.clone()]);
        admission.synced(|_| false);
        assert!(admission.enter(&first, "m"));
        assert!(!admission.enter(&second, "m"));
        assert!(woken.try_recv().is_err());
        admission.remove("1");
        assert_eq!(woken.try_recv().unwrap().name, "e2");
        assert!(admission.enter(&second, "m"));
    }

    #[test]
    fn one_that_was_deleted_before_it_was_queued_takes_no_room() {
        let (gone, second) = (execution(1), execution(2));
        let (admission, mut woken) = admission(std::slice::from_ref(&second));
        assert!(!admission.enter(&gone, "m"));
        assert!(!admission.enter(&second, "m"));
        let mut again = second.clone();
        again.metadata.uid = Some("3".to_owned());
        assert!(!admission.enter(&again, "m"));
        admission.synced(|uid| uid == "1");
        assert_eq!(woken.try_recv().unwrap().name, "e2");
        assert_eq!(admission.standing("1"), Standing::Unknown);
    }

    #[test]
    fn what_runs_by_its_status_counts_for_its_state_machine() {
        let mut running = execution(1);
        runs(&mut running);
        let second = execution(2);
        let (admission, _woken) = admission(&[running.clone(), second.clone()]);
        admission.limit("ns", "m", Some(1));
        admission.occupy_by_status(&running);
        admission.synced(|_| false);
        assert!(!admission.enter(&second, "m"));
        assert_eq!(admission.standing("2"), Standing::MachineFull);
    }

    #[test]
    fn one_that_is_to_go_on_waits_like_the_others_and_is_woken_where_it_is_watched() {
        let (new, mut ended) = (execution(2), execution(1));
        runs(&mut ended);
        let (news, _) = watched(std::slice::from_ref(&new));
        let (redrives, mut woken) = watched(std::slice::from_ref(&ended));
        let admission = Admission::new(LIMITS, [news, redrives], Arc::default());
        admission.synced(|_| false);
        assert!(admission.enter(&new, "m"));
        assert!(!admission.enter_again(&ended));
        assert_eq!(admission.standing("1"), Standing::Full);
        admission.synced(|_| false);
        admission.remove("2");
        assert_eq!(woken.try_recv().unwrap().name, "e1");
        assert!(admission.enter_again(&ended));
    }
}
