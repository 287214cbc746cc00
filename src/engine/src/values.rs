//! Sealed values as they are kept: written once into pages, in groups, and read when an execution
//! is continued.
//!
//! A group is what one checkpoint sealed: lines of `{"id": …, "value": …}`, compressed, in as many
//! pages as it takes. The record names the groups that its checkpoint refers to.

use std::collections::HashMap;

use asl::Value;
use asl::machine::Sealed;
use serde::{Deserialize, Serialize};

use crate::ports::{PageId, PageKind};
use crate::record::{self, Page, RecordError};

/// Values that were sealed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The first value's number; the others follow it.
    pub first: u64,
    /// The last value's number.
    pub last: u64,
    /// The pages, in order.
    pub pages: Vec<PageId>,
}

impl Group {
    /// Whether one of these values, in order, is in the group.
    #[must_use]
    pub fn holds_any(&self, ids: &[u64]) -> bool {
        let at = ids.partition_point(|id| *id < self.first);
        ids.get(at).is_some_and(|id| *id <= self.last)
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    id: u64,
    value: Value,
}

/// Puts newly sealed values into pages; `None` if there are none.
///
/// # Errors
/// Compression failed.
pub fn build_group(sealed: Vec<Sealed>) -> Result<Option<(Group, Vec<Page>)>, RecordError> {
    let (Some(first), Some(last)) = (sealed.first(), sealed.last()) else {
        return Ok(None);
    };
    let (first, last) = (first.id, last.id);
    let mut text = String::new();
    for Sealed { id, value } in sealed {
        text.push_str(&record::to_json(&Line { id, value })?);
        text.push('\n');
    }
    let pages = record::split_into_pages(text.as_bytes(), PageKind::Values, first)?;
    let group = Group {
        first,
        last,
        pages: pages.iter().map(|page| page.id.clone()).collect(),
    };
    Ok(Some((group, pages)))
}

/// Reads a group from its pages' data.
///
/// # Errors
/// They are damaged.
pub fn read_group<'a>(
    pages: impl IntoIterator<Item = &'a str>,
    values: &mut HashMap<u64, Value>,
) -> Result<(), RecordError> {
    let bytes = record::join_pages(pages)?;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(line).map_err(record::unreadable)?;
        values.insert(line.id, line.value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{build_group, read_group};
    use asl::Value;
    use asl::machine::Sealed;

    #[test]
    fn a_group_gives_its_values_back_and_knows_its_numbers() {
        let sealed = |id: u64| Sealed {
            id,
            value: Value::from(format!("value {id}\n").repeat(1000)),
        };
        let (group, pages) = build_group(vec![sealed(3), sealed(4)]).unwrap().unwrap();
        let mut values = HashMap::new();
        read_group(pages.iter().map(|page| &*page.data), &mut values).unwrap();
        assert_eq!(values.get(&4), Some(&sealed(4).value));
        assert_eq!(values.len(), 2);
        assert!(group.holds_any(&[1, 4, 9]));
        assert!(!group.holds_any(&[1, 2, 9]));
    }
}
