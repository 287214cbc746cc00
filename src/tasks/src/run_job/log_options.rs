//! `LogOptions` of `eks:runJob.sync`.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions", RunJob.

use asl::Value;

use crate::parameters::Parameters;

/// What the API server lets one say about the log to read. Others are refused: `follow` never
/// ends, `container` is ours to name, and `insecureSkipTLSVerifyBackend` is nobody's to say.
const LOG_PARAMETERS: [&str; 8] = [
    "limitBytes",
    "pretty",
    "previous",
    "sinceSeconds",
    "sinceTime",
    "stream",
    "tailLines",
    "timestamps",
];

/// Which logs a task wants, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogOptions {
    /// Logs become part of the result.
    pub(crate) retrieve: bool,
    /// Logs stay text, even where they are JSON.
    pub(crate) raw: bool,
    /// Query parameters for the API server.
    pub(crate) query: Vec<(String, String)>,
}

impl LogOptions {
    /// Reads the field `LogOptions`.
    pub(crate) fn read(parameters: &mut Parameters<'_>) -> Self {
        let options = match parameters.any("LogOptions") {
            None => return Self::default(),
            Some(Value::Object(options)) => options,
            Some(other) => {
                parameters.refuse("LogOptions", "an object", other.kind());
                return Self::default();
            }
        };
        for (name, value) in options.members() {
            if !matches!(&**name, "RetrieveLogs" | "RawLogs" | "LogParameters") {
                let field = format!("LogOptions.{name}");
                let expected = "absent: only RetrieveLogs, RawLogs and LogParameters are supported";
                parameters.refuse(&field, expected, &value.to_string());
            }
        }
        let query = parameters.lists("LogOptions.LogParameters", options.get("LogParameters"));
        for (key, value) in &query {
            if !LOG_PARAMETERS.contains(&key.as_str()) {
                let field = format!("LogOptions.LogParameters.{key}");
                let expected = format!("absent: supported are {}", LOG_PARAMETERS.join(", "));
                parameters.refuse(&field, &expected, value);
            }
        }
        Self {
            retrieve: parameters.flag("LogOptions.RetrieveLogs", options.get("RetrieveLogs")),
            raw: parameters.flag("LogOptions.RawLogs", options.get("RawLogs")),
            query,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogOptions;
    use crate::parameters::Parameters;
    use asl::errors::Fault;
    use asl::value::parse;
    use rstest::rstest;

    fn read(json: &str) -> Result<LogOptions, Fault> {
        let whole = parse(&format!(r#"{{"LogOptions":{json}}}"#)).unwrap();
        let mut parameters = Parameters::new(&whole, &["LogOptions"]);
        let options = LogOptions::read(&mut parameters);
        parameters.checked(Some(options))
    }

    #[rstest]
    #[case("null", false, false)]
    #[case("{}", false, false)]
    #[case(r#"{"RetrieveLogs":true}"#, true, false)]
    #[case(r#"{"RetrieveLogs":"true","RawLogs":"true"}"#, true, true)]
    fn flags_are_read(#[case] json: &str, #[case] retrieve: bool, #[case] raw: bool) {
        let options = read(json).unwrap();
        assert_eq!((options.retrieve, options.raw), (retrieve, raw));
    }

    #[test]
    fn log_parameters_go_on_the_query() {
        let options = read(r#"{"LogParameters":{"tailLines":["6"],"limitBytes":[100]}}"#).unwrap();
        let expected = [("tailLines", "6"), ("limitBytes", "100")];
        assert_eq!(
            options.query,
            expected.map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }

    #[rstest]
    #[case(
        r#"{"LogParameters":{"follow":["true"]}}"#,
        "'LogOptions.LogParameters.follow' must be absent"
    )]
    #[case(
        r#"{"LogParameters":{"container":["x"]}}"#,
        "'LogOptions.LogParameters.container'"
    )]
    #[case(
        r#"{"LogParameters":{"insecureSkipTLSVerifyBackend":["true"]}}"#,
        "insecureSkip"
    )]
    #[case(r#"{"RetrieveLog":true}"#, "'LogOptions.RetrieveLog'")]
    #[case(
        r#"{"RetrieveLogs":"ja"}"#,
        "'LogOptions.RetrieveLogs' must be true or false"
    )]
    #[case("[]", "'LogOptions' must be an object, not array")]
    fn what_cannot_be_meant_is_refused(#[case] json: &str, #[case] expected: &str) {
        let cause = read(json).unwrap_err().cause.unwrap();
        assert!(cause.contains(expected), "{cause}");
    }
}
