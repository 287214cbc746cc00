//! The fields of a Fail state.
//!
//! Source: States Language, "Fail State".

use std::sync::Arc;

use crate::definition::compiler::Compiler;
use crate::definition::diagnostic::code;
use crate::definition::fields::{Fields, Supported};
use crate::definition::state::EVERY_STATE;
use crate::definition::template::looks_like_a_query;
use crate::definition::values::wrong_type;
use crate::query::{Dynamic, QueryLanguage};
use crate::states::{Fail, StateKind};
use crate::value::Value;

const FIELDS: Supported = Supported {
    always: &["Error", "Cause"],
    jsonpath: &["ErrorPath", "CausePath"],
    jsonata: &[],
};

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> StateKind {
    fields.check(compiler, &[&EVERY_STATE, &FIELDS]);
    compiler.ends_scope();
    StateKind::Fail(Fail {
        error: text(compiler, fields, "Error", "ErrorPath"),
        cause: text(compiler, fields, "Cause", "CausePath"),
    })
}

fn text(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    name: &str,
    path_name: &str,
) -> Option<Dynamic<Arc<str>>> {
    if fields.language == QueryLanguage::JsonPath {
        fields.exclude(compiler, &[name, path_name]);
        if fields.has(path_name) {
            return fields.path_or_intrinsic(compiler, path_name);
        }
    }
    fields.dynamic(compiler, name, |compiler, place, value| {
        let Value::String(text) = value else {
            wrong_type(compiler, place, "String", value);
            return None;
        };
        if fields.language == QueryLanguage::JsonPath && looks_like_a_query(text) {
            compiler.warn(
                code::NO_PATH,
                place,
                format!(
                    "'{text}' looks like a path, but is taken as text; use '{path_name}' for that"
                ),
            );
        }
        Some(text.clone())
    })
}
