//! Which buckets executions may reach, by namespace.

use std::str::FromStr;

use crate::bucket_name::BucketName;

/// The buckets that executions may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedBuckets(Vec<BucketPattern>);

/// `[NAMESPACE/]BUCKET`; a `*` at the end of a bucket's name stands for any rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPattern {
    /// Executions of this namespace only.
    namespace: Option<String>,
    beginning: String,
    /// Whether names may go on after the beginning.
    open: bool,
}

/// A text that is no pattern of buckets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no bucket: a bucket's name is expected, with or without '*' at its end, and \
     '<namespace>/' before it where only executions of that namespace may reach it"
)]
pub struct PatternError(String);

impl AllowedBuckets {
    /// Every bucket, from every namespace.
    pub(crate) fn all() -> Self {
        Self(vec![BucketPattern {
            namespace: None,
            beginning: String::new(),
            open: true,
        }])
    }

    /// The buckets that these patterns name; none where there are none.
    #[must_use]
    pub fn new(patterns: Vec<BucketPattern>) -> Self {
        Self(patterns)
    }

    /// Whether executions of a namespace may reach a bucket.
    pub(crate) fn allows(&self, namespace: &str, bucket: &BucketName) -> bool {
        let mut patterns = self.0.iter();
        patterns.any(|pattern| pattern.allows(namespace, bucket.as_str()))
    }
}

impl BucketPattern {
    fn allows(&self, namespace: &str, bucket: &str) -> bool {
        let here = self.namespace.as_deref().is_none_or(|own| own == namespace);
        here && match self.open {
            true => bucket.starts_with(&self.beginning),
            false => bucket == self.beginning,
        }
    }
}

impl FromStr for BucketPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (namespace, bucket) = match text.split_once('/') {
            Some((namespace, bucket)) => (Some(namespace), bucket),
            None => (None, text),
        };
        let beginning = bucket.strip_suffix('*').unwrap_or(bucket);
        let open = beginning != bucket;
        let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_pattern = namespace != Some("")
            && !bucket.is_empty()
            && beginning.bytes().all(may_be)
            && namespace.is_none_or(|own| own.bytes().all(may_be));
        if !is_pattern {
            return Err(PatternError(text.to_owned()));
        }
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            beginning: beginning.to_owned(),
            open,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowedBuckets, BucketPattern};
    use crate::bucket_name::BucketName;
    use asl::Value;
    use asl::value::ObjectBuilder;
    use rstest::rstest;

    fn bucket(name: &str) -> BucketName {
        let parameters = ObjectBuilder::default().with("Bucket", name).build();
        BucketName::of(&Value::Object(parameters)).unwrap()
    }

    #[rstest]
    #[case("flows", "shared", true)]
    #[case("flows", "shared-too", false)]
    #[case("flows", "team-a-data", true)]
    #[case("flows", "team-a", false)]
    #[case("flows", "private", false)]
    #[case("team-b", "private", true)]
    #[case("team-b", "b-1", true)]
    #[case("flows", "b-1", false)]
    fn a_bucket_is_reached_where_a_pattern_says_so(
        #[case] namespace: &str,
        #[case] name: &str,
        #[case] expected: bool,
    ) {
        let patterns = ["shared", "team-a-*", "team-b/private", "team-b/b-*"];
        let patterns = patterns.map(|pattern| pattern.parse().unwrap());
        let allowed = AllowedBuckets::new(patterns.to_vec());
        assert_eq!(allowed.allows(namespace, &bucket(name)), expected);
    }

    #[test]
    fn nothing_is_allowed_where_nothing_is_said() {
        assert!(!AllowedBuckets::default().allows("flows", &bucket("shared")));
    }

    #[rstest]
    #[case("")]
    #[case("*-data")]
    #[case("/data")]
    #[case("team/")]
    #[case("a/b/c")]
    #[case("s3://data")]
    fn what_is_no_pattern_is_refused(#[case] text: &str) {
        let error = text.parse::<BucketPattern>().unwrap_err();
        let expected = format!("'{text}' is no bucket");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
