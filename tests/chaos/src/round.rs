//! One round, from its namespace to its judgement.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use crd::{Execution, RunStatus, StateMachine};
use kube::Client;
use tokio::time::{Instant, sleep, sleep_until};

use crate::gate::Gate;
use crate::ground::Ground;
use crate::judge;
use crate::operator::{Operator, Setting};
use crate::plan::{Blow, Plan};
use crate::proxy::{Injected, Proxy};
use crate::workload::{Case, Intervention, build_cases};

/// How long executions may take, and afterwards what they leave may stay.
const LIMIT: Duration = Duration::from_secs(300);
/// The pause between two looks: each is a list or seven, which are to be no burden beside the rest.
const PAUSE: Duration = Duration::from_secs(1);

/// What all rounds have in common.
pub struct World {
    /// A client with all rights.
    pub client: Client,
    /// A client without any, for the proxy.
    pub upstream: Client,
    /// The operators' credentials.
    pub token: String,
    /// The binary `sfn`.
    pub program: PathBuf,
    /// The way to the API server.
    pub gate: Arc<Gate>,
    /// Where logs go.
    pub folder: PathBuf,
}

/// What became of a round.
pub struct Outcome {
    /// What is wrong; nothing if all is well.
    pub findings: Vec<String>,
    /// The faults that were injected.
    pub injected: Vec<Injected>,
    /// How many requests there were.
    pub requests: u64,
    /// What the operators' processes did on their own.
    pub notes: Vec<String>,
    /// Where the operators' logs are.
    pub folder: PathBuf,
    /// How long it took.
    pub lasted: Duration,
}

/// Plays a round.
///
/// # Errors
/// It could not be played to its end; that says nothing about the operator.
pub async fn play(world: &World, plan: &Plan) -> Result<Outcome> {
    let begun = Instant::now();
    let name = format!("{}-{}", plan.seed, plan.round);
    let folder = world.folder.join(name);
    // logs are appended to
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let ground = Ground::new(world.client.clone()).await?;
    let proxy = Proxy::start(world.upstream.clone(), plan.clone(), world.gate.clone()).await?;
    let operators = start_operators(world, plan, &ground, &proxy, &folder)?;
    let round = Round {
        plan,
        cases: build_cases(&ground.namespace),
        ground,
        operators,
        gate: &world.gate,
    };
    let findings = round.play().await?;
    let Round {
        ground, operators, ..
    } = round;
    let notes = operators.iter().flat_map(Operator::notes).collect();
    drop(operators);
    ground.remove().await;
    Ok(Outcome {
        findings,
        injected: proxy.injected(),
        requests: proxy.requests(),
        notes,
        folder,
        lasted: begun.elapsed(),
    })
}

fn start_operators(
    world: &World,
    plan: &Plan,
    ground: &Ground,
    proxy: &Proxy,
    folder: &Path,
) -> Result<Vec<Operator>> {
    let setting = Setting {
        program: world.program.clone(),
        namespace: ground.namespace.clone(),
        server: proxy.address,
        token: world.token.clone(),
        folder: folder.to_owned(),
        elect: plan.replicas > 1,
    };
    (0..plan.replicas)
        .map(|number| Operator::start(&setting, &format!("operator-{number}")))
        .collect()
}

struct Round<'a> {
    plan: &'a Plan,
    cases: Vec<Case>,
    ground: Ground,
    operators: Vec<Operator>,
    gate: &'a Gate,
}

impl Round<'_> {
    async fn play(&self) -> Result<Vec<String>> {
        self.ground.prepare().await?;
        self.ground.create(&self.cases).await?;
        let (executions, ()) = tokio::try_join!(self.attend(), self.strike())?;
        let mut findings = judge::judge_ended(&self.ground, &self.cases, &executions).await?;
        let (leaks, ()) = tokio::try_join!(self.clear(), self.strike_last())?;
        findings.extend(leaks);
        let panics = self.operators.iter().flat_map(Operator::panics);
        findings.extend(panics.map(|line| format!("the operator panicked: {line}")));
        Ok(findings)
    }

    /// Does to executions what is to be done to them, until all have ended or time is up.
    async fn attend(&self) -> Result<BTreeMap<String, Execution>> {
        let until = Instant::now() + LIMIT;
        let mut attended: Vec<&str> = Vec::new();
        loop {
            let executions = self.ground.list::<Execution>().await?;
            for case in &self.cases {
                let execution = executions.get(case.name);
                let due = |intervention: &Intervention| {
                    let open = !attended.contains(&case.name);
                    open && execution.is_some_and(|execution| is_due(*intervention, execution))
                };
                if let Some(intervention) = case.intervention.filter(due) {
                    self.intervene(case, intervention).await?;
                    attended.push(case.name);
                }
            }
            let ended = |case: &Case| judge::outcome::has_ended(case, executions.get(case.name));
            if self.cases.iter().all(ended) || Instant::now() > until {
                return Ok(executions);
            }
            sleep(PAUSE).await;
        }
    }

    async fn intervene(&self, case: &Case, intervention: Intervention) -> Result<()> {
        match intervention {
            Intervention::Stop => self.ground.stop(case.name).await,
            Intervention::Delete => self.ground.delete::<Execution>(case.name).await,
            Intervention::Redrive => self.ground.redrive(case.name).await,
        }
    }

    /// Lets the plan's mishaps happen.
    async fn strike(&self) -> Result<()> {
        let begun = Instant::now();
        for mishap in &self.plan.mishaps {
            sleep_until(begun + mishap.at).await;
            match mishap.what {
                Blow::Restart(names) => self.gate.restart(names).await?,
                blow => self.leader().await?.suffer(blow).await,
            }
        }
        Ok(())
    }

    /// Kills the operator once more, while executions are being deleted.
    async fn strike_last(&self) -> Result<()> {
        if let Some(at) = self.plan.last_kill {
            sleep(at).await;
            self.leader().await?.suffer(Blow::Kill).await;
        }
        Ok(())
    }

    /// The operator that leads; the first where none does.
    async fn leader(&self) -> Result<&Operator> {
        let leader = match self.operators.len() {
            1 => None,
            _ => self.ground.leader().await,
        };
        let leads =
            |operator: &&Operator| leader.as_ref().is_some_and(|leader| operator.is(leader));
        let leading = self.operators.iter().find(leads);
        leading
            .or(self.operators.first())
            .context("a round without an operator")
    }

    /// Deletes all executions and their StateMachines; gives what is left after a while.
    async fn clear(&self) -> Result<Vec<String>> {
        for case in &self.cases {
            self.ground.delete::<Execution>(case.name).await?;
            self.ground.delete::<StateMachine>(case.name).await?;
        }
        let until = Instant::now() + LIMIT;
        loop {
            let leaks = judge::leaks::find(&self.ground, &self.cases).await?;
            if leaks.is_empty() || Instant::now() > until {
                return Ok(leaks);
            }
            sleep(PAUSE).await;
        }
    }
}

/// Whether it is time: a redrive is for what failed, the others for what has made a Job.
fn is_due(intervention: Intervention, execution: &Execution) -> bool {
    let Some(status) = &execution.status else {
        return false;
    };
    match intervention {
        Intervention::Redrive => status.status == Some(RunStatus::Failed),
        Intervention::Stop | Intervention::Delete => {
            status.tasks.iter().any(|task| task.job_uid.is_some())
        }
    }
}
