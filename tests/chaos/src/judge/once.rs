//! Each task made its object exactly once.
//!
//! The API server's audit log tells, which knows of objects that are gone, too. Where there is
//! none, only what is there can be counted.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;

use anyhow::Result;
use e2e::audit::Traces;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::NamespaceResourceScope;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::ground::Ground;
use crate::workload::Case;

/// What was made twice, or not at all.
///
/// # Errors
/// The cluster cannot be asked.
pub async fn judge(ground: &Ground, cases: &[Case]) -> Result<Vec<String>> {
    let jobs = Made::find::<Job>(ground).await?;
    let maps = Made::find::<ConfigMap>(ground).await?;
    let judged = cases.iter().flat_map(|case| {
        let count = case.config_maps..=case.config_maps;
        [jobs.judge(case, &case.jobs), maps.judge(case, &count)]
    });
    Ok(judged.flatten().collect())
}

/// The objects of a kind that were made.
struct Made {
    kind: String,
    /// By name.
    objects: BTreeMap<String, Traces>,
    /// Whether those that are gone are among them.
    complete: bool,
}

impl Made {
    async fn find<K>(ground: &Ground) -> Result<Self>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let kind = K::plural(&K::DynamicType::default()).into_owned();
        let audit = ground.audit.as_ref();
        let logged = audit.map(|audit| audit.objects(&ground.namespace, &kind));
        let complete = logged.is_some();
        let mut objects = logged.unwrap_or_default();
        for (name, object) in ground.list::<K>().await? {
            objects.entry(name).or_default().uids.extend(object.uid());
        }
        Ok(Self {
            kind,
            objects,
            complete,
        })
    }

    fn judge(&self, case: &Case, expected: &RangeInclusive<usize>) -> Option<String> {
        let prefix = format!("{}-", case.name);
        let of_case = |(name, _): &(&String, &Traces)| name.starts_with(&prefix);
        let made: BTreeMap<_, _> = self.objects.iter().filter(of_case).collect();
        let once = |traces: &&Traces| traces.created <= 1 && traces.uids.len() <= 1;
        let few = !self.complete && made.len() < *expected.start();
        let right = made.values().all(once) && (expected.contains(&made.len()) || few);
        let kind = &self.kind;
        (!right).then(|| {
            format!(
                "{}: {kind}: expected {expected:?}, made {made:?}",
                case.name
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Made;
    use crate::workload::{Case, build_cases};
    use e2e::audit::Traces;
    use rstest::rstest;

    fn map() -> Case {
        let mut cases = build_cases("n").into_iter();
        cases.find(|case| case.name == "map").unwrap()
    }

    /// An object that was created so often, by as many uids.
    fn object(name: &str, created: usize, uids: usize) -> (String, Traces) {
        let uids = (0..uids).map(|uid| uid.to_string()).collect();
        (name.to_owned(), Traces { created, uids })
    }

    #[rstest]
    #[case::once(object("map-c", 1, 1), true)]
    #[case::once_as_only_others_tell(object("map-c", 0, 1), true)]
    #[case::once_and_removed_untouched(object("map-c", 1, 0), true)]
    #[case::twice(object("map-c", 2, 1), false)]
    #[case::twice_as_only_others_tell(object("map-c", 1, 2), false)]
    #[case::not_at_all(object("job-once", 1, 1), false)]
    fn each_is_to_be_made_once(#[case] third: (String, Traces), #[case] right: bool) {
        let made = Made {
            kind: "jobs".to_owned(),
            objects: [object("map-a", 1, 1), object("map-b", 1, 1), third].into(),
            complete: true,
        };
        assert_eq!(made.judge(&map(), &(3..=3)).is_none(), right);
        assert!(made.judge(&map(), &(4..=4)).is_some());
    }
}
