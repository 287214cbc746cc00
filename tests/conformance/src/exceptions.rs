//! The cases that are known to fail, with their reasons, kept in this crate's `README.md`.

use std::collections::BTreeMap;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## Exceptions";

/// Ids of the cases that may fail, and why: the rows of the table below "Exceptions", whose first
/// column is the id in backticks and whose second is the reason.
#[must_use]
pub fn listed() -> BTreeMap<String, String> {
    parse(README)
}

fn parse(readme: &str) -> BTreeMap<String, String> {
    let section = readme
        .split_once(HEADING)
        .map(|(_, after)| after)
        .unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter_map(parse_row).collect()
}

fn parse_row(line: &str) -> Option<(String, String)> {
    let (id, rest) = line.strip_prefix("| `")?.split_once('`')?;
    let reason = rest.trim().trim_matches('|').trim();
    (!reason.is_empty()).then(|| (id.to_owned(), reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rows_with_a_reason_are_read_and_no_others() {
        let listed = parse(
            "# x\n| `before` | no |\n## Exceptions\n| Case | Reason |\n|---|---|\n| `a::b[1]` | because |\n| `c` |  |\n## Next\n| `after` | no |\n",
        );
        assert_eq!(
            listed.into_iter().collect::<Vec<_>>(),
            [("a::b[1]".to_owned(), "because".to_owned())]
        );
    }
}
