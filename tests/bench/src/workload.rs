//! The workloads: a definition, an input and the output that must come out.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use asl::Value;
use asl::definition::{Diagnostic, StateMachine};
use asl::history::HistoryEvent;
use asl::machine::{Event, ExecutionInfo, Limits, Machine, Moment, Outcome};
use jiff::Timestamp;

/// A compiled workload.
#[derive(Debug)]
pub struct Workload {
    /// Its name, such as `W1`.
    pub name: String,
    definition: Arc<StateMachine>,
    info: ExecutionInfo,
    expected: Value,
}

impl Workload {
    /// Reads a workload's file.
    ///
    /// # Errors
    /// The file cannot be read, or what it has cannot be compiled.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = || format!("cannot read {}", path.display());
        let text = fs::read_to_string(path).with_context(shown)?;
        let file = asl::value::parse(&text).with_context(shown)?;
        let member = |name| file.get(name).cloned().unwrap_or_default();
        Ok(Self {
            name: member("name").as_str().unwrap_or_default().to_owned(),
            definition: Arc::new(compile(&member("definition").to_string())?),
            info: execution_info(member("input")),
            expected: member("expected"),
        })
    }

    /// Runs it once, with its whole history kept.
    ///
    /// # Errors
    /// It does not end as it should.
    pub fn run(&self) -> Result<Vec<HistoryEvent>> {
        let limits = Limits::default();
        let mut machine = Machine::new(self.definition.clone(), self.info.clone(), limits);
        let mut moment = Moment {
            now: Timestamp::UNIX_EPOCH,
            entropy: 1,
        };
        let mut event = Event::Started;
        loop {
            let transition = machine.handle(event, moment);
            match transition.outcome {
                Some(Outcome::Succeeded(output)) if output == self.expected => {
                    return Ok(machine.take_history());
                }
                Some(other) => bail!("{} ended otherwise: {other:?}", self.name),
                None if transition.yielded => event = Event::TimePassed,
                None => bail!("{} waits", self.name),
            }
            moment.entropy += 1;
        }
    }
}

/// Compiles a definition's text.
///
/// # Errors
/// It is refused.
pub fn compile(text: &str) -> Result<StateMachine> {
    match StateMachine::compile(text, &|_| true) {
        Ok(compiled) => Ok(compiled.state_machine),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
            bail!("refused: {}", problems.join("; "))
        }
    }
}

/// A definition's text with `states` states of several types, each with paths to compile.
#[must_use]
pub fn large_definition(states: usize) -> String {
    let mut text = String::from(r#"{"StartAt":"S0","States":{"#);
    for index in 0..states {
        let next = index + 1;
        let state = match index % 4 {
            0 => format!(
                r#""Type":"Pass","Parameters":{{"a.$":"$.a.b[0]","i.$":"States.MathAdd($.i, {index})"}},"ResultPath":"$.r{index}","Next":"S{next}""#
            ),
            1 => format!(
                r#""Type":"Choice","Choices":[{{"And":[{{"Variable":"$.i","NumericGreaterThan":{index}}},{{"Variable":"$.s","StringMatches":"a*"}}],"Next":"End"}}],"Default":"S{next}""#
            ),
            2 => format!(
                r#""Type":"Task","Resource":"arn:aws:states:::eks:call","Parameters":{{"Path.$":"States.Format('/api/{{}}', $.name)"}},"Retry":[{{"ErrorEquals":["States.ALL"],"MaxAttempts":2}}],"Catch":[{{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"End"}}],"Next":"S{next}""#
            ),
            _ => format!(r#""Type":"Wait","SecondsPath":"$.seconds","Next":"S{next}""#),
        };
        let _ = write!(text, r#""S{index}":{{{state}}},"#);
    }
    let _ = write!(
        text,
        r#""S{states}":{{"Type":"Pass","Next":"End"}},"End":{{"Type":"Succeed"}}}}}}"#
    );
    text
}

fn execution_info(input: Value) -> ExecutionInfo {
    let arn = |kind: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:bench").into();
    ExecutionInfo {
        id: arn("execution"),
        name: "bench".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input,
        state_machine_id: arn("stateMachine"),
        state_machine_name: "bench".into(),
        region: "us-east-1".into(),
    }
}
