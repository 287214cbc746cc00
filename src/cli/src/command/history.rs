//! `sfn history`: what an Execution of the cluster did, event by event.

use std::collections::HashSet;
use std::io::{StdoutLock, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use asl::history::EventId;
use clap::Args;
use crd::Execution;
use engine::history::{Backward, Forward, KeptEvent, Line, StateTrace, Tail};
use engine::ports::{ExecutionKey, PageId, StoreError};
use engine::record;
use futures::StreamExt as _;
use jiff::Timestamp;
use kube::ResourceExt as _;

use crate::connection::{Connection, Executions};
use crate::history_line::history_line;
use crate::printable;

/// Print the history of an Execution in the cluster.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn history order-17 -n shop
      All events: number, seconds since the start, type, and what it is about
  sfn history order-17 --follow
      Those that there are and those that come, until the execution ends
  sfn history order-17 --reverse --limit 20
      The last 20, the newest first
  sfn history order-17 --type 'Task*,ExecutionFailed' --state Charge
      What the tasks of the state Charge did
  sfn history order-17 --json | jq '.events[] | select(.type == \"TaskFailed\")'
      As GetExecutionHistory answers, but all of it

It reads the Execution and its ExecutionPages; the role view may do that.")]
pub struct History {
    /// The Execution's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    connection: Connection,

    /// Only events of these types; Task* stands for all that begin so
    #[arg(
        long = "type",
        value_name = "TYPE,…",
        value_delimiter = ',',
        help_heading = "Events"
    )]
    types: Vec<String>,
    /// Only events in this state; may be given more than once
    #[arg(long = "state", value_name = "NAME", help_heading = "Events")]
    states: Vec<String>,
    /// So many events at most
    #[arg(long, value_name = "NUMBER", help_heading = "Events")]
    limit: Option<u64>,
    /// The newest first
    #[arg(long, conflicts_with = "follow", help_heading = "Events")]
    reverse: bool,
    /// Go on with what happens, until the execution ends
    #[arg(long, short, help_heading = "Events")]
    follow: bool,

    /// Print JSON: {"events": […]} with one event a line; with --follow only these lines
    #[arg(long, help_heading = "Output")]
    json: bool,
}

impl History {
    /// Prints it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(self.print())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn print(&self) -> anyhow::Result<()> {
        let executions = self.connection.open().await?;
        let execution = executions.get(&self.name).await?;
        let mut printer = Printer::new(self);
        printer.open()?;
        if self.follow {
            self.follow(&executions, &mut printer).await?;
        } else if self.reverse {
            let kept = Kept::of(&executions, &execution)?;
            let wanted = self.wanted_ids(&kept).await?;
            kept.print_backward(&mut printer, wanted.as_ref()).await?;
        } else {
            let kept = Kept::of(&executions, &execution)?;
            kept.print_after(0, &mut printer).await?;
        }
        printer.close()
    }

    /// Prints what there is, and what comes, until the execution ended.
    async fn follow(
        &self,
        executions: &Executions,
        printer: &mut Printer<'_>,
    ) -> anyhow::Result<()> {
        let mut changes = executions.watch(&self.name);
        let mut last = 0;
        while let Some(execution) = changes.next().await {
            let execution = execution?;
            let kept = Kept::of(executions, &execution)?;
            last = kept.print_after(last, printer).await?;
            if printer.is_full() || execution.has_ended() {
                break;
            }
        }
        Ok(())
    }

    /// The events in the states that are wanted: which state an event is in is known only from
    /// those before it. None where all are wanted.
    async fn wanted_ids(&self, kept: &Kept<'_>) -> anyhow::Result<Option<HashSet<EventId>>> {
        if self.states.is_empty() {
            return Ok(None);
        }
        let (mut trace, mut wanted) = (StateTrace::default(), HashSet::new());
        let mut reader = Forward::open(&kept.tail, 0, kept.load()).await?;
        while let Some(line) = reader.next().await? {
            if self.is_in_state(&mut trace, &parse(&line)?) {
                wanted.insert(line.id);
            }
        }
        Ok(Some(wanted))
    }

    fn is_in_state(&self, trace: &mut StateTrace, event: &KeptEvent) -> bool {
        let state = trace.state_of(event);
        state.is_some_and(|state| self.states.iter().any(|wanted| **wanted == *state))
    }

    fn is_of_type(&self, event: &KeptEvent) -> bool {
        let matches = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => event.event_type.starts_with(beginning),
            None => event.event_type == *wanted,
        };
        self.types.is_empty() || self.types.iter().any(matches)
    }
}

