//! The table of goals and figures.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::goal::GOALS;

/// The table, from the medians that criterion wrote below `results`.
#[must_use]
pub fn render(results: &Path) -> String {
    let mut table = format!(
        "{:<12} {:<32} {:>12} {:>12} {:>9}\n",
        "workload", "", "median", "goal", "of goal"
    );
    for goal in GOALS {
        let Some(median) = median(results, goal.name) else {
            continue;
        };
        let ratio = median.as_secs_f64() / goal.at_most.as_secs_f64();
        let missed = if ratio > 1.0 { "  missed" } else { "" };
        table.push_str(&format!(
            "{:<12} {:<32} {:>12} {:>12} {:>8.2}x{missed}\n",
            goal.name,
            goal.what,
            format!("{median:.2?}"),
            format!("{:?}", goal.at_most),
            ratio
        ));
    }
    table
}

fn median(results: &Path, name: &str) -> Option<Duration> {
    let path = results.join(name).join("new").join("estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let nanoseconds = estimates.get("median")?.get("point_estimate")?.as_f64()?;
    Some(Duration::from_secs_f64(nanoseconds / 1e9))
}
