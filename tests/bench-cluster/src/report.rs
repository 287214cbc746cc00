//! The table at the end.

use std::fmt::{self, Display};

/// What was measured.
#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    raw: Vec<String>,
}

struct Figure {
    name: String,
    value: String,
    goal: Option<Goal>,
}

/// What a figure is to be.
pub struct Goal {
    words: String,
    met: bool,
}

impl Goal {
    /// A figure that is to be at least this.
    pub fn at_least(value: f64, limit: f64, unit: &str) -> Self {
        Self {
            words: format!(">= {limit}{unit}"),
            met: value >= limit,
        }
    }

    /// A figure that is to be at most this.
    pub fn at_most(value: f64, limit: f64, unit: &str) -> Self {
        Self {
            words: format!("<= {limit}{unit}"),
            met: value <= limit,
        }
    }
}

impl Report {
    /// Adds a figure that nothing is promised of.
    pub fn figure(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.add(name.into(), value.into(), None);
    }

    /// Adds a figure with its goal.
    pub fn goal(&mut self, name: impl Into<String>, value: impl Into<String>, goal: Goal) {
        self.add(name.into(), value.into(), Some(goal));
    }

    fn add(&mut self, name: String, value: String, goal: Option<Goal>) {
        let figure = Figure { name, value, goal };
        eprintln!("   {figure}");
        self.figures.push(figure);
    }

    /// Adds numbers that figures come from.
    pub fn raw(&mut self, line: impl Into<String>) {
        let line = line.into();
        eprintln!("   {line}");
        self.raw.push(line);
    }
}

impl Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, goal } = self;
        write!(formatter, "{name:<58} {value:>22}")?;
        let Some(Goal { words, met }) = goal else {
            return Ok(());
        };
        let verdict = if *met { "met" } else { "MISSED" };
        write!(formatter, "   {words:<12} {verdict}")
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:<58} {:>22}   {:<12}", "figure", "", "goal")?;
        for figure in &self.figures {
            writeln!(formatter, "{figure}")?;
        }
        writeln!(formatter, "\nraw numbers")?;
        for line in &self.raw {
            writeln!(formatter, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Report};

    #[test]
    fn a_goal_is_met_or_missed() {
        let mut report = Report::default();
        report.goal("share", "85 %", Goal::at_least(85.0, 80.0, " %"));
        report.goal("p50", "12 ms", Goal::at_most(12.0, 10.0, " ms"));
        report.figure("rate", "3 /s");
        report.raw("7 writes");
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert!(lines[1].ends_with("85 %   >= 80 %      met"), "{text}");
        assert!(lines[2].ends_with("12 ms   <= 10 ms     MISSED"), "{text}");
        assert!(lines[3].ends_with("3 /s"), "{text}");
        assert_eq!(lines[6], "7 writes");
    }
}
