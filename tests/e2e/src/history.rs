//! An execution's history, read from what the operator stored.

use crd::{Execution, ExecutionPage};
use engine::history::read_page;
use engine::ports::PageId;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use serde_json::Value;

/// The events as `GetExecutionHistory` gives them: the pages from the record's last one back to
/// the first, and the record's tail.
///
/// # Errors
/// What cannot be read, in words.
pub async fn read(client: &Client, execution: &Execution) -> Result<Vec<Value>, String> {
    let status = execution.status.as_ref().ok_or("it has no status")?;
    let record = status.checkpoint.as_deref().ok_or("it has no record")?;
    let record = engine::record::decode(record).map_err(|error| error.to_string())?;
    let pages = match record.tail.last_page() {
        Some(_) => list_pages(client, execution).await?,
        None => Vec::new(),
    };
    let mut text = record.tail.text().to_owned();
    let mut next = record.tail.last_page().cloned();
    while let Some(id) = next {
        let page = find(&pages, &id).ok_or_else(|| format!("its page {id:?} is not there"))?;
        let sealed = read_page(&page.spec.data).map_err(|error| error.to_string())?;
        text.insert_str(0, &sealed.text);
        next = sealed.previous;
    }
    let event = |line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}"));
    text.lines().map(event).collect()
}

async fn list_pages(client: &Client, execution: &Execution) -> Result<Vec<ExecutionPage>, String> {
    let namespace = execution.namespace().unwrap_or_default();
    let uid = execution.uid().unwrap_or_default();
    let pages = Api::<ExecutionPage>::namespaced(client.clone(), &namespace);
    let own = ListParams::default().fields(&format!("executionUID={uid}"));
    let pages = pages.list(&own).await;
    Ok(pages.map_err(|error| error.to_string())?.items)
}

/// A page, by the end of its object's name.
fn find<'a>(pages: &'a [ExecutionPage], id: &PageId) -> Option<&'a ExecutionPage> {
    let end = format!("-h{}-{}", id.sequence, id.digest);
    pages.iter().find(|page| page.name_any().ends_with(&end))
}
