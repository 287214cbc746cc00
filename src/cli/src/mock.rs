//! Mocked service integrations, in the format of Step Functions Local.
//!
//! Source: Step Functions developer guide, "Testing state machines with Step Functions Local",
//! "Mock configuration file".

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::machine::TaskRequest;
use asl::resource::Resource;
use async_trait::async_trait;
use engine::ports::{RunnerError, Task, TaskRunner, TaskUpdate};
use serde::Deserialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::runners::Runners;

/// The file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MockFile {
    /// By name of the state machine.
    state_machines: BTreeMap<String, MockedStateMachine>,
    /// By name; then by attempt (`0`) or attempts (`1-3`).
    #[serde(default)]
    mocked_responses: BTreeMap<String, BTreeMap<String, Response>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MockedStateMachine {
    /// By name of the test case: by name of the state, the name of a mocked response.
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a service answers to one attempt.
#[derive(Deserialize, Clone)]
enum Response {
    /// A result.
    Return(Value),
    /// An error.
    Throw {
        /// Its name.
        #[serde(rename = "Error")]
        error: String,
        /// Its cause.
        #[serde(rename = "Cause", default)]
        cause: Option<String>,
    },
}

/// Runs the tasks of mocked states; those of others go to `real`.
pub struct MockRunner {
    states: HashMap<String, Vec<Attempts>>,
    real: Runners,
    attempts: Mutex<HashMap<Arc<str>, u64>>,
}

/// What is answered from one attempt to another, both included and counted from 0.
struct Attempts {
    first: u64,
    last: u64,
    response: Response,
}

impl MockFile {
    /// The runner of one test case. With a single state machine, or a single test case, its name
    /// need not be given.
    ///
    /// # Errors
    /// There is no such state machine, test case or response, or attempts that are no numbers.
    pub fn runner(
        &self,
        state_machine: Option<&str>,
        test_case: Option<&str>,
        real: Runners,
    ) -> anyhow::Result<MockRunner> {
        let machine = choose(
            &self.state_machines,
            state_machine,
            "state machine",
            "--mock-state-machine",
        )?;
        let case = choose(&machine.test_cases, test_case, "test case", "--test-case")?;
        let mut states = HashMap::new();
        for (state, name) in case {
            let Some(responses) = self.mocked_responses.get(name) else {
                bail!(
                    "the test case answers the state '{state}' with '{name}', which is not in MockedResponses"
                );
            };
            let attempts = responses
                .iter()
                .map(|(range, response)| attempts(name, range, response));
            states.insert(state.clone(), attempts.collect::<anyhow::Result<Vec<_>>>()?);
        }
        Ok(MockRunner {
            states,
            real,
            attempts: Mutex::default(),
        })
    }
}

fn choose<'a, T>(
    all: &'a BTreeMap<String, T>,
    wanted: Option<&str>,
    what: &str,
    option: &str,
) -> anyhow::Result<&'a T> {
    let names = || all.keys().cloned().collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        let mut values = all.values();
        return match (values.next(), values.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => bail!("the mock file has no {what}"),
            _ => bail!(
                "the mock file has more than one {what}: choose with {option} among {}",
                names()
            ),
        };
    };
    all.get(wanted)
        .with_context(|| format!("the mock file has no {what} '{wanted}', only: {}", names()))
}

fn attempts(name: &str, range: &str, response: &Response) -> anyhow::Result<Attempts> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.trim().parse::<u64>();
    let (Ok(first), Ok(last)) = (number(first), number(last)) else {
        bail!(
            "the mocked response '{name}' has '{range}' where an attempt such as 0 or 1-3 is expected"
        );
    };
    Ok(Attempts {
        first,
        last,
        response: response.clone(),
    })
}

impl MockRunner {
    /// No state is mocked.
    pub fn without_mocks(real: Runners) -> Self {
        Self {
            states: HashMap::new(),
            real,
            attempts: Mutex::default(),
        }
    }

