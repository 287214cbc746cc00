//! The condition of a Choice rule in one line: `$.count >= 3 and not ($.name is null)`.

use std::fmt::{self, Display};
use std::sync::Arc;

use asl::Value;
use asl::query::Path;
use asl::states::choice::Condition;
use asl::states::comparator::{Comparator, Operand, Ordering};

/// The text of a condition.
pub fn text(condition: &Condition) -> String {
    Shown(condition).to_string()
}

struct Shown<'a>(&'a Condition);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Condition::Expression(expression) => f.write_str(expression.text()),
            Condition::Fixed(value) => write!(f, "{value}"),
            Condition::And(conditions) => joined(f, conditions, " and "),
            Condition::Or(conditions) => joined(f, conditions, " or "),
            Condition::Not(condition) => write!(f, "not ({})", Shown(condition)),
            Condition::Test {
                variable,
                comparator,
            } => comparison(f, variable, comparator),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, conditions: &[Condition], word: &str) -> fmt::Result {
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        match condition {
            Condition::And(_) | Condition::Or(_) => write!(f, "({})", Shown(condition))?,
            other => write!(f, "{}", Shown(other))?,
        }
    }
    Ok(())
}

fn comparison(f: &mut fmt::Formatter<'_>, variable: &Path, comparator: &Comparator) -> fmt::Result {
    write!(f, "{} ", variable.text())?;
    match comparator {
        Comparator::Boolean(operand) => compared(f, Ordering::Equals, operand),
        Comparator::Numeric(order, operand) => compared(f, *order, operand),
        Comparator::Timestamp(order, operand) => compared(f, *order, operand),
        Comparator::String(order, Operand::Fixed(text)) => {
            write!(f, "{} {}", sign(*order), quoted(text))
        }
        Comparator::String(order, operand) => compared(f, *order, operand),
        Comparator::StringMatches(pattern) => write!(f, "matches {}", quoted(pattern)),
        Comparator::IsNull(yes) => is(f, *yes, "null"),
        Comparator::IsPresent(yes) => is(f, *yes, "present"),
        Comparator::IsNumeric(yes) => is(f, *yes, "a number"),
        Comparator::IsString(yes) => is(f, *yes, "a string"),
        Comparator::IsBoolean(yes) => is(f, *yes, "a boolean"),
        Comparator::IsTimestamp(yes) => is(f, *yes, "a timestamp"),
    }
}

fn compared<T: Display>(
    f: &mut fmt::Formatter<'_>,
    order: Ordering,
    operand: &Operand<T>,
) -> fmt::Result {
    match operand {
        Operand::Fixed(value) => write!(f, "{} {value}", sign(order)),
        Operand::Path(path) => write!(f, "{} {}", sign(order), path.text()),
    }
}

fn is(f: &mut fmt::Formatter<'_>, yes: bool, what: &str) -> fmt::Result {
    write!(f, "{} {what}", if yes { "is" } else { "is not" })
}

fn sign(order: Ordering) -> &'static str {
    match order {
        Ordering::Equals => "==",
        Ordering::LessThan => "<",
        Ordering::LessThanEquals => "<=",
        Ordering::GreaterThan => ">",
        Ordering::GreaterThanEquals => ">=",
    }
}

fn quoted(text: &Arc<str>) -> Value {
    Value::String(text.clone())
}

#[cfg(test)]
mod tests {
    use asl::definition::StateMachine;
    use asl::states::StateKind;
    use rstest::rstest;

    fn shown(rule: &str) -> String {
        let definition = format!(
            r#"{{"StartAt": "C", "States": {{
                "C": {{"Type": "Choice", "Choices": [{{{rule}, "Next": "S"}}]}},
                "S": {{"Type": "Succeed"}}}}}}"#
        );
        let compiled = StateMachine::compile(&definition, &|_| true).unwrap();
        let choice = compiled
            .state_machine
            .states
            .iter()
            .find_map(|state| match &state.kind {
                StateKind::Choice(choice) => Some(choice),
                _ => None,
            });
        super::text(&choice.unwrap().choices[0].condition)
    }

    #[rstest]
    #[case(r#""Variable": "$.a", "NumericLessThan": 1.5"#, "$.a < 1.5")]
    #[case(
        r#""Variable": "$.a", "NumericGreaterThanEqualsPath": "$$.b""#,
        "$.a >= $$.b"
    )]
    #[case(r#""Variable": "$v", "StringEquals": "a\"b""#, r#"$v == "a\"b""#)]
    #[case(
        r#""Variable": "$.a", "StringMatches": "log-*""#,
        r#"$.a matches "log-*""#
    )]
    #[case(r#""Variable": "$.a", "BooleanEquals": true"#, "$.a == true")]
    #[case(
        r#""Variable": "$.a", "TimestampGreaterThan": "2024-01-31T12:00:00Z""#,
        "$.a > 2024-01-31T12:00:00Z"
    )]
    #[case(r#""Variable": "$.a", "IsPresent": false"#, "$.a is not present")]
    #[case(
        r#""And": [{"Variable": "$.a", "IsNull": true}, {"Not": {"Variable": "$.b", "IsString": true}}]"#,
        "$.a is null and not ($.b is a string)"
    )]
    #[case(
        r#""Or": [{"And": [{"Variable": "$.a", "IsNumeric": true}]}, {"Variable": "$.b", "IsBoolean": true}]"#,
        "($.a is a number) or $.b is a boolean"
    )]
    fn a_condition_is_told_in_one_line(#[case] rule: &str, #[case] expected: &str) {
        assert_eq!(shown(rule), expected);
    }
}
