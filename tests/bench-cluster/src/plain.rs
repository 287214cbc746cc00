//! Plain clients: what people do, and what the API server can do.

use std::future::Future;
use std::time::Instant;

use anyhow::Result;
use crd::Execution;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::PostParams;
use kube::{Api, ResourceExt as _};

/// How many requests are under way at a time.
const AT_ONCE: usize = 32;

/// What was done, and how fast.
pub struct Done<T> {
    /// What came of each, in no order.
    pub results: Vec<T>,
    /// How many a second.
    pub per_second: f64,
}

/// Does something with each item, [`AT_ONCE`] at a time.
pub async fn with_each<I, T, F>(items: Vec<I>, each: impl Fn(I) -> F) -> Result<Done<T>>
where
    F: Future<Output = Result<T>>,
{
    let since = Instant::now();
    let doing = stream::iter(items).map(each).buffer_unordered(AT_ONCE);
    let results: Vec<T> = doing.try_collect().await?;
    let per_second = results.len() as f64 / since.elapsed().as_secs_f64();
    Ok(Done {
        results,
        per_second,
    })
}

/// An object that was written, and by which write.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its resourceVersion.
    pub version: String,
}

/// Creates executions.
pub async fn create(api: &Api<Execution>, executions: Vec<Execution>) -> Result<Done<Written>> {
    with_each(executions, |execution| async move {
        let created = api.create(&PostParams::default(), &execution).await?;
        Ok(Written {
            name: created.name_any(),
            uid: created.uid().unwrap_or_default(),
            version: created.resource_version().unwrap_or_default(),
        })
    })
    .await
}
