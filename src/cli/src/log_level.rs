//! How much is logged.

use tracing_subscriber::EnvFilter;

/// The levels, from nothing to everything.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// Leaves out what kube logs of each request that fails, and of each watch that ends. It returns
/// failures as errors too, which are logged where it is known what they mean.
const REQUESTS_LEFT_OUT: &str =
    "kube_client::client=error,kube_client::client::builder=off,kube_client::client::tls=warn";

/// A level, or directives such as `info,tasks=debug`, as `tracing_subscriber` understands them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// Reads it. What `EnvFilter` takes for the name of a target, such as a misspelt level, would
    /// silence all others: here a target has a level.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut directives = Vec::new();
        for word in text.split(',') {
            let (target, level) = match word.rsplit_once('=') {
                Some((target, level)) => (Some(target), level),
                None => (None, word),
            };
            let level = if level == "warning" { "warn" } else { level };
            if !LEVELS.contains(&level) || !target.is_none_or(is_target) {
                return Err(format!(
                    "'{word}' is neither a level (error, warn, info, debug, trace, off) nor \
                     TARGET=LEVEL"
                ));
            }
            directives.push(match target {
                Some(target) => format!("{target}={level}"),
                None => level.to_owned(),
            });
        }
        let of_kube = |directive: &String| directive.starts_with("kube");
        if !directives.iter().any(of_kube) {
            directives.push(REQUESTS_LEFT_OUT.to_owned());
        }
        Ok(Self(directives.join(",")))
    }

    /// What selects the lines to be logged.
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

/// Whether it can be the path of a Rust module.
fn is_target(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    !text.is_empty() && text.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_level("info", "info", true)]
    #[case::another_word_for_it("warning", "warn", true)]
    #[case::directives("info,tasks=debug", "info,tasks=debug", true)]
    #[case::kube("info,kube_client=debug", "info,kube_client=debug", false)]
    #[case::all_of_kube("kube=warning,info", "kube=warn,info", false)]
    fn levels_are_understood(
        #[case] text: &str,
        #[case] directives: &str,
        #[case] requests_left_out: bool,
    ) {
        let expected = match requests_left_out {
            true => format!("{directives},{REQUESTS_LEFT_OUT}"),
            false => directives.to_owned(),
        };
        assert_eq!(LogLevel::parse(text), Ok(LogLevel(expected.clone())));
        assert!(EnvFilter::builder().parse(&expected).is_ok());
    }

    #[rstest]
    #[case::misspelt("inf", "inf")]
    #[case::nothing("", "")]
    #[case::a_target_alone("info,tasks", "tasks")]
    #[case::a_target_without_a_level("info,tasks=", "tasks=")]
    #[case::a_level_without_a_target("=info", "=info")]
    #[case::a_misspelt_level_of_a_target("tasks=debg", "tasks=debg")]
    #[case::another_separator("info;tasks=debug", "info;tasks=debug")]
    fn what_is_no_level_is_refused(#[case] text: &str, #[case] word: &str) {
        let error = LogLevel::parse(text).unwrap_err();
        let expected = format!("'{word}' is neither a level (");
        assert!(error.starts_with(&expected), "{error}");
    }
}
