//! The fields of a Map state.
//!
//! Source: States Language, "Map State"; Step Functions developer guide, "Map workflow state".

use crate::definition::MachineType;
use crate::definition::assign::ASSIGN;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::INPUT_AND_OUTPUT;
use crate::definition::expression;
use crate::definition::fields::{Fields, Supported};
use crate::definition::map_objects::{item_batcher, item_reader, result_writer};
use crate::definition::place::Place;
use crate::definition::state::{EVERY_STATE, TRANSITION, next};
use crate::definition::values::wrong_type;
use crate::definition::{catch, label, retry};
use crate::query::{Expression, QueryLanguage};
use crate::states::map::Items;
use crate::states::{Map, StateIndex, StateKind};
use crate::value::Value;

const FIELDS: Supported = Supported {
    always: &[
        "ItemProcessor",
        "Iterator",
        "ItemSelector",
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "Label",
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
        "Retry",
        "Catch",
    ],
    jsonpath: &[
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "ItemsPath",
        "MaxConcurrencyPath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
    ],
    jsonata: &["Items"],
};

/// The fields that only a distributed Map has.
const DISTRIBUTED_ONLY: [&str; 4] = ["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

const PROCESSOR: Supported = Supported {
    always: &["StartAt", "States", "Comment", "ProcessorConfig"],
    jsonpath: &[],
    jsonata: &[],
};

const PROCESSOR_CONFIG: Supported = Supported {
    always: &["Mode", "ExecutionType"],
    jsonpath: &[],
    jsonata: &[],
};

/// The most child executions that a Map state is told to run at once; what goes beyond is cut by
/// the service, not refused.
const MAX_CONCURRENCY: u64 = u32::MAX as u64;

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<StateKind> {
    let supported = [
        &EVERY_STATE,
        &TRANSITION,
        &INPUT_AND_OUTPUT,
        &ASSIGN,
        &FIELDS,
    ];
    fields.check(compiler, &supported);
    fields.exclude(compiler, &["ItemProcessor", "Iterator"]);
    fields.exclude(compiler, &["ItemSelector", "Parameters"]);
    let retry = retry::compile(compiler, fields);
    let catch = catch::compile(compiler, fields);
    let next = next(compiler, fields);
    let processor = processor(compiler, fields).unwrap_or_default();
    if !processor.distributed {
        refuse_distributed_fields(compiler, fields);
    }
    let max_concurrency = fields.dynamic_integer(compiler, "MaxConcurrency", 0..=MAX_CONCURRENCY);
    let tolerated_failure_count =
        fields.dynamic_integer(compiler, "ToleratedFailureCount", 0..=u64::from(u32::MAX));
    Some(StateKind::Map(Box::new(Map {
        items: items(compiler, fields),
        item_reader: item_reader(compiler, fields),
        item_selector: fields.template(compiler, "ItemSelector"),
        item_batcher: item_batcher(compiler, fields),
        max_concurrency,
        tolerated_failure_percentage: fields.dynamic(
            compiler,
            "ToleratedFailurePercentage",
            percentage,
        ),
        tolerated_failure_count,
        distributed: processor.distributed,
        express: processor.express,
        label: label::compile(compiler, fields),
        result_writer: result_writer(compiler, fields),
        processor: processor.start.unwrap_or(StateIndex(0)),
        retry,
        catch,
        next: next?,
    })))
}

#[derive(Default)]
struct Processor {
    distributed: bool,
    express: bool,
    start: Option<StateIndex>,
}

/// `ItemProcessor`, or `Iterator` as it was called.
fn processor(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Processor> {
    let name = match fields.given(&["ItemProcessor", "Iterator"]).first() {
        Some(name) => *name,
        None => {
            fields.require(compiler, &["ItemProcessor"]);
            return None;
        }
    };
    let place = fields.place.member(name);
    let processor = Fields::of(compiler, fields.get(name)?, &place, fields.language)?;
    processor.check(compiler, &[&PROCESSOR]);
    processor.comment(compiler);
    let (distributed, child_type) = processor_config(compiler, &processor).unwrap_or_default();
    let outer_type = compiler.machine_type;
    if distributed && outer_type == MachineType::Express {
        compiler.error(
            &place,
            "Express state machine does not support Map states in DISTRIBUTED mode",
        );
    }
    compiler.machine_type = child_type.unwrap_or(outer_type);
    let start = compiler.compile_scope(&processor);
    compiler.machine_type = outer_type;
    Some(Processor {
        distributed,
        express: child_type == Some(MachineType::Express),
        start,
    })
}

/// Whether the Map is distributed, and the type of its child executions.
fn processor_config(
    compiler: &mut Compiler<'_>,
    processor: &Fields<'_>,
) -> Option<(bool, Option<MachineType>)> {
    let place = processor.place.member("ProcessorConfig");
    let value = processor.get("ProcessorConfig")?;
    let config = Fields::of(compiler, value, &place, processor.language)?;
    config.check(compiler, &[&PROCESSOR_CONFIG]);
    let mode = config.word(compiler, "Mode", &["INLINE", "DISTRIBUTED"]);
    let execution_type = config.word(compiler, "ExecutionType", &["STANDARD", "EXPRESS"]);
    let distributed = mode.is_some_and(|mode| &**mode == "DISTRIBUTED");
    if distributed {
        config.require(compiler, &["ExecutionType"]);
    } else if mode.is_some() && config.has("ExecutionType") {
        compiler.error(
            &place,
            "Field 'ExecutionType' is only supported in DISTRIBUTED mode",
        );
    }
    let child_type = execution_type.map(|word| match &**word {
        "EXPRESS" => MachineType::Express,
        _ => MachineType::Standard,
    });
    Some((distributed, child_type.filter(|_| distributed)))
}

fn refuse_distributed_fields(compiler: &mut Compiler<'_>, fields: &Fields<'_>) {
    for name in fields.given(&DISTRIBUTED_ONLY) {
        compiler.error(
            fields.place,
            format!(
                "Field '{name}' is only supported in DISTRIBUTED mode: set Mode in \
                 ItemProcessor's ProcessorConfig"
            ),
        );
    }
}

fn items(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Items> {
    if fields.language == QueryLanguage::JsonPath {
        return fields.definite_path(compiler, "ItemsPath").map(Items::Path);
    }
    let place = fields.place.member("Items");
    match fields.get("Items")? {
        Value::String(text) if Expression::is_meant(text) => {
            expression::compile(compiler, &place, text).map(Items::Expression)
        }
        Value::Array(_) | Value::Object(_) => {
            fields.template(compiler, "Items").map(Items::Template)
        }
        other => {
            wrong_type(compiler, &place, "Array or JSONata expression", other);
            None
        }
    }
}

fn percentage(compiler: &mut Compiler<'_>, place: &Place<'_>, value: &Value) -> Option<f64> {
    let Some(number) = value.as_number() else {
        wrong_type(compiler, place, "Number", value);
        return None;
    };
    if !(0.0..=100.0).contains(&number.as_f64()) {
        compiler.error(
            place,
            format!("Expected a percentage from 0 to 100, but found {number}"),
        );
    }
    Some(number.as_f64())
}
