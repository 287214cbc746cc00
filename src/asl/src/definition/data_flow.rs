//! `InputPath`, `Parameters`, `ResultSelector`, `ResultPath`, `OutputPath`, `Arguments`, `Output`.
//!
//! Source: States Language, "Input and Output Processing".

use super::compiler::Compiler;
use super::fields::{Fields, Supported};
use super::template;
use crate::query::{QueryLanguage, Template};
use crate::states::data_flow::{ResultPath, Selection};
use crate::states::{DataFlow, StateKind};
use crate::value::Value;

/// Of states that pass data on.
pub(super) const INPUT_AND_OUTPUT: Supported = Supported {
    always: &[],
    jsonpath: &["InputPath", "OutputPath"],
    jsonata: &["Output"],
};

/// Of states that make a result and hand something to what makes it.
pub(super) const PARAMETERS_AND_RESULT: Supported = Supported {
    always: &[],
    jsonpath: &["Parameters", "ResultSelector", "ResultPath"],
    jsonata: &["Arguments"],
};

/// Compiles those that the state's type supports; the others were refused before.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    kind: &StateKind,
) -> DataFlow {
    match fields.language {
        QueryLanguage::JsonPath => DataFlow {
            input_path: selection(compiler, fields, "InputPath"),
            parameters: fields.template(compiler, "Parameters"),
            result_selector: object_template(compiler, fields, "ResultSelector"),
            result_path: result_path(compiler, fields),
            output_path: selection(compiler, fields, "OutputPath"),
            output: None,
        },
        QueryLanguage::Jsonata => DataFlow {
            parameters: fields.template(compiler, "Arguments"),
            output: compiler.after_work(kind, |compiler| fields.template(compiler, "Output")),
            ..DataFlow::default()
        },
    }
}

/// A template that must be an object (or, in JSONata states, an expression that gives one).
pub(super) fn object_template(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    name: &str,
) -> Option<Template> {
    let value = fields.get(name)?;
    let place = fields.place.member(name);
    template::is_object_or_expression(compiler, &place, value, fields.language)
        .then(|| fields.template(compiler, name))
        .flatten()
}

fn selection(compiler: &mut Compiler<'_>, fields: &Fields<'_>, name: &str) -> Selection {
    match fields.get(name) {
        None => Selection::Whole,
        Some(Value::Null) => Selection::Nothing,
        Some(Value::String(text)) if &**text == "$" => Selection::Whole,
        Some(_) => fields
            .path(compiler, name)
            .map_or(Selection::Whole, Selection::Path),
    }
}

/// `ResultPath` of a state or a Catcher.
pub(super) fn result_path(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> ResultPath {
    match fields.get("ResultPath") {
        None => ResultPath::Whole,
        Some(Value::Null) => ResultPath::Discard,
        Some(Value::String(text)) if &**text == "$" => ResultPath::Whole,
        Some(_) => fields
            .reference_path(compiler, "ResultPath")
            .map_or(ResultPath::Whole, ResultPath::At),
    }
}
