//! The engine in use: jlens.

use std::borrow::Cow;
use std::sync::Arc;

use jlens_core::ast::{Node, NodeKind};
use jlens_core::input::{Sink, Source};
use jlens_core::output::Builder;
use jlens_core::reads::{Read, Reads};
use jlens_core::{Bindings, Document, Error, Expression, Options};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::engine::{CompileError, Environment, EvaluationError, Kind, Program};
use super::{functions, states, top_level};
use crate::value::{Number, ObjectBuilder, Value};

/// A compiled expression.
#[derive(Debug)]
struct Compiled {
    expression: Expression,
    reads: Reads,
    /// The functions bound besides the built-in ones.
    functions: Option<&'static Bindings>,
    needs_random: bool,
}

/// Compiles an expression of JSONata 2.0.6.
pub(super) fn compile(
    text: &str,
    functions: Option<&'static Bindings>,
) -> Result<Arc<dyn Program>, CompileError> {
    let expression = Expression::compile(text).map_err(|error| CompileError {
        code: error.code().to_owned(),
        offset: error.span().map_or(0, |span| span.start).min(text.len()),
        message: error.message(),
    })?;
    refuse_later_syntax(&expression.ast().root)?;
    let reads = match functions {
        Some(functions) => expression.reads_with(functions),
        None => expression.reads(),
    };
    let needs_random = functions.is_some()
        && reads
            .bindings()
            .keys()
            .any(|name| functions::is_random(name));
    Ok(Arc::new(Compiled {
        expression,
        reads,
        functions,
        needs_random,
    }))
}

/// The engine also reads JSONata 2.2, which has `?:` and `??`; Step Functions does not.
fn refuse_later_syntax(root: &Node) -> Result<(), CompileError> {
    let mut found = None;
    root.walk(&mut |node| {
        if let NodeKind::Fallback { op, .. } = &node.kind {
            found.get_or_insert((op.symbol(), node.pos));
        }
    });
    match found {
        None => Ok(()),
        Some((symbol, offset)) => Err(CompileError {
            code: "S0204".into(),
            message: format!("Unknown operator: \"{symbol}\""),
            offset,
        }),
    }
}

impl Program for Compiled {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.reads.bindings().keys().map(String::as_str))
    }

    fn members(&self, name: &str) -> Option<Vec<&str>> {
        let fields = self.reads.binding(name)?.fields()?;
        Some(fields.keys().map(String::as_str).collect())
    }

    fn top_level_names(&self) -> Vec<&str> {
        top_level::names(&self.expression.ast().root)
    }

    fn evaluate(&self, environment: &Environment<'_>) -> Result<Option<Value>, EvaluationError> {
        let variables = self.variables(environment);
        let own;
        let bindings = match (self.functions, environment.scope) {
            (Some(_), Some(scope)) if self.needs_random => {
                own = functions::with_random(scope.random);
                &own
            }
            (Some(functions), _) => functions,
            (None, _) => {
                own = Bindings::new();
                &own
            }
        };
        self.run(environment, &variables, bindings).map_err(failure)
    }
}

impl Compiled {
    /// What the expression reads besides functions, cut to what it reads of each.
    fn variables<'e>(&'e self, environment: &Environment<'e>) -> Vec<(&'e str, Document)> {
        let mut variables = Vec::new();
        for (name, read) in self.reads.bindings() {
            let value = match environment.scope {
                Some(scope) if name == states::NAME => {
                    Some(Cow::Owned(environment.states.gather(scope)))
                }
                Some(scope) => scope.variables.get(name).map(Cow::Borrowed),
                None => None,
            };
            let given = || {
                let mut given = environment.variables.iter();
                given
                    .find(|(given, _)| given == name)
                    .map(|(_, value)| Cow::Borrowed(value))
            };
            if let Some(value) = value.or_else(given)
                && let Ok(document) = Document::from_serialize(&Cut(&value, read))
            {
                variables.push((name.as_str(), document));
            }
        }
        variables
    }

    fn run(
        &self,
        environment: &Environment<'_>,
        variables: &[(&str, Document)],
        bindings: &Bindings,
    ) -> jlens_core::Result<Option<Value>> {
        let options = options(environment);
        let input = match environment.input {
            None if self.reads.input().is_some() => {
                return self.run_without_input(variables, bindings, &options);
            }
            Some(input) => Document::from_serialize(input).map_err(too_deep)?,
            None => Document::from_serialize(&()).map_err(too_deep)?,
        };
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value))
            .collect();
        self.expression.evaluate_document_with_to(
            &input,
            &variables,
            bindings,
            &options,
            |output| output.write(&mut Values),
        )
    }

    /// A document cannot be undefined, as `$` must be where there is no input: the expressions
    /// that look at it, rare as they are of no use, take the longer way by a source.
    fn run_without_input(
        &self,
        variables: &[(&str, Document)],
        bindings: &Bindings,
        options: &Options,
    ) -> jlens_core::Result<Option<Value>> {
        let bindings = variables
            .iter()
            .fold(bindings.clone(), |bindings, (name, value)| {
                bindings.var(*name, value.to_json())
            });
        self.expression
            .evaluate_source_to(&Undefined, &bindings, options, |output| {
                output.write(&mut Values)
            })
    }
}

