//! Reading the fields of an object: types, requirements, and which fields there may be.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::compiler::Compiler;
use super::expression;
use super::place::Place;
use super::template;
use super::values::{integer_in, parse_path, wrong_type};
use crate::query::jsonpath::Intrinsic;
use crate::query::{Dynamic, Expression, Path, QueryLanguage, ReferencePath, Template};
use crate::value::{Object, Value};

/// The largest number of seconds, attempts and the like.
pub(super) const MAX_INTEGER: u64 = 99_999_999;

/// An object of a definition that is being read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) object: &'a Object,
    pub(super) place: &'a Place<'a>,
    /// The query language of the state it belongs to.
    pub(super) language: QueryLanguage,
}

/// The fields that an object may have.
pub(super) struct Supported {
    /// In both query languages.
    pub(super) always: &'static [&'static str],
    /// In JSONPath states.
    pub(super) jsonpath: &'static [&'static str],
    /// In JSONata states.
    pub(super) jsonata: &'static [&'static str],
}

impl Supported {
    fn judge(&self, name: &str, language: QueryLanguage) -> Support {
        let other = match language {
            QueryLanguage::JsonPath => (self.jsonpath, self.jsonata, QueryLanguage::Jsonata),
            QueryLanguage::Jsonata => (self.jsonata, self.jsonpath, QueryLanguage::JsonPath),
        };
        match other {
            _ if self.always.contains(&name) => Support::Yes,
            (own, _, _) if own.contains(&name) => Support::Yes,
            (_, foreign, language) if foreign.contains(&name) => Support::OnlyIn(language),
            _ => Support::No,
        }
    }
}

enum Support {
    Yes,
    No,
    OnlyIn(QueryLanguage),
}

