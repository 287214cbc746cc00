//! The fields of a Choice state and its rules.
//!
//! Source: States Language, "Choice State".

use crate::definition::assign::{self, ASSIGN};
use crate::definition::comparator;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::INPUT_AND_OUTPUT;
use crate::definition::expression;
use crate::definition::fields::{Fields, Supported};
use crate::definition::state::EVERY_STATE;
use crate::definition::values::wrong_type;
use crate::query::{Expression, QueryLanguage};
use crate::states::choice::{ChoiceRule, Condition};
use crate::states::{Choice, StateIndex, StateKind};
use crate::value::Value;

const FIELDS: Supported = Supported {
    always: &["Choices", "Default"],
    jsonpath: &[],
    jsonata: &[],
};

/// The fields of a rule that leads on, besides its condition.
const RULE: Supported = Supported {
    always: &["Next", "Assign", "Comment"],
    jsonpath: &[],
    jsonata: &["Condition", "Output"],
};

/// The fields of a rule inside `And`, `Or` or `Not`.
const INNER_RULE: Supported = Supported {
    always: &["Comment"],
    jsonpath: &[],
    jsonata: &[],
};

const CONNECTIVES: [&str; 3] = ["And", "Or", "Not"];

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<StateKind> {
    fields.check(
        compiler,
        &[&EVERY_STATE, &INPUT_AND_OUTPUT, &ASSIGN, &FIELDS],
    );
    let has_choices = fields.require(compiler, &["Choices"]);
    let default = fields.string(compiler, "Default").map(|name| {
        let target = compiler.target(&fields.place.member("Default"), name);
        target.unwrap_or(StateIndex(0))
    });
    let place = fields.place.member("Choices");
    let rules = fields.array(compiler, "Choices");
    let mut choices = Vec::with_capacity(rules.len());
    let mut known = has_choices && !rules.is_empty();
    for (index, value) in rules.iter().enumerate() {
        let place = place.item(index);
        match Fields::of(compiler, value, &place, fields.language) {
            Some(fields) => {
                known &= fields
                    .get("Next")
                    .is_some_and(|next| next.as_str().is_some());
                choices.extend(rule(compiler, &fields));
            }
            None => known = false,
        }
    }
    if !known {
        compiler.has_unknown_transition();
    }
    Some(StateKind::Choice(Choice { choices, default }))
}

fn rule(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<ChoiceRule> {
    fields.comment(compiler);
    fields.require(compiler, &["Next"]);
    let next = fields
        .string(compiler, "Next")
        .and_then(|name| compiler.target(&fields.place.member("Next"), name));
    let condition = match fields.language {
        QueryLanguage::JsonPath => comparison(compiler, fields, &RULE),
        QueryLanguage::Jsonata => {
            fields.check(compiler, &[&RULE]);
            expression_condition(compiler, fields)
        }
    };
    let assign = assign::compile(compiler, fields);
    let output = match fields.language {
        QueryLanguage::JsonPath => None,
        QueryLanguage::Jsonata => fields.template(compiler, "Output"),
    };
    Some(ChoiceRule {
        condition: condition?,
        next: next.unwrap_or(StateIndex(0)),
        assign,
        output,
    })
}

fn expression_condition(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Condition> {
    fields.require(compiler, &["Condition"]);
    let value = fields.get("Condition")?;
    let place = fields.place.member("Condition");
    match value {
        Value::Bool(fixed) => Some(Condition::Fixed(*fixed)),
        Value::String(text) if Expression::is_meant(text) => {
            expression::compile(compiler, &place, text).map(Condition::Expression)
        }
        other => {
            wrong_type(compiler, &place, "JSONata expression or Boolean", other);
            None
        }
    }
}

/// `And`, `Or`, `Not`, or a `Variable` with exactly one comparator.
fn comparison(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    supported: &Supported,
) -> Option<Condition> {
    let is_condition = |name: &str| {
        name == "Variable" || CONNECTIVES.contains(&name) || comparator::is_comparator(name)
    };
    let (conditions, others): (Vec<_>, Vec<_>) = fields
        .object
        .members()
        .iter()
        .cloned()
        .partition(|(name, _)| is_condition(name));
    let others = others.into_iter().collect();
    let others = Fields {
        object: &others,
        ..*fields
    };
    others.check(compiler, &[supported]);
    let operators: Vec<&str> = conditions
        .iter()
        .map(|(name, _)| &**name)
        .filter(|name| *name != "Variable")
        .collect();
    let [operator] = operators.as_slice() else {
        let found = match operators.as_slice() {
            [] => "none".to_owned(),
            operators => format!("[{}]", operators.join(", ")),
        };
        compiler.error(
            fields.place,
            format!(
                "A Choice rule must have exactly one comparison operator (such as StringEquals, \
                 And, Or or Not), but has {found}"
            ),
        );
        return None;
    };
    match *operator {
        "And" => connected(compiler, fields, "And").map(Condition::And),
        "Or" => connected(compiler, fields, "Or").map(Condition::Or),
        "Not" => negated(compiler, fields),
        name => test(compiler, fields, name),
    }
}

fn connected(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    name: &str,
) -> Option<Vec<Condition>> {
    refuse_variable(compiler, fields, name);
    let place = fields.place.member(name);
    let rules = fields.array(compiler, name);
    let mut conditions = Vec::with_capacity(rules.len());
    for (index, value) in rules.iter().enumerate() {
        let place = place.item(index);
        if let Some(fields) = Fields::of(compiler, value, &place, fields.language) {
            conditions.extend(inner(compiler, &fields));
        }
    }
    (!conditions.is_empty()).then_some(conditions)
}

fn negated(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Condition> {
    refuse_variable(compiler, fields, "Not");
    let place = fields.place.member("Not");
    let fields = Fields::of(compiler, fields.get("Not")?, &place, fields.language)?;
    let condition = inner(compiler, &fields)?;
    Some(Condition::Not(Box::new(condition)))
}

fn inner(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Condition> {
    fields.comment(compiler);
    comparison(compiler, fields, &INNER_RULE)
}

fn refuse_variable(compiler: &mut Compiler<'_>, fields: &Fields<'_>, operator: &str) {
    if fields.has("Variable") {
        compiler.error(
            fields.place,
            format!("Field 'Variable' is not supported beside '{operator}'"),
        );
    }
}

fn test(compiler: &mut Compiler<'_>, fields: &Fields<'_>, name: &str) -> Option<Condition> {
    let has_variable = fields.require(compiler, &["Variable"]);
    let comparator = comparator::compile(compiler, fields, name);
    let variable = has_variable
        .then(|| fields.path(compiler, "Variable"))
        .flatten();
    Some(Condition::Test {
        variable: variable?,
        comparator: comparator?,
    })
}
