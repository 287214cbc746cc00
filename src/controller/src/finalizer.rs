//! Finalizers: what holds an object until the operator has cleaned up after it.

use serde_json::{Value, json};

/// An object's finalizers with one of them set or removed.
pub fn change_finalizers(finalizers: &[String], name: &str, present: bool) -> Vec<String> {
    let others = finalizers.iter().filter(|finalizer| *finalizer != name);
    let this = present.then(|| name.to_owned());
    others.cloned().chain(this).collect()
}

/// The merge patch that puts an object's finalizers in place, if the object is that of `uid` and
/// was not changed since `resource_version`.
pub fn build_finalizers_patch(
    uid: Option<&str>,
    resource_version: Option<&str>,
    finalizers: &[String],
) -> Value {
    json!({
        "metadata": {
            "resourceVersion": resource_version,
            "uid": uid,
            "finalizers": finalizers,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::change_finalizers;

    #[test]
    fn a_finalizer_is_set_once_and_removed_without_the_others() {
        let others = ["theirs".to_owned()];
        let set = change_finalizers(&others, "ours", true);
        assert_eq!(set, ["theirs", "ours"]);
        assert_eq!(change_finalizers(&set, "ours", true), set);
        assert_eq!(change_finalizers(&set, "ours", false), others);
    }
}