    fn next_attempt(&self, state: &Arc<str>) -> u64 {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = attempts.entry(state.clone()).or_default();
        let attempt = *counter;
        *counter += 1;
        attempt
    }

    fn answer(&self, state: &Arc<str>, responses: &[Attempts]) -> Result<Value, Fault> {
        let attempt = self.next_attempt(state);
        let response = responses
            .iter()
            .find(|attempts| (attempts.first..=attempts.last).contains(&attempt));
        match response.map(|attempts| &attempts.response) {
            Some(Response::Return(value)) => Ok(value.clone()),
            Some(Response::Throw { error, cause }) => {
                Err(Fault::new(error, cause.clone().unwrap_or_default()))
            }
            None => Err(Fault::new(
                RUNTIME,
                format!(
                    "the mocked response of the state '{state}' has no answer to attempt {attempt}"
                ),
            )),
        }
    }
}

#[async_trait]
impl TaskRunner for MockRunner {
    fn serves(&self, _: &Resource) -> bool {
        // What a mocked state calls is of no interest, and which states are mocked is not known
        // here; run says what is missing.
        true
    }

    fn leaves_something(&self, resource: &Resource) -> bool {
        self.real.leaves_something(resource)
    }

    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        let state = &task.request.state;
        if let Some(responses) = self.states.get(&**state) {
            return self.answer(state, responses);
        }
        if self.real.serves(&task.request.resource) {
            return self.real.run(task, updates).await;
        }
        Err(Fault::new(RUNTIME, advice(&task.request)))
    }

    async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        match self.states.contains_key(&*task.request.state) {
            true => Ok(()),
            false => self.real.cancel(task).await,
        }
    }
}

/// What to do about a task that nothing here runs.
fn advice(request: &TaskRequest) -> String {
    let TaskRequest {
        state, resource, ..
    } = request;
    let advice = if tasks::serves(resource) {
        "answer it with --mock, or give a cluster with --kubeconfig"
    } else if storage::serves(resource) {
        "answer it with --mock, or give a folder with --object-storage"
    } else {
        "answer it with --mock"
    };
    format!("the state '{state}' calls {resource}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::{MockFile, Runners};
    use rstest::rstest;

    fn file(json: &str) -> MockFile {
        serde_json::from_str(json).unwrap()
    }

    const TWO: &str = r#"{"StateMachines": {"M": {"TestCases": {"A": {"S": "R"}, "B": {"S": "Missing"}}}},
        "MockedResponses": {"R": {"0": {"Throw": {"Error": "E"}}, "1-2": {"Return": {"x": 1}}}}}"#;

    #[rstest]
    #[case(
        None,
        None,
        "more than one test case: choose with --test-case among A, B"
    )]
    #[case(Some("N"), Some("A"), "no state machine 'N', only: M")]
    #[case(None, Some("C"), "no test case 'C', only: A, B")]
    #[case(None, Some("B"), "'Missing', which is not in MockedResponses")]
    fn what_is_not_there_is_named(
        #[case] machine: Option<&str>,
        #[case] case: Option<&str>,
        #[case] message: &str,
    ) {
        let error = file(TWO)
            .runner(machine, case, Runners::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn attempts_are_answered_in_turn() {
        let runner = file(TWO)
            .runner(None, Some("A"), Runners::default())
            .unwrap();
        let state = "S".into();
        let responses = &runner.states["S"];
        assert_eq!(runner.answer(&state, responses).unwrap_err().name(), "E");
        for _ in 0..2 {
            assert_eq!(
                runner.answer(&state, responses).unwrap().to_string(),
                r#"{"x":1}"#
            );
        }
        let fault = runner.answer(&state, responses).unwrap_err();
        assert!(fault.cause.unwrap().contains("no answer to attempt 3"));
    }

    #[test]
    fn an_attempt_that_is_no_number_is_refused() {
        let text = TWO.replace("1-2", "one");
        let error = file(&text)
            .runner(None, Some("A"), Runners::default())
            .err()
            .unwrap();
        assert!(error.to_string().contains("has 'one' where an attempt"));
    }
}