impl<'a> Fields<'a> {
    /// The object at `place`; `None`, reported, when it is none.
    pub(super) fn of(
        compiler: &mut Compiler<'_>,
        value: &'a Value,
        place: &'a Place<'a>,
        language: QueryLanguage,
    ) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self {
                object,
                place,
                language,
            }),
            other => {
                wrong_type(compiler, place, "Object", other);
                None
            }
        }
    }

    /// Refuses fields that are not supported.
    pub(super) fn check(&self, compiler: &mut Compiler<'_>, supported: &[&Supported]) {
        for (name, _) in self.object.members() {
            let verdict = supported
                .iter()
                .map(|supported| supported.judge(name, self.language))
                .reduce(|found, next| match (&found, &next) {
                    (Support::Yes, _) | (Support::OnlyIn(_), Support::No) => found,
                    _ => next,
                });
            match verdict {
                Some(Support::Yes) => {}
                Some(Support::OnlyIn(other)) => compiler.error(
                    self.place,
                    format!(
                        "The QueryLanguage is set to '{}', but field '{name}' is only supported \
                         for the '{}' QueryLanguage",
                        self.language.as_str(),
                        other.as_str()
                    ),
                ),
                _ => compiler.error(self.place, format!("Field '{name}' is not supported")),
            }
        }
    }

    /// Reports those of `names` that are missing; whether none is.
    pub(super) fn require(&self, compiler: &mut Compiler<'_>, names: &[&str]) -> bool {
        let missing: Vec<_> = names
            .iter()
            .copied()
            .filter(|name| self.object.get(name).is_none())
            .collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            compiler.error(self.place, message);
        }
        missing.is_empty()
    }

    /// Reports when more than one of `names` is given.
    pub(super) fn exclude(&self, compiler: &mut Compiler<'_>, names: &[&str]) {
        let given = self.given(names);
        if given.len() > 1 {
            let message = format!(
                "Only one of these fields can be given: [{}]",
                given.join(", ")
            );
            compiler.error(self.place, message);
        }
    }

    /// Those of `names` that are given.
    pub(super) fn given<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let given = |name: &&&str| self.object.get(name).is_some();
        names.iter().filter(given).copied().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some()
    }

    /// A string.
    pub(super) fn string(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<&'a Arc<str>> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            other => {
                wrong_type(compiler, &self.place.member(name), "String", other);
                None
            }
        }
    }

    /// A string out of a few.
    pub(super) fn word(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
        words: &[&str],
    ) -> Option<&'a Arc<str>> {
        let text = self.string(compiler, name)?;
        if words.contains(&&**text) {
            return Some(text);
        }
        compiler.error(
            &self.place.member(name),
            format!(
                "Field '{name}' should have one of these values: [{}], but has '{text}'",
                words.join(", ")
            ),
        );
        None
    }

    /// A list of strings, which must not be empty.
    pub(super) fn strings(&self, compiler: &mut Compiler<'_>, name: &str) -> Vec<Arc<str>> {
        let place = self.place.member(name);
        let mut strings = Vec::new();
        for (index, item) in self.array(compiler, name).iter().enumerate() {
            match item {
                Value::String(text) => strings.push(text.clone()),
                other => wrong_type(compiler, &place.item(index), "String", other),
            }
        }
        strings
    }

    /// An array that must not be empty; empty when missing or reported.
    pub(super) fn array(&self, compiler: &mut Compiler<'_>, name: &str) -> &'a [Value] {
        let items = self.array_or_empty(compiler, name);
        if items.is_empty() && matches!(self.get(name), Some(Value::Array(_))) {
            let place = self.place.member(name);
            compiler.error(&place, format!("Field '{name}' must not be an empty array"));
        }
        items
    }

    /// An array; empty when missing or reported.
    pub(super) fn array_or_empty(&self, compiler: &mut Compiler<'_>, name: &str) -> &'a [Value] {
        match self.get(name) {
            None => &[],
            Some(Value::Array(items)) => items.items(),
            Some(other) => {
                wrong_type(compiler, &self.place.member(name), "Array", other);
                &[]
            }
        }
    }

    /// A truth value.
    pub(super) fn boolean(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            wrong_type(compiler, &self.place.member(name), "Boolean", value);
        }
        value.as_bool()
    }

    /// An integer within `range`.
    pub(super) fn integer(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.get(name)?;
        integer_in(compiler, &self.place.member(name), value, range)
    }

    /// Free text for people.
    pub(super) fn comment(&self, compiler: &mut Compiler<'_>) -> Option<Arc<str>> {
        self.string(compiler, "Comment").cloned()
    }

    /// A path.
    pub(super) fn path(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<Path> {
        let text = self.string(compiler, name)?;
        parse_path(compiler, &self.place.member(name), text)
    }

    /// A reference path.
    pub(super) fn reference_path(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
    ) -> Option<ReferencePath> {
        let text = self.string(compiler, name)?;
        match ReferencePath::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                compiler.syntax_error(
                    super::code::SCHEMA_VALIDATION_FAILED,
                    self.place.member(name).to_string(),
                    format!("Value is not a Reference Path: {error}"),
                    error.offset,
                );
                None
            }
        }
    }

    /// A payload template: in JSONPath states an object.
    pub(super) fn template(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<Template> {
        let value = self.get(name)?;
        let place = self.place.member(name);
        template::compile(compiler, &place, value, self.language)
    }

    /// An integer, or how to compute it.
    pub(super) fn dynamic_integer(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<Dynamic<u64>> {
        self.dynamic(compiler, name, |compiler, place, value| {
            integer_in(compiler, place, value, range.clone())
        })
    }

    /// A field that is fixed (`fixed` reads it), in JSONPath states given by `<name>Path`, in
    /// JSONata states by an expression.
    pub(super) fn dynamic<T>(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
        fixed: impl Fn(&mut Compiler<'_>, &Place<'_>, &Value) -> Option<T>,
    ) -> Option<Dynamic<T>> {
        let place = self.place.member(name);
        if self.language == QueryLanguage::JsonPath {
            let path_name = format!("{name}Path");
            self.exclude(compiler, &[name, &path_name]);
            if let Some(path) = self.dynamic_path(compiler, &path_name) {
                return Some(path);
            }
        }
        let value = self.get(name)?;
        match (self.language, value) {
            (QueryLanguage::Jsonata, Value::String(text)) if Expression::is_meant(text) => {
                expression::compile(compiler, &place, text).map(Dynamic::Expression)
            }
            _ => fixed(compiler, &place, value).map(Dynamic::Fixed),
        }
    }

    fn dynamic_path<T>(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<Dynamic<T>> {
        self.definite_path(compiler, name).map(Dynamic::Path)
    }

    /// A path to one value. Other than a reference path it may begin with `$$` or a variable.
    pub(super) fn definite_path(&self, compiler: &mut Compiler<'_>, name: &str) -> Option<Path> {
        let path = self.path(compiler, name)?;
        if path.is_definite() {
            return Some(path);
        }
        compiler.error(
            &self.place.member(name),
            format!(
                "Value is not a Reference Path: '{}' may select several values",
                path.text()
            ),
        );
        None
    }

    /// A path or a call of an intrinsic function that gives a text (`ErrorPath`, `CausePath`).
    pub(super) fn path_or_intrinsic<T>(
        &self,
        compiler: &mut Compiler<'_>,
        name: &str,
    ) -> Option<Dynamic<T>> {
        let text = self.string(compiler, name)?;
        if !text.starts_with("States.") {
            return self.dynamic_path(compiler, name);
        }
        match Intrinsic::parse(text) {
            Ok(intrinsic) => Some(Dynamic::Intrinsic(intrinsic)),
            Err(error) => {
                compiler.syntax_error(
                    super::code::SCHEMA_VALIDATION_FAILED,
                    self.place.member(name).to_string(),
                    format!(
                        "The value for the field '{name}' must be a valid JSONPath or a valid \
                         intrinsic function call: {error}"
                    ),
                    error.offset,
                );
                None
            }
        }
    }
}
