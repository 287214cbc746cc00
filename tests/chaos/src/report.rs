//! What is printed of rounds.

use anyhow::Error;

use crate::plan::{Blow, Plan};
use crate::round::Outcome;

/// A round's line while rounds go on.
pub fn write_line(plan: &Plan, total: u32, outcome: &Outcome) -> String {
    let verdict = if outcome.findings.is_empty() {
        "ok"
    } else {
        "FAILED"
    };
    let kills = plan
        .mishaps
        .iter()
        .filter(|mishap| !matches!(mishap.what, Blow::Restart(_)));
    let kills = kills.count() + usize::from(plan.last_kill.is_some());
    let mut parts = vec![
        format!("{:.1} s", outcome.lasted.as_secs_f64()),
        format!(
            "{} faults in {} requests",
            outcome.injected.len(),
            outcome.requests
        ),
        format!("{kills} signals"),
    ];
    for mishap in &plan.mishaps {
        if let Blow::Restart(_) = mishap.what {
            parts.push(mishap.what.to_string());
        }
    }
    if plan.replicas > 1 {
        parts.push("two replicas".to_owned());
    }
    if !outcome.notes.is_empty() {
        parts.push(format!("{} ends of its own", outcome.notes.len()));
    }
    format!(
        "round {:>4} of {total}  {verdict}  {}",
        plan.round,
        parts.join(", ")
    )
}

/// All about a round that failed.
pub fn write_failure(plan: &Plan, outcome: &Outcome) -> String {
    let mut lines = vec![format!("seed {}, round {}", plan.seed, plan.round)];
    lines.push(format!("plan: {plan}"));
    lines.push("faults:".to_owned());
    for injected in &outcome.injected {
        let (class, number, fault) = (&injected.class, injected.number + 1, injected.fault);
        let seconds = injected.at.as_secs_f64();
        lines.push(format!("  {seconds:6.3} s  {class} no. {number}: {fault}"));
    }
    lines.extend(outcome.notes.iter().map(|note| format!("noted: {note}")));
    lines.push("what differs:".to_owned());
    lines.extend(
        outcome
            .findings
            .iter()
            .map(|finding| format!("  {finding}")),
    );
    lines.push(format!("the operators' logs: {}", outcome.folder.display()));
    lines.push(write_repetition(plan));
    lines.join("\n")
}

/// A round that could not be played.
pub fn write_error(plan: &Plan, error: &Error) -> String {
    let repetition = write_repetition(plan);
    format!(
        "round {} could not be played: {error:#}\nplan: {plan}\n{repetition}",
        plan.round
    )
}

fn write_repetition(plan: &Plan) -> String {
    let Plan { seed, round, .. } = plan;
    format!("again: make chaos SEED={seed} ROUND={round}")
}
