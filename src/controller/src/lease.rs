//! Leader election by a `coordination.k8s.io/v1` Lease.
//!
//! As client-go does it: a lease is taken over when its holder has not renewed it for as long as
//! it said, measured from when this process saw the renewal (clocks of two machines are never
//! compared), and each write is fenced by the resourceVersion. A holder that cannot renew stops
//! before anybody else may take over. One that slept sends nothing more once its lease has run out
//! (see [`Leadership`]); what was on its way is harmless, since each write of an execution is
//! fenced, and tasks recognize what they made.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::Instant;

use crate::error::{is_conflict, is_not_found};
use crate::leadership::Leadership;

/// How the lease is held.
#[derive(Debug, Clone)]
pub struct LeaseOptions {
    /// The Lease's namespace.
    pub namespace: String,
    /// The Lease's name.
    pub name: String,
    /// Who this process is: the pod's name.
    pub identity: String,
    /// For how long a lease holds without being renewed.
    pub duration: Duration,
    /// How long the holder tries to renew it before it gives up. Less than `duration`.
    pub renew_deadline: Duration,
    /// The pause between attempts.
    pub retry_period: Duration,
    /// Is told for how long the lease holds.
    pub leadership: Leadership,
}

impl LeaseOptions {
    /// With the periods of Kubernetes' own components; to be called within a tokio runtime.
    #[must_use]
    pub fn new(namespace: &str, name: &str, identity: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            identity: identity.to_owned(),
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            leadership: Leadership::elected(),
        }
    }
}

/// What to do about a lease that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// It is ours: renew it.
    Renew,
    /// It is free: take it.
    Take,
    /// Someone else holds it.
    Wait,
}

/// What was last seen of someone else's lease.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    spec: LeaseSpec,
    at: Instant,
}

/// Elects.
pub struct Election {
    leases: Api<Lease>,
    options: LeaseOptions,
    seen: Option<Seen>,
}

impl Election {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(client: Client, options: LeaseOptions) -> Self {
        Self {
            leases: Api::namespaced(client, &options.namespace),
            options,
            seen: None,
        }
    }

