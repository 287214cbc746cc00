//! What the leader does: both controllers, and the end of them.

use std::sync::Arc;
use std::time::Duration;

use crd::{Execution, StateMachine};
use engine::clock::SystemClock;
use engine::entropy::RandomEntropy;
use engine::ports::TaskRunner;
use jiff::Timestamp;
use kube::runtime::reflector::{self, ObjectRef, store::Writer};
use kube::{Client, Resource};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{Admission, Waking};
use crate::backoff::Backoffs;
use crate::context::Context;
use crate::definitions::Definitions;
use crate::events::Events;
use crate::execution::queued::{Announcer, Queued, run_announcer};
use crate::execution::redrive::run_redrives;
use crate::expiry::{Due, Expiry, run_expiry};
use crate::health::Phase;
use crate::history_limits::{HistoryLimits, ToCount, run_history_limits};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::observer::Reporter;
use crate::options::Options;
use crate::queue::Limits;
use crate::{ControllerError, execution, state_machine};

/// How long reconciles, and then drivers, may take to finish what is under way. Both together stay
/// below the 30 s that Kubernetes gives a pod.
const DRAIN: Duration = Duration::from_secs(10);

/// Reconciles until `shutdown`, then drains.
pub(crate) async fn run(
    options: Options,
    runner: Arc<dyn TaskRunner>,
    client: Client,
    metrics: Arc<Metrics>,
    phase: &watch::Sender<Phase>,
    shutdown: CancellationToken,
) -> Result<(), ControllerError> {
    phase.send_replace(Phase::Syncing);
    metrics.leader(true);
    let (context, inputs) = set_up(options, runner, client, metrics.clone(), shutdown.clone());
    let synced = async {
        context.synced.cancelled().await;
        phase.send_replace(Phase::Leading);
        tracing::info!(executions = context.executions.len(), "synced");
        std::future::pending::<()>().await;
    };
    let hurry = async {
        shutdown.cancelled().await;
        // Controllers that wait for their first list do not hear that they are to stop.
        if context.synced.is_cancelled() {
            tokio::time::sleep(DRAIN).await;
        }
    };
    tokio::select! {
        () = run_controllers(&context, inputs) => {}
        () = synced => {}
        () = hurry => tracing::info!("not all reconciles have ended; they are repeated later"),
    }
    phase.send_replace(Phase::Stopping);
    metrics.leader(false);
    if !shutdown.is_cancelled() {
        return Err(ControllerError::Ended("controllers"));
    }
    drain(&context).await;
    Ok(())
}

/// What the controllers read from: the ends of what [`Context`] holds the beginnings of.
pub(crate) struct Inputs {
    executions: Input<Execution>,
    redrives: Input<Execution>,
    state_machines: Input<StateMachine>,
    due: UnboundedReceiver<Due>,
    to_count: UnboundedReceiver<ToCount>,
    queued: UnboundedReceiver<Queued>,
}

/// Fills the store of a kind, and says which of its objects are to be reconciled besides those that
/// change.
struct Input<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    woken: UnboundedReceiver<ObjectRef<K>>,
}

/// What reconciles share, and what they read from.
pub(crate) fn set_up(
    options: Options,
    runner: Arc<dyn TaskRunner>,
    client: Client,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
) -> (Arc<Context>, Inputs) {
    let (executions, writer) = reflector::store();
    let (redrives, redrive_writer) = reflector::store();
    let (state_machines, state_machine_writer) = reflector::store();
    let (wake_executions, woken) = unbounded_channel();
    let (wake_redrives, woken_redrives) = unbounded_channel();
    let (wake_state_machines, woken_state_machines) = unbounded_channel();
    let (expiry, due) = unbounded_channel();
    let (history_limits, to_count) = unbounded_channel();
    let (announcer, queued) = unbounded_channel();
    let limits = Limits {
        running: options.max_running_executions,
        // Those that run always find room for their writes.
        starting: options.write_concurrency.div_ceil(2),
    };
    let waking = [
        Waking {
            executions: executions.clone(),
            wake: wake_executions.clone(),
        },
        Waking {
            executions: redrives.clone(),
            wake: wake_redrives,
        },
    ];
    let rate = options.events_per_second;
    let events = Events::start(client.clone(), &options.identity, rate, metrics.clone());
    let context = Context {
        limits: options.limits,
        writes: Arc::new(Semaphore::new(options.write_concurrency)),
        options,
        client,
        runner,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(RandomEntropy),
        observer: Arc::new(Reporter {
            metrics: metrics.clone(),
            events: events.clone(),
        }),
        events,
        metrics: metrics.clone(),
        definitions: Definitions::default(),
        admission: Arc::new(Admission::new(limits, waking, metrics)),
        announcer: Announcer::new(announcer),
        live: Live::default(),
        expiry: Expiry::new(expiry),
        history_limits: HistoryLimits::new(history_limits),
        executions,
        state_machines,
        redrives,
        drivers: TaskTracker::new(),
        execution_backoffs: Backoffs::default(),
        driver_backoffs: Backoffs::default(),
        state_machine_backoffs: Backoffs::default(),
        wake_executions,
        wake_state_machines,
        synced: CancellationToken::new(),
        began: Timestamp::now(),
        shutdown,
    };
    let inputs = Inputs {
        executions: Input { writer, woken },
        redrives: Input {
            writer: redrive_writer,
            woken: woken_redrives,
        },
        state_machines: Input {
            writer: state_machine_writer,
            woken: woken_state_machines,
        },
        due,
        to_count,
        queued,
    };
    (Arc::new(context), inputs)
}

/// Reconciles until `context.shutdown`.
async fn run_controllers(context: &Arc<Context>, inputs: Inputs) {
    let Inputs {
        executions,
        redrives,
        state_machines,
        due,
        to_count,
        queued,
    } = inputs;
    tokio::join!(
        execution::run_controller(context.clone(), executions.writer, executions.woken),
        run_redrives(context.clone(), redrives.writer, redrives.woken),
        state_machine::run_controller(context.clone(), state_machines.writer, state_machines.woken),
        run_expiry(context.clone(), due),
        run_history_limits(context.clone(), to_count),
        run_announcer(context.clone(), queued),
    );
}

async fn drain(context: &Context) {
    context.drivers.close();
    let count = context.drivers.len();
    tracing::info!(
        executions = count,
        "finishing the writes that are under way"
    );
    if tokio::time::timeout(DRAIN, context.drivers.wait())
        .await
        .is_err()
    {
        let left = context.drivers.len();
        tracing::warn!(
            executions = left,
            "some writes did not end in time; they are repeated later"
        );
    }
}
