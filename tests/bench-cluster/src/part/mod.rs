//! The parts of the benchmark, each with its figures.

mod growth;
mod limit;
mod map;
mod rates;
mod turnaround;
mod waiting;

use std::fmt::{self, Display};
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::bench::Bench;
use crate::report::Report;

/// Longer than anything takes that does not hang.
const LIMIT: Duration = Duration::from_mins(15);

/// A part.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Executions a second, beside the API server's own limit
    Rates,
    /// From one Job's end to the next one's creation
    Turnaround,
    /// Maps over many items
    Map,
    /// More and more executions at once
    Growth,
    /// Executions that wait
    Waiting,
}

impl Part {
    /// These parts, or all, in the order in which they disturb each other least.
    pub fn in_order(only: &[Self]) -> impl Iterator<Item = Self> {
        let wanted = |part: &Self| only.is_empty() || only.contains(part);
        Self::value_variants().iter().copied().filter(wanted)
    }

    /// Whether its executions run Jobs.
    pub fn runs_jobs(self) -> bool {
        matches!(self, Self::Rates | Self::Turnaround | Self::Map)
    }

    /// Measures it.
    pub async fn measure(self, bench: &Bench, report: &mut Report) -> Result<()> {
        match self {
            Self::Rates => {
                let limit = limit::measure(bench, report).await?;
                rates::measure(bench, &limit, report).await
            }
            Self::Turnaround => turnaround::measure(bench, report).await,
            Self::Map => map::measure(bench, report).await,
            Self::Growth => growth::measure(bench, report).await,
            Self::Waiting => waiting::measure(bench, report).await,
        }
    }
}

impl Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        formatter.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
