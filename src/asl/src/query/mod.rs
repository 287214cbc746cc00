//! Query languages: how a state reads and reshapes data.
//!
//! JSONPath fields hold [`Path`]s, payload templates and intrinsic functions; JSONata fields hold
//! [`Expression`]s between `{%` and `%}`. All are compiled once with the definition and
//! evaluated against a [`Scope`].

mod intrinsics;
mod location;
mod memory;
mod random;
mod scope;
mod variables;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod test_scope;

pub mod jsonata;
pub mod jsonpath;
pub mod template;

use std::borrow::Cow;

pub use jsonata::Expression;
pub use jsonpath::{Path, ReferencePath};
pub use memory::Memory;
pub use random::Random;
pub use scope::{LazyValue, Scope};
pub use template::Template;
pub use variables::Variables;

/// The `QueryLanguage` of a state machine or state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueryLanguage {
    /// The default.
    #[default]
    JsonPath,
    /// Expressions between `{%` and `%}`.
    Jsonata,
}

impl QueryLanguage {
    /// The word in definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }
}

/// A path, intrinsic or expression that cannot be compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What was found and what was expected.
    pub message: String,
    /// Bytes into the text.
    pub offset: usize,
}

/// A query that failed on the data at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct QueryError {
    /// One of the names in [`crate::errors`].
    pub name: &'static str,
    /// AWS's text, without the prefix that names the state and its event.
    pub message: String,
    /// The field in full, such as `Arguments/a/b`, where the failure lies deeper than the field.
    pub location: Option<String>,
}

impl QueryError {
    /// A failed query.
    #[must_use]
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            location: None,
        }
    }
}

/// A field that is fixed, or computed from the data when the state runs.
#[derive(Debug)]
pub enum Dynamic<T> {
    /// As written.
    Fixed(T),
    /// `…Path`, or a JSONPath string where one is allowed.
    Path(Path),
    /// A JSONPath intrinsic function, where one is allowed.
    Intrinsic(jsonpath::Intrinsic),
    /// A JSONata expression.
    Expression(Expression),
}

impl<T> Dynamic<T> {
    /// What the field is called as it is written, such as `SecondsPath`; `name` is that of the
    /// fixed one.
    #[must_use]
    pub fn field_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self {
            Self::Path(_) | Self::Intrinsic(_) => Cow::Owned(format!("{name}Path")),
            Self::Fixed(_) | Self::Expression(_) => Cow::Borrowed(name),
        }
    }
}
