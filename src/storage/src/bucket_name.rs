//! The names of buckets.

use std::fmt;

use asl::Value;
use asl::errors::Fault;

use crate::parameters::{invalid, text};

/// A name that S3 allows for buckets. It becomes a part of URLs and paths: it names nothing
/// outside its bucket's place.
///
/// Source: Amazon S3 user guide, "General purpose bucket naming rules", and the older rules that
/// allowed upper case and underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketName(String);

impl BucketName {
    /// `Bucket` of a task's parameters.
    ///
    /// # Errors
    /// There is none, or no bucket can have it.
    pub(crate) fn of(parameters: &Value) -> Result<Self, Fault> {
        let name = text(parameters, "Bucket")?;
        Self::parse(name).ok_or_else(|| {
            invalid(format!(
                "Bucket is '{name}', but a bucket's name has 3 to 255 letters, digits, dots, \
                 hyphens and underscores"
            ))
        })
    }

    fn parse(name: &str) -> Option<Self> {
        let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_name = (3..=255).contains(&name.len())
            && name.bytes().all(may_be)
            && name.starts_with(|first: char| first.is_ascii_alphanumeric());
        is_name.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::BucketName;
    use rstest::rstest;

    #[rstest]
    #[case("data", true)]
    #[case("My_data.2024-01", true)]
    #[case("ab", false)]
    #[case("...", false)]
    #[case("../data", false)]
    #[case("data/../other", false)]
    #[case("data?list", false)]
    #[case("data#", false)]
    #[case("datä", false)]
    fn a_name_stays_in_its_place(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(BucketName::parse(name).is_some(), expected);
    }
}
