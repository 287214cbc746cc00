//! The Map state: runs one processor per item.
//!
//! Source: States Language, "Map State"; Step Functions developer guide, "Map workflow state",
//! inline and distributed.

mod begin;
mod child_execution;
mod csv;
mod found_items;
mod item_batcher;
mod item_reader;
mod iterations;
mod pointer;
mod result_writer;
mod results;
mod run;
mod tolerance;

use std::sync::Arc;

pub(crate) use found_items::{FoundItems, STATE_DATA, key_and_value};
pub use pointer::Pointer;
pub(crate) use results::Results;
pub(crate) use run::MapRun;
pub(crate) use tolerance::Tolerance;

use super::{Catcher, Next, Retrier, StateIndex};
use crate::machine::ExecutionInfo;
use crate::query::{Dynamic, Expression, Path, Random, Template};
use crate::resource::Resource;

/// The fields of a Map state.
#[derive(Debug)]
pub struct Map {
    /// `ItemsPath` (JSONPath) or `Items` (JSONata); absent: the effective input.
    pub items: Option<Items>,
    /// `ItemReader`
    pub item_reader: Option<ItemReader>,
    /// `ItemSelector`, or `Parameters` in the older form.
    pub item_selector: Option<Template>,
    /// `ItemBatcher`
    pub item_batcher: Option<ItemBatcher>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`; 0 is no limit.
    pub max_concurrency: Option<Dynamic<u64>>,
    /// `ToleratedFailurePercentage` or its Path
    pub tolerated_failure_percentage: Option<Dynamic<f64>>,
    /// `ToleratedFailureCount` or its Path
    pub tolerated_failure_count: Option<Dynamic<u64>>,
    /// `ProcessorConfig.Mode: DISTRIBUTED`
    pub distributed: bool,
    /// `ProcessorConfig.ExecutionType: EXPRESS` of the children of a distributed Map.
    pub express: bool,
    /// `Label` of a distributed Map, part of the Map Run's ARN.
    pub label: Option<Arc<str>>,
    /// `ResultWriter`
    pub result_writer: Option<ResultWriter>,
    /// Where the `ItemProcessor` (or `Iterator`) starts.
    pub processor: StateIndex,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`
    pub next: Next,
}

/// Where the items come from.
#[derive(Debug)]
pub enum Items {
    /// `ItemsPath`
    Path(Path),
    /// `Items` as one expression.
    Expression(Expression),
    /// `Items` written out, with expressions inside.
    Template(Template),
}

/// `ItemReader`: items from object storage.
#[derive(Debug)]
pub struct ItemReader {
    /// `Resource`: `s3:getObject` or `s3:listObjectsV2`.
    pub resource: Arc<Resource>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
    /// `ReaderConfig`
    pub config: ReaderConfig,
}

/// `ReaderConfig`.
#[derive(Debug, Default)]
pub struct ReaderConfig {
    /// `InputType`: `CSV`, `JSON`, `JSONL`; absent for listings.
    pub input_type: Option<Arc<str>>,
    /// `ItemsPointer`: where the items are in a JSON text.
    pub items_pointer: Option<Pointer>,
    /// `CSVHeaderLocation`: `FIRST_ROW` or `GIVEN`.
    pub csv_header_location: Option<Arc<str>>,
    /// `CSVHeaders`
    pub csv_headers: Option<Vec<Arc<str>>>,
    /// `CSVDelimiter`: `COMMA`, `PIPE`, `SEMICOLON`, `SPACE`, `TAB`.
    pub csv_delimiter: Option<Arc<str>>,
    /// `MaxItems` or `MaxItemsPath`
    pub max_items: Option<Dynamic<u64>>,
}

/// `ItemBatcher`: several items per child execution.
#[derive(Debug)]
pub struct ItemBatcher {
    /// `BatchInput`
    pub batch_input: Option<Template>,
    /// `MaxItemsPerBatch` or its Path
    pub max_items_per_batch: Option<Dynamic<u64>>,
    /// `MaxInputBytesPerBatch` or its Path
    pub max_input_bytes_per_batch: Option<Dynamic<u64>>,
}

/// `ResultWriter`: results into object storage.
#[derive(Debug)]
pub struct ResultWriter {
    /// `Resource`: `s3:putObject`.
    pub resource: Option<Arc<Resource>>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
    /// `WriterConfig`
    pub config: WriterConfig,
}

/// `WriterConfig`: how results are put down.
#[derive(Debug, Default)]
pub struct WriterConfig {
    /// `Transformation`, where it is given.
    pub transformation: Option<Transformation>,
    /// Whether `OutputType` is `JSONL` instead of `JSON`.
    pub lines: bool,
}

/// `Transformation` of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transformation {
    /// What there is to tell of each child execution, its output among it.
    None,
    /// The outputs.
    Compact,
    /// The outputs; those that are arrays are taken apart.
    Flatten,
}

/// The ARN of a Map Run: `arn:…:mapRun:<state machine>/<label>:<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MapRunArn(pub Arc<str>);

impl MapRunArn {
    fn new(info: &ExecutionInfo, label: Option<&str>, random: &Random) -> Self {
        let machine = info
            .state_machine_id
            .replacen(":stateMachine:", ":mapRun:", 1);
        let label = label.map_or_else(|| random.next_uuid(), ToOwned::to_owned);
        Self(format!("{machine}/{label}:{}", random.next_uuid()).into())
    }

    /// The last part.
    fn id(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }
}
