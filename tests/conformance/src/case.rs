//! One recorded case.

use std::fmt;

use asl::Value;

use crate::json;

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An execution and how it ended.
    Execution,
    /// A definition that `CreateStateMachine` refused.
    StaticValidation,
    /// A call of `TestState`.
    TestState,
    /// A call of `ValidateStateMachineDefinition`.
    ValidateDefinition,
    /// The `variableReferences` of `DescribeStateMachine`.
    VariableReferences,
    /// An error of another API call; needs the wire API, which is not part of the library.
    ApiError,
}

impl Kind {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Execution, "execution"),
        (Self::StaticValidation, "static_validation"),
        (Self::TestState, "test_state"),
        (Self::ValidateDefinition, "validate_definition"),
        (Self::VariableReferences, "variable_references"),
        (Self::ApiError, "api_error"),
    ];

    /// The kind that a file calls `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find_map(|(kind, own)| (own == name).then_some(kind))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL
            .into_iter()
            .find_map(|(kind, name)| (kind == *self).then_some(name));
        f.write_str(name.unwrap_or_default())
    }
}

/// One line of a corpus.
#[derive(Debug, Clone)]
pub struct Case {
    /// Unique within the corpus.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The whole line.
    pub data: Value,
}

impl Case {
    /// Reads a line.
    ///
    /// # Errors
    /// It has no `id`, or its `kind` is unknown.
    pub fn from_line(data: Value) -> Result<Self, String> {
        let id = json::text(&data, "id").ok_or("a case without 'id'")?;
        let kind = json::text(&data, "kind").ok_or("a case without 'kind'")?;
        let kind = Kind::named(kind).ok_or_else(|| format!("unknown kind '{kind}' in {id}"))?;
        Ok(Self {
            id: id.to_owned(),
            kind,
            data,
        })
    }

    /// What AWS answered.
    #[must_use]
    pub fn expected(&self) -> Value {
        self.data.get("expected").cloned().unwrap_or_default()
    }

    /// The definition's text.
    #[must_use]
    pub fn definition_text(&self) -> String {
        if let Some(raw) = json::text(&self.data, "definition_raw") {
            return raw.to_owned();
        }
        self.data
            .get("definition")
            .map(json::plain_text)
            .unwrap_or_default()
    }

    /// The execution's input.
    #[must_use]
    pub fn input(&self) -> Value {
        let raw = json::text(&self.data, "input_raw").and_then(|raw| asl::value::parse(raw).ok());
        raw.or_else(|| self.data.get("input").cloned())
            .unwrap_or_else(Value::empty_object)
    }

    /// Whether the state machine is an Express one.
    #[must_use]
    pub fn is_express(&self) -> bool {
        json::text(&self.data, "machine_type") == Some("EXPRESS")
    }

    /// Year and month in which AWS answered, such as `(2024, 11)`.
    #[must_use]
    pub fn recorded_month(&self) -> Option<(u16, u8)> {
        let mut parts = json::text(&self.data, "recorded_at")?
            .split(',')
            .next()?
            .split('-');
        let (_, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        Some((year.parse().ok()?, month.parse().ok()?))
    }
}