fn parse(line: &Line) -> anyhow::Result<KeptEvent> {
    let event = serde_json::from_str(&line.text);
    event.with_context(|| format!("event {} of the history cannot be read", line.id))
}

/// The history of an Execution as it was read.
struct Kept<'a> {
    executions: &'a Executions,
    key: ExecutionKey,
    tail: Tail,
    started: Option<Timestamp>,
}

impl<'a> Kept<'a> {
    fn of(executions: &'a Executions, execution: &Execution) -> anyhow::Result<Self> {
        let status = execution.status.as_ref();
        let record = status.and_then(|status| status.checkpoint.as_deref());
        let record = record.map(record::decode).transpose()?;
        Ok(Self {
            executions,
            key: ExecutionKey {
                namespace: executions.namespace.as_str().into(),
                name: execution.name_any().into(),
                uid: execution.uid().unwrap_or_default().into(),
            },
            // One that has not started has no events.
            tail: record.map_or_else(Tail::new, |record| record.tail),
            started: status.and_then(|status| Some(status.start_date.as_ref()?.0)),
        })
    }

    fn load(&self) -> impl AsyncFn(&PageId) -> Result<Arc<str>, StoreError> {
        async |id: &PageId| controller::load_page(&self.executions.client, &self.key, id).await
    }

    /// Prints what comes after the event `after`; the last event.
    async fn print_after(
        &self,
        after: EventId,
        printer: &mut Printer<'_>,
    ) -> anyhow::Result<EventId> {
        let mut last = after;
        let mut reader = Forward::open(&self.tail, after, self.load()).await?;
        while !printer.is_full()
            && let Some(line) = reader.next().await?
        {
            last = line.id;
            let event = parse(&line)?;
            let command = printer.command;
            let in_state =
                command.states.is_empty() || command.is_in_state(&mut printer.trace, &event);
            if in_state && command.is_of_type(&event) {
                printer.print(&line, &event, self.started)?;
            }
        }
        Ok(last)
    }

    async fn print_backward(
        &self,
        printer: &mut Printer<'_>,
        wanted: Option<&HashSet<EventId>>,
    ) -> anyhow::Result<()> {
        let mut reader = Backward::open(&self.tail, self.load());
        while !printer.is_full()
            && let Some(line) = reader.next().await?
        {
            let event = parse(&line)?;
            let in_state = wanted.is_none_or(|wanted| wanted.contains(&line.id));
            if in_state && printer.command.is_of_type(&event) {
                printer.print(&line, &event, self.started)?;
            }
        }
        Ok(())
    }
}

/// Prints events.
struct Printer<'a> {
    command: &'a History,
    trace: StateTrace,
    printed: u64,
    out: StdoutLock<'static>,
}

impl<'a> Printer<'a> {
    fn new(command: &'a History) -> Self {
        Self {
            command,
            trace: StateTrace::default(),
            printed: 0,
            out: std::io::stdout().lock(),
        }
    }

    fn is_one_document(&self) -> bool {
        self.command.json && !self.command.follow
    }

    fn open(&mut self) -> anyhow::Result<()> {
        if self.is_one_document() {
            write!(self.out, "{{\"events\": [")?;
        }
        Ok(())
    }

    fn print(
        &mut self,
        line: &Line,
        event: &KeptEvent,
        started: Option<Timestamp>,
    ) -> anyhow::Result<()> {
        if self.is_one_document() {
            let separator = if self.printed > 0 { "," } else { "" };
            write!(self.out, "{separator}\n{}", printable::json(&line.text))?;
        } else if self.command.json {
            writeln!(self.out, "{}", printable::json(&line.text))?;
        } else {
            let started = started.unwrap_or(event.timestamp);
            writeln!(self.out, "{}", history_line(event, started))?;
        }
        self.printed += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.command.limit.is_some_and(|most| self.printed >= most)
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if self.is_one_document() {
            writeln!(self.out, "\n]}}")?;
        }
        self.out.flush()?;
        Ok(())
    }
}
