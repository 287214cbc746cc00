//! A runner of Jobs for tests.

use std::sync::Arc;

use super::RunJob;
use crate::api_server::ApiServer;
use crate::identity::Identities;
use crate::settings::{Acting, ClusterIdentity, TaskLimits};
use crate::test_api::Api;

/// One that asks `api`, for the cluster `c`.
pub(super) fn runner(api: &Api, acting: Acting, limits: TaskLimits) -> RunJob {
    let server = ApiServer::new(api.client(), &limits);
    let cluster = ClusterIdentity {
        name: "c".into(),
        ..ClusterIdentity::default()
    };
    let identities = Identities::new(acting, server.clone(), limits);
    RunJob::new(server, cluster, Arc::new(identities), limits)
}
