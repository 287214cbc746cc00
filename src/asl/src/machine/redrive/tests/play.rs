//! An execution that is played by hand.

use super::*;

/// An execution that is put away and restored after every event.
pub(super) struct Play {
    pub(super) machine: Machine,
    pub(super) definition: Arc<StateMachine>,
    pub(super) now: Timestamp,
    pub(super) steps: u64,
    pub(super) history: Vec<Json>,
    pub(super) sealed: HashMap<u64, Value>,
    /// The tasks that were asked for and not cancelled, by their state, in order.
    pub(super) tasks: Vec<(String, TaskId)>,
}

pub(super) const START: &str = "2026-01-01T00:00:00Z";

impl Play {
    pub(super) fn start(definition: &Json) -> Self {
        Self::start_as(definition, "arn:aws:states:us-east-1:1:execution:M:e")
    }

    pub(super) fn start_as(definition: &Json, id: &str) -> Self {
        let definition = definition.to_string();
        let compiled = StateMachine::compile(&definition, &|_| true).unwrap();
        let definition = Arc::new(compiled.state_machine);
        let now = START.parse().unwrap();
        let info = ExecutionInfo {
            id: id.into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: now,
            input: crate::value::parse(r#"{"items": [0, 1, 2, 3, 4]}"#).unwrap(),
            state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
            state_machine_name: "M".into(),
            region: "us-east-1".into(),
        };
        let mut play = Self {
            machine: Machine::new(definition.clone(), info, Limits::default()),
            definition,
            now,
            steps: 0,
            history: Vec::new(),
            sealed: HashMap::new(),
            tasks: Vec::new(),
        };
        play.happens(Event::Started);
        play
    }

    pub(super) fn happens(&mut self, event: Event) -> Transition {
        self.steps += 1;
        let moment = Moment {
            now: self.now,
            entropy: self.steps,
        };
        let transition = self.machine.handle(event, moment);
        let events = self.machine.take_history();
        let events = events.iter().map(|event| event.to_json().to_string());
        let read = |text: String| serde_json::from_str::<Json>(&text).unwrap();
        self.history.extend(events.map(read));
        for command in &transition.commands {
            match command {
                Command::StartTask(request) => {
                    self.tasks.push((request.state.to_string(), request.task));
                }
                Command::CancelTask { task } => self.tasks.retain(|(_, id)| id != task),
            }
        }
        self.restore();
        transition
    }

    pub(super) fn restore(&mut self) {
        let sealed = self.machine.seal();
        let sealed = sealed.into_iter().map(|sealed| (sealed.id, sealed.value));
        self.sealed.extend(sealed);
        let checkpoint = self.machine.checkpoint().bytes;
        let definition = self.definition.clone();
        self.machine =
            Machine::restore(definition, &checkpoint, &self.sealed, Limits::default()).unwrap();
    }

    pub(super) fn take(&mut self, state: &str) -> TaskId {
        let at = self.tasks.iter().position(|(name, _)| name == state);
        let at = at.unwrap_or_else(|| panic!("no task of {state}: {:?}", self.tasks));
        self.tasks.remove(at).1
    }

    pub(super) fn succeed(&mut self, state: &str, output: &str) {
        let task = self.take(state);
        let output = crate::value::parse(output).unwrap();
        self.happens(Event::TaskSucceeded { task, output });
    }

    pub(super) fn fail(&mut self, state: &str) {
        let task = self.take(state);
        let fault = Fault::new("Broken", "so");
        self.happens(Event::TaskFailed { task, fault });
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.happens(Event::TimePassed);
    }

    /// Redrives; the types of the events that follow.
    pub(super) fn redrive(&mut self) -> Vec<String> {
        let before = self.history.len();
        assert_eq!(self.machine.redrivable(self.now), Ok(()));
        self.happens(Event::Redrive);
        self.types_from(before)
    }

    pub(super) fn types_from(&self, at: usize) -> Vec<String> {
        let events = self.history[at..].iter();
        events
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn running(&self) -> Vec<&str> {
        self.tasks.iter().map(|(state, _)| &**state).collect()
    }

    pub(super) fn status(&self) -> &'static str {
        self.machine.outcome().map_or("RUNNING", Outcome::status)
    }

    pub(super) fn output(&self) -> Json {
        let Some(Outcome::Succeeded(output)) = self.machine.outcome() else {
            panic!("{:?}", self.machine.outcome());
        };
        serde_json::from_str(&output.to_string()).unwrap()
    }

    pub(super) fn threads(&self) -> usize {
        self.machine.threads.iter().count()
    }

    pub(super) fn last(&self, event_type: &str) -> &Json {
        let mut events = self.history.iter().rev();
        events.find(|event| event["type"] == event_type).unwrap()
    }
}

pub(super) fn task() -> Json {
    json!({"Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true})
}

pub(super) fn with(mut state: Json, fields: Json) -> Json {
    let fields = fields.as_object().unwrap().clone();
    state.as_object_mut().unwrap().extend(fields);
    state
}

pub(super) fn single(name: &str, state: Json) -> Json {
    json!({"StartAt": name, "States": {name: state}})
}

pub(super) fn parallel(branches: &[&str]) -> Json {
    let branches: Vec<Json> = branches.iter().map(|name| single(name, task())).collect();
    json!({"Type": "Parallel", "Branches": branches, "End": true})
}

pub(super) fn map(processor: Json, fields: Json) -> Json {
    let map =
        json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": true});
    with(map, fields)
}

pub(super) fn distributed(fields: Json) -> Json {
    let mut processor = single("Work", task());
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    map(processor, fields)
}
