//! A node that is not real: its pods succeed as soon as they are scheduled.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Patch, PatchParams};
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::bench::Bench;
use crate::process::Process;
use crate::workload::FAKE;

/// How long the node may take to be ready.
const READY: Duration = Duration::from_mins(3);

/// kwok, which ends with this value; the node stays.
pub struct Kwok {
    _process: Process,
}

impl Kwok {
    /// Starts kwok and waits until its node is ready.
    pub async fn start(bench: &Bench, program: &Path) -> Result<Self> {
        let configuration = bench.logs.join("kwok.yaml");
        fs::write(&configuration, include_str!("kwok.yaml"))?;
        let mut command = Command::new(program);
        command.arg("--config").arg(&configuration);
        let mut process = Process::start("kwok", &mut command, &bench.logs.join("kwok.log"))?;
        let nodes = Api::<Node>::all(bench.client.clone());
        let node = build_node()?;
        let params = PatchParams::apply("bench-cluster").force();
        nodes
            .patch(&node.name_any(), &params, &Patch::Apply(&node))
            .await
            .context("cannot create the node")?;
        let ready = await_condition(nodes, FAKE, |node: Option<&Node>| {
            node.is_some_and(is_ready)
        });
        let ready = tokio::time::timeout(READY, ready).await;
        process.expect_alive()?;
        ready.context("kwok's node is not ready; its log is kwok.log")??;
        Ok(Self { _process: process })
    }
}

fn build_node() -> Result<Node> {
    Ok(serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": FAKE,
            "labels": {FAKE: "fake", "kubernetes.io/hostname": FAKE},
        },
        "spec": {"taints": [{"key": FAKE, "value": "fake", "effect": "NoSchedule"}]},
    }))?)
}

fn is_ready(node: &Node) -> bool {
    let conditions = node
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|found| found.type_ == "Ready" && found.status == "True")
}
