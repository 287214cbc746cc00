//! `Assign`: the variables that a state, a Choice rule or a Catcher sets.
//!
//! Source: States Language, "Variables"; Step Functions developer guide, "Passing data between
//! states with variables", naming.

use super::compiler::Compiler;
use super::fields::{Fields, Supported};
use super::place::Place;
use super::values::wrong_type;
use crate::query::{QueryLanguage, Template};
use crate::value::Value;

/// Of what may set variables.
pub(super) const ASSIGN: Supported = Supported {
    always: &["Assign"],
    jsonpath: &[],
    jsonata: &[],
};

/// The longest name of a variable, in characters.
const MAX_NAME_CHARACTERS: usize = 80;

/// Reserved: `$states` holds input, context and result.
const RESERVED: &str = "states";

/// Compiles `Assign`.
pub(super) fn compile(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Template> {
    let value = fields.get("Assign")?;
    let place = fields.place.member("Assign");
    let Value::Object(object) = value else {
        wrong_type(compiler, &place, "Object", value);
        return None;
    };
    for (key, _) in object.members() {
        let name = match fields.language {
            QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
            QueryLanguage::Jsonata => key,
        };
        check_name(compiler, &place.member(key), name);
    }
    fields.template(compiler, "Assign")
}

fn check_name(compiler: &mut Compiler<'_>, place: &Place<'_>, name: &str) {
    let problem = if name == RESERVED {
        format!("The variable name '{name}' is reserved")
    } else if name.chars().count() > MAX_NAME_CHARACTERS {
        format!("The variable name '{name}' exceeds {MAX_NAME_CHARACTERS} characters")
    } else if !is_identifier(name) {
        format!(
            "The variable name '{name}' is not valid: it must begin with a letter and go on with \
             letters, digits and underscores"
        )
    } else {
        return;
    };
    compiler.error(place, problem);
}

/// An identifier as Unicode has it (UAX #31), where a name does not begin with an underscore.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(unicode_ident::is_xid_start)
        && characters.all(unicode_ident::is_xid_continue)
}

#[cfg(test)]
mod tests {
    use super::is_identifier;
    use rstest::rstest;

    #[rstest]
    #[case("answer", true)]
    #[case("größe_2", true)]
    #[case("_private", false)]
    #[case::with_a_combining_mark("n\u{303}u", true)]
    #[case::with_a_combining_mark_first("\u{303}u", false)]
    #[case("2nd", false)]
    #[case("a-b", false)]
    #[case("a.b", false)]
    #[case("", false)]
    fn a_variable_is_named_by_an_identifier(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_identifier(name), expected);
    }
}
