//! Where in a definition the compiler stands.

use std::fmt;

/// A place in a definition, linked to the place around it, so that going down costs nothing and
/// only a problem writes it out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

impl Place<'static> {
    /// The whole definition.
    pub(super) const ROOT: Self = Self {
        outer: None,
        step: Step::Root,
    };
}

impl<'a> Place<'a> {
    /// The member `name` of the object here.
    pub(super) fn member(&'a self, name: &'a str) -> Self {
        Self {
            outer: Some(self),
            step: Step::Member(name),
        }
    }

    /// The item `index` of the array here.
    pub(super) fn item(&'a self, index: usize) -> Self {
        Self {
            outer: Some(self),
            step: Step::Item(index),
        }
    }
}

impl fmt::Display for Place<'_> {
    /// As AWS writes it: `/States/Choose/Choices[0]/Next`; the whole definition is `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            steps.push(here.step);
            place = here.outer;
        }
        if steps.len() == 1 {
            return f.write_str("/");
        }
        for step in steps.iter().rev() {
            match step {
                Step::Root => {}
                Step::Member(name) => write!(f, "/{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_written_as_aws_writes_it() {
        let states = Place::ROOT.member("States");
        let state = states.member("Choose");
        let choices = state.member("Choices");
        let rule = choices.item(0);
        assert_eq!(
            rule.member("Next").to_string(),
            "/States/Choose/Choices[0]/Next"
        );
        assert_eq!(Place::ROOT.to_string(), "/");
    }
}
