//! What reconciles share.

use std::sync::Arc;

use asl::machine::Limits;
use crd::{Execution, StateMachine, Time};
use engine::ports::{Clock, Entropy, Observer, TaskRunner};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, Resource};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::backoff::Backoffs;
use crate::definitions::{Definitions, Known};
use crate::events::Events;
use crate::execution::queued::Announcer;
use crate::expiry::Expiry;
use crate::history_limits::HistoryLimits;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::options::Options;

/// Shared by all reconciles and drivers of one process.
pub struct Context {
    /// How the operator runs.
    pub options: Options,
    /// What bounds an execution.
    pub limits: Limits,
    /// The Kubernetes API.
    pub client: Client,
    /// Who runs tasks.
    pub runner: Arc<dyn TaskRunner>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who wants to know what happens.
    pub observer: Arc<dyn Observer>,
    /// Where people are told.
    pub events: Events,
    /// Where is counted.
    pub metrics: Arc<Metrics>,
    /// The state machines that can be executed.
    pub definitions: Definitions,
    /// Who may run.
    pub admission: Arc<Admission>,
    /// Tells people who may not yet.
    pub announcer: Announcer,
    /// The executions that this process carries.
    pub live: Live,
    /// Finished executions that are to be deleted.
    pub expiry: Expiry,
    /// How many finished executions are kept.
    pub history_limits: HistoryLimits,
    /// The unfinished Executions, as watched.
    pub executions: Store<Execution>,
    /// The StateMachines, as watched.
    pub state_machines: Store<StateMachine>,
    /// The Executions that ended and were ever asked to go on, as watched.
    pub redrives: Store<Execution>,
    /// The drivers, to be waited for at the end.
    pub drivers: TaskTracker,
    /// A permit for each write of an execution that may be under way.
    pub writes: Arc<Semaphore>,
    /// Pauses of Executions that fail.
    pub execution_backoffs: Backoffs<ObjectRef<Execution>>,
    /// Pauses of Executions whose drivers panic: that one is taken up again is no success yet.
    pub driver_backoffs: Backoffs<ObjectRef<Execution>>,
    /// Pauses of StateMachines that fail.
    pub state_machine_backoffs: Backoffs<ObjectRef<StateMachine>>,
    /// Has an Execution reconciled.
    pub wake_executions: UnboundedSender<ObjectRef<Execution>>,
    /// Has a StateMachine reconciled.
    pub wake_state_machines: UnboundedSender<ObjectRef<StateMachine>>,
    /// Cancelled once [`Context::executions`] has all there are. The store's own
    /// `wait_until_ready` wakes only the last of several that wait for it.
    pub synced: CancellationToken,
    /// When this process began to lead.
    pub began: Timestamp,
    /// Cancelled when the process is to stop.
    pub shutdown: CancellationToken,
}

impl Context {
    /// The objects of a kind that this operator serves.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match &self.options.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    /// The time, as objects have it.
    pub fn now(&self) -> Time {
        Time(self.clock.now())
    }

    /// Has an Execution reconciled.
    pub fn wake_execution(&self, object: ObjectRef<Execution>) {
        // The controller is gone: the process stops.
        let _ = self.wake_executions.send(object);
    }

    /// What was found out about a StateMachine, and its ARN: Executions that wait for it go on.
    pub fn define(&self, namespace: &str, name: &str, arn: String, known: Known) {
        let waiting = self.definitions.set(namespace, name, arn, known);
        self.metrics.pending(self.definitions.waiting());
        let objects = waiting
            .iter()
            .filter_map(|object| self.executions.get(object));
        let objects: Vec<_> = objects.collect();
        self.admission
            .expect(objects.iter().map(|object| &**object));
        for object in waiting {
            self.wake_execution(object);
        }
    }

    /// An Execution is finished, and its StateMachine keeps only so many, or none for long.
    pub fn execution_finished(
        &self,
        object: &ObjectRef<Execution>,
        uid: &str,
        state_machine: Option<&str>,
        ttl: Option<i32>,
    ) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let limited = state_machine.and_then(|name| {
            let state_machine = ObjectRef::new(name).within(namespace);
            self.history_limits.execution_ended(&state_machine)
        });
        if let Some(ttl) = ttl.or(limited) {
            self.expiry.schedule(object, uid, self.clock.now(), ttl);
        }
    }

    /// An Execution of a StateMachine ended: one that is being deleted may wait for that.
    pub fn execution_ended(&self, namespace: &str, state_machine: &str) {
        if self
            .definitions
            .get(namespace, state_machine)
            .is_some_and(|known| known.is_leaving())
        {
            let object = ObjectRef::new(state_machine).within(namespace);
            let _ = self.wake_state_machines.send(object);
        }
    }
}
