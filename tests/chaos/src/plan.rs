//! What befalls the processes of a round, and when.

use std::fmt;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::dice::dice;
use crate::fault::time;

/// Of so many rounds one restarts the API server, etcd, or both, under itself and the others that
/// are being played.
const CONTROL_PLANE_EVERY: u32 = 20;
/// Of so many rounds one has two replicas.
const REPLICAS_EVERY: u32 = 5;
/// A lease holds for 15 seconds; this is longer.
const LONGER_THAN_A_LEASE: (u64, u64) = (16_500, 18_500);

/// The plan of a round: what befalls requests follows from seed and round as well
/// ([`crate::fault::decide_fault`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed of all rounds.
    pub seed: u64,
    /// The round, counted from 1.
    pub round: u32,
    /// Whether requests are disturbed.
    pub faults: bool,
    /// How many operators there are. Two elect a leader.
    pub replicas: usize,
    /// What befalls processes, in order.
    pub mishaps: Vec<Mishap>,
    /// When the operator is killed once more, since the executions were deleted.
    pub last_kill: Option<Duration>,
}

/// Something that befalls a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mishap {
    /// When, since the executions were created.
    pub at: Duration,
    /// What.
    pub what: Blow,
}

/// What befalls the operator that leads, or the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL; started again at once, as a container is.
    Kill,
    /// SIGKILL; another takes its place, as for a pod that is lost.
    Lose,
    /// SIGTERM; started again once it has ended.
    Terminate,
    /// SIGSTOP, and SIGCONT after this time.
    Pause(Duration),
    /// These components are killed and started again.
    Restart(&'static [&'static str]),
}

impl Plan {
    /// The plan of a round.
    pub fn new(seed: u64, round: u32, local_cluster: bool) -> Self {
        let restarts = local_cluster && is_turn(seed, round, CONTROL_PLANE_EVERY, "control plane");
        let replicated = !restarts && is_turn(seed, round, REPLICAS_EVERY, "replicas");
        let mut dice = dice(seed, round, "mishaps");
        let mut mishaps = build_kills(&mut dice);
        if restarts {
            mishaps.push(build_restart(&mut dice));
        }
        if replicated {
            mishaps = build_handovers(&mut dice);
        }
        mishaps.sort_by_key(|mishap| mishap.at);
        Self {
            seed,
            round,
            faults: true,
            replicas: if replicated { 2 } else { 1 },
            mishaps,
            last_kill: dice.random_bool(0.5).then(|| time(&mut dice, 0, 400)),
        }
    }

    /// A round in which nothing goes wrong.
    pub fn calm(seed: u64, round: u32) -> Self {
        Self {
            seed,
            round,
            faults: false,
            replicas: 1,
            mishaps: Vec::new(),
            last_kill: None,
        }
    }
}

/// Whether it is a round's turn, of `every` rounds in a row exactly once.
fn is_turn(seed: u64, round: u32, every: u32, matter: &str) -> bool {
    let offset = dice(seed, 0, matter).random_range(0..every);
    round % every == offset
}

fn build_kills(dice: &mut StdRng) -> Vec<Mishap> {
    let count = dice.random_range(2..=5);
    let kinds = [Blow::Kill, Blow::Kill, Blow::Kill, Blow::Terminate];
    (0..count)
        .map(|_| Mishap {
            at: time(dice, 100, 11_000),
            what: match kinds.choose(dice) {
                Some(Blow::Terminate) if dice.random_bool(0.5) => {
                    Blow::Pause(time(dice, 200, 3_000))
                }
                kind => kind.copied().unwrap_or(Blow::Kill),
            },
        })
        .collect()
}

fn build_restart(dice: &mut StdRng) -> Mishap {
    let sets: [&[&str]; 3] = [&["kube-apiserver"], &["etcd"], &["etcd", "kube-apiserver"]];
    Mishap {
        at: time(dice, 500, 6_000),
        what: Blow::Restart(sets.choose(dice).copied().unwrap_or_default()),
    }
}

/// The lead changes hands, in one of three ways, and the next one does not live long either.
fn build_handovers(dice: &mut StdRng) -> Vec<Mishap> {
    let (least, most) = LONGER_THAN_A_LEASE;
    let first = match dice.random_range(0..3) {
        0 => Blow::Terminate,
        1 => Blow::Lose,
        _ => Blow::Pause(time(dice, least, most)),
    };
    let second = [Blow::Kill, Blow::Terminate].choose(dice).copied();
    vec![
        Mishap {
            at: time(dice, 500, 6_000),
            what: first,
        },
        Mishap {
            at: time(dice, 7_000, 11_000),
            what: second.unwrap_or(Blow::Kill),
        },
    ]
}

impl fmt::Display for Blow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => formatter.write_str("SIGKILL to the operator, started again at once"),
            Self::Lose => formatter.write_str("SIGKILL to the leader, another takes its place"),
            Self::Terminate => formatter.write_str("SIGTERM to the operator, started again"),
            Self::Pause(time) => {
                write!(
                    formatter,
                    "SIGSTOP to the operator for {} ms",
                    time.as_millis()
                )
            }
            Self::Restart(names) => write!(formatter, "restart of {}", names.join(" and ")),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replicas = match self.replicas {
            1 => "one operator",
            _ => "two operators, one leads",
        };
        write!(formatter, "{replicas}")?;
        for mishap in &self.mishaps {
            let seconds = mishap.at.as_secs_f64();
            write!(formatter, "\n  {seconds:6.3} s  {}", mishap.what)?;
        }
        if let Some(at) = self.last_kill {
            let milliseconds = at.as_millis();
            write!(
                formatter,
                "\n  {milliseconds} ms after the executions were deleted  {}",
                Blow::Kill
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Blow, Plan};

    fn restarts_control_plane(plan: &Plan) -> bool {
        let mut blows = plan.mishaps.iter().map(|mishap| mishap.what);
        blows.any(|blow| matches!(blow, Blow::Restart(_)))
    }

    #[test]
    fn the_same_seed_makes_the_same_plan_and_another_seed_another() {
        assert_eq!(Plan::new(7, 3, true), Plan::new(7, 3, true));
        assert_ne!(Plan::new(7, 3, true).mishaps, Plan::new(8, 3, true).mishaps);
    }

    #[test]
    fn twenty_rounds_have_all_kinds_of_rounds() {
        let plans: Vec<_> = (1..=20).map(|round| Plan::new(7, round, true)).collect();
        let restarts = plans.iter().filter(|plan| restarts_control_plane(plan));
        assert_eq!(restarts.count(), 1);
        let replicated = plans.iter().filter(|plan| plan.replicas == 2).count();
        assert!((2..=4).contains(&replicated), "{replicated}");
        let kill = |plan: &Plan| plan.mishaps.iter().any(|mishap| mishap.what == Blow::Kill);
        assert!(plans.iter().filter(|plan| kill(plan)).count() > 10);
    }

    #[test]
    fn a_cluster_that_is_not_ours_is_not_restarted() {
        let mut plans = (1..=20).map(|round| Plan::new(7, round, false));
        assert!(!plans.any(|plan| restarts_control_plane(&plan)));
    }

    #[test]
    fn a_plan_can_be_read() {
        let text = Plan::new(7, 3, true).to_string();
        assert!(
            text.starts_with("one operator\n") && text.contains(" s  SIG"),
            "{text}"
        );
    }
}