    /// Returns once this process is the leader.
    pub async fn acquire(&mut self) {
        loop {
            let limit = self.options.renew_deadline;
            match tokio::time::timeout(limit, self.attempt()).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                // another was faster
                Ok(Err(error)) if is_conflict(&error) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be read or written"),
                Err(_) => tracing::warn!("the API server does not answer about the lease"),
            }
            // More often than it is renewed: whoever releases it hands over soon.
            let share = rand::random_range(0.4..0.6);
            tokio::time::sleep(self.options.retry_period.mul_f64(share)).await;
        }
    }

    /// Renews the lease; returns when that was not possible for too long, or another holds it.
    pub async fn hold(&mut self) {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(self.options.retry_period).await;
            let left = self
                .options
                .renew_deadline
                .saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.attempt()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => {
                    tracing::error!("another replica took the lease");
                    return;
                }
                Ok(Err(error)) => tracing::warn!(%error, "the lease was not renewed"),
                Err(_) => {}
            }
            if renewed.elapsed() >= self.options.renew_deadline {
                tracing::error!("the lease was not renewed in time");
                return;
            }
        }
    }

    /// Lets others take over at once. Best effort.
    pub async fn release(&mut self) {
        let options = &self.options;
        options.leadership.hold_until(Instant::now());
        let result = async {
            let lease = self.leases.get(&options.name).await?;
            if holder(&lease) != Some(options.identity.as_str()) {
                return Ok(());
            }
            let spec = LeaseSpec {
                holder_identity: None,
                lease_duration_seconds: Some(1),
                renew_time: Some(MicroTime(Timestamp::now())),
                ..lease.spec.clone().unwrap_or_default()
            };
            self.write(lease, spec).await.map(|_| ())
        };
        if let Err(error) = result.await {
            tracing::warn!(%error, "the lease was not released; it will expire");
        }
    }

    /// Takes or renews the lease, if that is possible now.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let lease = match self.leases.get(&self.options.name).await {
            Ok(lease) => lease,
            Err(error) if is_not_found(&error) => Lease {
                metadata: ObjectMeta {
                    name: Some(self.options.name.clone()),
                    ..ObjectMeta::default()
                },
                spec: None,
            },
            Err(error) => return Err(error),
        };
        let now = Instant::now();
        self.see(&lease, now);
        let decision = decide(&lease, &self.options.identity, self.seen.as_ref(), now);
        if decision == Decision::Wait {
            return Ok(false);
        }
        let spec = self.build_spec(&lease, decision);
        match self.write(lease, spec).await {
            Ok(_) => {
                // Others count from when they see this renewal, which is later.
                let until = now + self.options.duration;
                self.options.leadership.hold_until(until);
                Ok(true)
            }
            // Of a conflict as well: somebody wrote it meanwhile, which need not be its holder.
            Err(error) => Err(error),
        }
    }

    fn see(&mut self, lease: &Lease, now: Instant) {
        let spec = lease.spec.clone().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|seen| seen.spec != spec) {
            self.seen = Some(Seen { spec, at: now });
        }
    }

    fn build_spec(&self, lease: &Lease, decision: Decision) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let spec = lease.spec.clone().unwrap_or_default();
        let taken = decision == Decision::Take;
        let seconds = self.options.duration.as_secs();
        LeaseSpec {
            holder_identity: Some(self.options.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
            lease_transitions: Some(spec.lease_transitions.unwrap_or(0) + i32::from(taken)),
            acquire_time: match taken {
                true => Some(now.clone()),
                false => spec.acquire_time,
            },
            renew_time: Some(now),
            ..LeaseSpec::default()
        }
    }

    async fn write(&self, lease: Lease, spec: LeaseSpec) -> Result<Lease, kube::Error> {
        let exists = lease.metadata.resource_version.is_some();
        let lease = Lease {
            spec: Some(spec),
            ..lease
        };
        let params = PostParams::default();
        match exists {
            true => {
                self.leases
                    .replace(&self.options.name, &params, &lease)
                    .await
            }
            false => self.leases.create(&params, &lease).await,
        }
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    Some(holder).filter(|holder| !holder.is_empty())
}

fn decide(lease: &Lease, identity: &str, seen: Option<&Seen>, now: Instant) -> Decision {
    let Some(holder) = holder(lease) else {
        return Decision::Take;
    };
    if holder == identity {
        return Decision::Renew;
    }
    let seconds = lease
        .spec
        .as_ref()
        .and_then(|spec| spec.lease_duration_seconds);
    let seconds = u64::try_from(seconds.unwrap_or_default()).unwrap_or_default();
    let expired =
        seen.is_some_and(|seen| now.duration_since(seen.at) >= Duration::from_secs(seconds));
    match expired {
        true => Decision::Take,
        false => Decision::Wait,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn lease(holder: Option<&str>) -> Lease {
        Lease {
            spec: holder.map(|holder| LeaseSpec {
                holder_identity: Some(holder.to_owned()),
                lease_duration_seconds: Some(15),
                ..LeaseSpec::default()
            }),
            ..Lease::default()
        }
    }

    #[rstest]
    #[case::nobody_holds_it(None, 0, Decision::Take)]
    #[case::it_was_released(Some(""), 0, Decision::Take)]
    #[case::it_is_ours(Some("me"), 60, Decision::Renew)]
    #[case::it_was_just_renewed(Some("other"), 14, Decision::Wait)]
    #[case::it_was_not_renewed(Some("other"), 15, Decision::Take)]
    fn a_lease_is_taken_only_when_it_is_free(
        #[case] holder: Option<&str>,
        #[case] seconds_ago: u64,
        #[case] expected: Decision,
    ) {
        let lease = lease(holder);
        let at = Instant::now();
        let seen = Seen {
            spec: lease.spec.clone().unwrap_or_default(),
            at,
        };
        let now = at + Duration::from_secs(seconds_ago);
        assert_eq!(decide(&lease, "me", Some(&seen), now), expected);
    }
}
