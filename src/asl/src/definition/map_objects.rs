//! The objects in a distributed Map state: `ItemReader`, `ItemBatcher`, `ResultWriter`.
//!
//! Source: Step Functions developer guide, "ItemReader", "ItemBatcher" and "ResultWriter".

use std::sync::Arc;

use super::compiler::Compiler;
use super::data_flow::object_template;
use super::diagnostic::code;
use super::fields::{Fields, Supported};
use super::resource;
use crate::query::{QueryLanguage, Template};
use crate::resource::Resource;
use crate::states::map::{
    ItemBatcher, ItemReader, Pointer, ReaderConfig, ResultWriter, Transformation, WriterConfig,
};

const ITEM_READER: Supported = Supported {
    always: &["Resource", "ReaderConfig"],
    jsonpath: &["Parameters"],
    jsonata: &["Arguments"],
};

const READER_CONFIG: Supported = Supported {
    always: &[
        "InputType",
        "ManifestType",
        "Transformation",
        "ItemsPointer",
        "CSVHeaderLocation",
        "CSVHeaders",
        "CSVDelimiter",
        "MaxItems",
    ],
    jsonpath: &["MaxItemsPath"],
    jsonata: &[],
};

const ITEM_BATCHER: Supported = Supported {
    always: &["BatchInput", "MaxItemsPerBatch", "MaxInputBytesPerBatch"],
    jsonpath: &["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"],
    jsonata: &[],
};

const RESULT_WRITER: Supported = Supported {
    always: &["Resource", "WriterConfig"],
    jsonpath: &["Parameters"],
    jsonata: &["Arguments"],
};

const WRITER_CONFIG: Supported = Supported {
    always: &["OutputType", "Transformation"],
    jsonpath: &[],
    jsonata: &[],
};

const INPUT_TYPES: [&str; 5] = ["MANIFEST", "JSON", "CSV", "JSONL", "PARQUET"];
const DELIMITERS: [&str; 5] = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];

/// The most items that a Map Run processes.
const MAX_ITEMS: u64 = 100_000_000;

/// The largest input of a child execution.
const MAX_INPUT_BYTES: u64 = 262_144;

