//! Runs a machine to its end in virtual time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::history::HistoryEvent;
use asl::machine::{
    Command, Event, ExecutionInfo, Limits, Machine, Moment, Outcome, TaskId, TaskRequest,
};
use asl::value::Value;
use jiff::{SignedDuration, Timestamp};

/// More events than any case needs; a run that passes it is taken to loop.
const MOST_STEPS: usize = 200_000;

/// How a task ends outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// With a result.
    Succeeded(Value),
    /// With an error.
    Failed(Fault),
    /// Not at all.
    Never,
}

/// What happens to a task outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Who took the task, for activities.
    pub worker: Option<Arc<str>>,
    /// The answer to the request, where the integration pattern waits for more than that.
    pub submitted: Option<Value>,
    /// Its end.
    pub ending: Ending,
    /// The time from the start to the end.
    pub after: SignedDuration,
}

impl Answer {
    /// This end, at once.
    #[must_use]
    pub fn at_once(ending: Ending) -> Self {
        Self {
            worker: None,
            submitted: None,
            ending,
            after: SignedDuration::ZERO,
        }
    }
}

/// Answers tasks.
pub trait StandIn {
    /// What happens to this task.
    fn answer(&mut self, request: &TaskRequest) -> Answer;
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// All events.
    pub history: Vec<HistoryEvent>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mode {
    /// Write a checkpoint and restore it after every event.
    pub restore_everywhere: bool,
    /// Do as little as possible with each event.
    pub give_way_everywhere: bool,
}

impl Mode {
    fn limits(self) -> Limits {
        let mut limits = Limits::default();
        if self.give_way_everywhere {
            limits.time_per_step = Duration::ZERO;
        }
        limits
    }
}

/// Runs an execution from its start to its end.
///
/// # Errors
/// It waits for something that never comes, does not end, or its checkpoint cannot be restored.
pub fn run(
    definition: Arc<StateMachine>,
    info: ExecutionInfo,
    stand_in: &mut dyn StandIn,
    mode: Mode,
) -> Result<Run, String> {
    Driver::new(definition, info, mode).run(stand_in)
}

struct Pending {
    due: Timestamp,
    task: TaskId,
    event: Event,
}

struct Driver {
    definition: Arc<StateMachine>,
    limits: Limits,
    machine: Machine,
    /// The values that its checkpoints refer to.
    sealed: std::collections::HashMap<u64, asl::Value>,
    mode: Mode,
    now: Timestamp,
    steps: u64,
    pending: VecDeque<Pending>,
    history: Vec<HistoryEvent>,
}

impl Driver {
    fn new(definition: Arc<StateMachine>, info: ExecutionInfo, mode: Mode) -> Self {
        let limits = mode.limits();
        Self {
            now: info.start_time,
            machine: Machine::new(definition.clone(), info, limits),
            sealed: std::collections::HashMap::new(),
            definition,
            limits,
            mode,
            steps: 0,
            pending: VecDeque::new(),
            history: Vec::new(),
        }
    }

    fn run(mut self, stand_in: &mut dyn StandIn) -> Result<Run, String> {
        let mut event = Event::Started;
        for _ in 0..MOST_STEPS {
            if let Some(outcome) = self.step(event, stand_in)? {
                return Ok(Run {
                    history: self.history,
                    outcome,
                });
            }
            event = self.next_event()?;
        }
        Err(format!("still running after {MOST_STEPS} events"))
    }

    fn step(
        &mut self,
        event: Event,
        stand_in: &mut dyn StandIn,
    ) -> Result<Option<Outcome>, String> {
        self.steps += 1;
        let moment = Moment {
            now: self.now,
            entropy: self.steps,
        };
        let transition = self.machine.handle(event, moment);
        self.history.extend(self.machine.take_history());
        if self.mode.restore_everywhere {
            self.restore()?;
        }
        for command in transition.commands {
            match command {
                Command::StartTask(request) => self.start(&request, stand_in),
                Command::CancelTask { task } => self.pending.retain(|entry| entry.task != task),
            }
        }
        if transition.yielded {
            self.pending.push_front(Pending {
                due: self.now,
                task: 0,
                event: Event::TimePassed,
            });
        }
        Ok(transition.outcome)
    }

    fn restore(&mut self) -> Result<(), String> {
        for sealed in self.machine.seal() {
            self.sealed.insert(sealed.id, sealed.value);
        }
        let checkpoint = self.machine.checkpoint();
        self.sealed
            .retain(|id, _| checkpoint.refers_to.contains(id));
        self.machine = Machine::restore(
            self.definition.clone(),
            &checkpoint.bytes,
            &self.sealed,
            self.limits,
        )
        .map_err(|error| error.to_string())?;
        Ok(())
    }

    fn start(&mut self, request: &TaskRequest, stand_in: &mut dyn StandIn) {
        let task = request.task;
        let answer = stand_in.answer(request);
        if let Some(worker) = answer.worker {
            let worker_name = Some(worker);
            self.expect(self.now, task, Event::TaskStarted { task, worker_name });
        }
        if let Some(output) = answer.submitted {
            self.expect(self.now, task, Event::TaskSubmitted { task, output });
        }
        let due = self.now.saturating_add(answer.after).unwrap_or(self.now);
        match answer.ending {
            Ending::Succeeded(output) => {
                self.expect(due, task, Event::TaskSucceeded { task, output });
            }
            Ending::Failed(fault) => self.expect(due, task, Event::TaskFailed { task, fault }),
            Ending::Never => {}
        }
    }

    fn expect(&mut self, due: Timestamp, task: TaskId, event: Event) {
        self.pending.push_back(Pending { due, task, event });
    }

    /// The next thing that happens; what tasks report comes before what the clock does.
    fn next_event(&mut self) -> Result<Event, String> {
        let next = (0..self.pending.len())
            .min_by_key(|index| self.pending.get(*index).map(|entry| entry.due));
        let next_due = next
            .and_then(|index| self.pending.get(index))
            .map(|entry| entry.due);
        let deadline = self.machine.deadline();
        let timer_first = match (next_due, deadline) {
            (None, None) => return Err("waits for something that never comes".to_owned()),
            (Some(due), Some(deadline)) => deadline < due,
            (due, _) => due.is_none(),
        };
        if timer_first {
            self.now = self.now.max(deadline.unwrap_or(self.now));
            return Ok(Event::TimePassed);
        }
        let entry = next.and_then(|index| self.pending.remove(index));
        let entry = entry.ok_or("nothing is pending")?;
        self.now = self.now.max(entry.due);
        Ok(entry.event)
    }
}