/// No input.
struct Undefined;

impl<'a> Source<'a> for Undefined {
    fn read(&self, _sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        Ok(())
    }
}

fn too_deep(error: serde_json::Error) -> Error {
    Error::new("U1001").with("message", error.to_string())
}

fn options(environment: &Environment<'_>) -> Options {
    let limits = environment.limits;
    Options::new()
        .now(environment.now_millis)
        .max_depth(limits.depth)
        .max_steps(limits.steps)
        .max_array_length(limits.array_items)
        .max_string_length(limits.text_bytes)
        .max_result_size(limits.result_bytes)
        .timeout(limits.time)
}

fn failure(error: Error) -> EvaluationError {
    EvaluationError {
        kind: match error.code() {
            "D1011" => Kind::Depth,
            "D1012" | "U1003" | "U1006" => Kind::Time,
            "U1001" => Kind::Size,
            _ => Kind::Expression,
        },
        code: error.code().to_owned(),
        message: error.message(),
    }
}

/// A value, without the members that an expression does not read.
struct Cut<'a>(&'a Value, &'a Read);

impl Serialize for Cut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(fields) = self.1.fields() else {
            return self.0.serialize(serializer);
        };
        match self.0 {
            Value::Array(array) => {
                let mut items = serializer.serialize_seq(Some(array.items().len()))?;
                for item in array.items() {
                    items.serialize_element(&Cut(item, self.1))?;
                }
                items.end()
            }
            Value::Object(object) => {
                let mut members = serializer.serialize_map(None)?;
                for (name, value) in object.members() {
                    if let Some(read) = fields.get(&**name) {
                        members.serialize_entry(&**name, &Cut(value, read))?;
                    }
                }
                members.end()
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Builds results as values of this crate.
struct Values;

impl Builder for Values {
    type Value = Value;
    type Array = Vec<Value>;
    type Object = ObjectBuilder;

    fn null(&mut self) -> Value {
        Value::Null
    }

    fn bool(&mut self, value: bool) -> Value {
        Value::Bool(value)
    }

    fn number(&mut self, value: f64) -> Value {
        Value::Number(integral(value))
    }

    fn string(&mut self, value: &str) -> Value {
        Value::from(value)
    }

    fn array(&mut self, len: usize) -> Vec<Value> {
        Vec::with_capacity(len)
    }

    fn push(&mut self, array: &mut Vec<Value>, item: Value) {
        array.push(item);
    }

    fn end_array(&mut self, array: Vec<Value>) -> Value {
        array.into()
    }

    fn object(&mut self, len: usize) -> ObjectBuilder {
        ObjectBuilder::with_capacity(len)
    }

    fn insert(&mut self, object: &mut ObjectBuilder, key: &str, value: Value) {
        object.set(key.into(), value);
    }

    fn end_object(&mut self, object: ObjectBuilder) -> Value {
        object.build().into()
    }
}

/// JSONata has doubles only; Step Functions writes those without a fraction as integers.
#[allow(clippy::cast_possible_truncation)]
fn integral(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 9.2e18 {
        Number::Int(value as i64)
    } else {
        Number::Float(value)
    }
}