/// Compiles `ItemReader`.
pub(super) fn item_reader(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<ItemReader> {
    let place = fields.place.member("ItemReader");
    let reader = Fields::of(compiler, fields.get("ItemReader")?, &place, fields.language)?;
    reader.check(compiler, &[&ITEM_READER]);
    reader.require(compiler, &["Resource"]);
    let resource = storage(compiler, &reader, &["getObject", "listObjectsV2"])?;
    Some(ItemReader {
        resource,
        parameters: call_parameters(compiler, &reader),
        config: reader_config(compiler, &reader).unwrap_or_default(),
    })
}

fn reader_config(compiler: &mut Compiler<'_>, reader: &Fields<'_>) -> Option<ReaderConfig> {
    let place = reader.place.member("ReaderConfig");
    let value = reader.get("ReaderConfig")?;
    let config = Fields::of(compiler, value, &place, reader.language)?;
    config.check(compiler, &[&READER_CONFIG]);
    if config.has("ManifestType") {
        compiler.error(
            &place.member("ManifestType"),
            "ManifestType is not supported here: no manifests are read",
        );
    }
    let transformation = config.word(compiler, "Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
    if transformation.is_some_and(|word| &**word == "LOAD_AND_FLATTEN") {
        compiler.error(
            &place.member("Transformation"),
            "Transformation 'LOAD_AND_FLATTEN' is not supported here: the objects' names are the items",
        );
    }
    let location = config.word(compiler, "CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]);
    let headers = config
        .has("CSVHeaders")
        .then(|| config.strings(compiler, "CSVHeaders"));
    if location.is_some_and(|location| &**location == "GIVEN") {
        config.require(compiler, &["CSVHeaders"]);
    }
    Some(ReaderConfig {
        input_type: input_type(compiler, &config),
        items_pointer: items_pointer(compiler, &config),
        csv_header_location: location.cloned(),
        csv_headers: headers,
        csv_delimiter: config.word(compiler, "CSVDelimiter", &DELIMITERS).cloned(),
        max_items: config.dynamic_integer(compiler, "MaxItems", 0..=MAX_ITEMS),
    })
}

fn input_type(compiler: &mut Compiler<'_>, config: &Fields<'_>) -> Option<Arc<str>> {
    let word = config.word(compiler, "InputType", &INPUT_TYPES)?;
    if matches!(&**word, "MANIFEST" | "PARQUET") {
        compiler.error(
            &config.place.member("InputType"),
            format!("InputType '{word}' is not supported here: CSV, JSON and JSONL are"),
        );
    }
    Some(word.clone())
}

fn items_pointer(compiler: &mut Compiler<'_>, config: &Fields<'_>) -> Option<Pointer> {
    let text = config.string(compiler, "ItemsPointer")?;
    let pointer = Pointer::parse(text);
    if pointer.is_none() {
        compiler.error(
            &config.place.member("ItemsPointer"),
            format!("Expected a JSON Pointer such as '/data/items', but found '{text}'"),
        );
    }
    pointer
}

/// Compiles `ItemBatcher`.
pub(super) fn item_batcher(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<ItemBatcher> {
    let place = fields.place.member("ItemBatcher");
    let value = fields.get("ItemBatcher")?;
    let batcher = Fields::of(compiler, value, &place, fields.language)?;
    batcher.check(compiler, &[&ITEM_BATCHER]);
    let sizes = [
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
    ];
    if batcher.given(&sizes).is_empty() {
        compiler.error(
            &place,
            "An ItemBatcher must have 'MaxItemsPerBatch', 'MaxInputBytesPerBatch' or both",
        );
    }
    Some(ItemBatcher {
        batch_input: object_template(compiler, &batcher, "BatchInput"),
        max_items_per_batch: batcher.dynamic_integer(compiler, "MaxItemsPerBatch", 1..=MAX_ITEMS),
        max_input_bytes_per_batch: batcher.dynamic_integer(
            compiler,
            "MaxInputBytesPerBatch",
            1..=MAX_INPUT_BYTES,
        ),
    })
}

/// Compiles `ResultWriter`.
pub(super) fn result_writer(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<ResultWriter> {
    let place = fields.place.member("ResultWriter");
    let value = fields.get("ResultWriter")?;
    let writer = Fields::of(compiler, value, &place, fields.language)?;
    writer.check(compiler, &[&RESULT_WRITER]);
    if !writer.has("Resource") && !writer.has("WriterConfig") {
        compiler.error(
            &place,
            "A ResultWriter must have 'Resource', 'WriterConfig' or both",
        );
    }
    Some(ResultWriter {
        config: writer_config(compiler, &writer).unwrap_or_default(),
        resource: storage(compiler, &writer, &["putObject"]),
        parameters: call_parameters(compiler, &writer),
    })
}

fn writer_config(compiler: &mut Compiler<'_>, writer: &Fields<'_>) -> Option<WriterConfig> {
    let place = writer.place.member("WriterConfig");
    let value = writer.get("WriterConfig")?;
    let config = Fields::of(compiler, value, &place, writer.language)?;
    config.check(compiler, &[&WRITER_CONFIG]);
    let output_type = config.word(compiler, "OutputType", &["JSON", "JSONL"]);
    let transformation = config.word(compiler, "Transformation", &["NONE", "COMPACT", "FLATTEN"]);
    Some(WriterConfig {
        lines: output_type.is_some_and(|word| &**word == "JSONL"),
        transformation: transformation.map(|word| match &**word {
            "COMPACT" => Transformation::Compact,
            "FLATTEN" => Transformation::Flatten,
            _ => Transformation::None,
        }),
    })
}

/// `Resource`, which must be one of the object storage's `actions`.
fn storage(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    actions: &[&str],
) -> Option<Arc<Resource>> {
    let text = fields.string(compiler, "Resource")?;
    let place = fields.place.member("Resource");
    let resource = resource::parse(compiler, &place, text)?;
    if !actions.iter().any(|action| resource.is("s3", action)) {
        let examples: Vec<_> = actions
            .iter()
            .map(|action| format!("arn:<partition>:states:::s3:{action}"))
            .collect();
        compiler.error(
            &place,
            format!(
                "Field 'Resource' should have one of these values: [{}], but has '{text}'",
                examples.join(", ")
            ),
        );
        return None;
    }
    if !(compiler.rules.serves)(&resource) {
        let message = format!(
            "The resource provided {text} is not recognized: nothing here reads or writes objects, \
             because no object storage is set up"
        );
        compiler.error_with(code::INVALID_RESOURCE, &place, message);
    }
    Some(Arc::new(resource))
}

/// `Parameters`, in JSONata states `Arguments`.
fn call_parameters(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Template> {
    let name = match fields.language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    };
    refuse_bucket_owner(compiler, fields, name);
    object_template(compiler, fields, name)
}

/// An owner that nothing here checks would be a false promise.
fn refuse_bucket_owner(compiler: &mut Compiler<'_>, fields: &Fields<'_>, name: &str) {
    let parameters = fields.get(name);
    for owner in ["ExpectedBucketOwner", "ExpectedBucketOwner.$"] {
        if parameters.is_some_and(|parameters| parameters.get(owner).is_some()) {
            compiler.error(
                &fields.place.member(name).member(owner),
                "ExpectedBucketOwner is not supported here: buckets have no owner that could be checked",
            );
        }
    }
}
