//! Lists that come page by page.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::ListParams;

/// What to ask for after a page; `None` after the last.
pub fn next_page(params: &ListParams, page: &ListMeta) -> Option<ListParams> {
    let token = page
        .continue_
        .as_deref()
        .filter(|token| !token.is_empty())?;
    Some(params.clone().continue_token(token))
}
