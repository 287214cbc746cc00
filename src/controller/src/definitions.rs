//! The state machines that can be executed now, and who waits for one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use kube::runtime::reflector::ObjectRef;

use crate::revision::Revision;

/// How an Execution names its StateMachine, within its namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By the object's name.
    Name(String),
    /// By ARN.
    Arn(String),
}

/// A namespace and a name in it.
type Named<T> = (String, T);

/// What is known of a StateMachine.
#[derive(Debug, Clone)]
pub enum Known {
    /// It can be executed.
    Ready(Arc<Revision>),
    /// It cannot, and why.
    NotReady(String),
    /// It is being deleted.
    Leaving,
}

impl Known {
    /// Whether it is being deleted.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self, Self::Leaving)
    }
}

/// All of them.
#[derive(Default)]
pub struct Definitions(Mutex<State>);

#[derive(Default)]
struct State {
    known: HashMap<Named<String>, (String, Known)>,
    revisions: HashMap<Named<String>, Weak<Revision>>,
    waiting: HashMap<Named<Reference>, HashSet<ObjectRef<crd::Execution>>>,
}

impl State {
    /// The object's name and what is known of it. Of several StateMachines with the same ARN only
    /// one can be executed.
    fn find_by_arn(&self, namespace: &str, arn: &str) -> Option<(&str, &Known)> {
        let known = self.known.iter();
        let named = known.filter(|((place, _), (known, _))| place == namespace && known == arn);
        let found = named.max_by_key(|(_, (_, known))| matches!(known, Known::Ready(_)));
        found.map(|((_, name), (_, known))| (name.as_str(), known))
    }

    fn forget_unused(&mut self) {
        let revisions = &mut self.revisions;
        revisions.retain(|_, revision| revision.strong_count() > 0);
    }
}

impl Definitions {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was found out about a StateMachine, and its ARN. Gives those who waited for it.
    #[must_use]
    pub fn set(
        &self,
        namespace: &str,
        name: &str,
        arn: String,
        known: Known,
    ) -> HashSet<ObjectRef<crd::Execution>> {
        let mut state = self.lock();
        if let Known::Ready(revision) = &known {
            let key = (namespace.to_owned(), revision.id.to_string());
            state.revisions.insert(key, Arc::downgrade(revision));
        }
        let references = [
            Reference::Name(name.to_owned()),
            Reference::Arn(arn.clone()),
        ];
        state
            .known
            .insert((namespace.to_owned(), name.to_owned()), (arn, known));
        let waiting =
            references.map(|reference| state.waiting.remove(&(namespace.to_owned(), reference)));
        waiting.into_iter().flatten().flatten().collect()
    }

    /// A StateMachine is gone.
    pub fn remove(&self, namespace: &str, name: &str) {
        let mut state = self.lock();
        state.known.remove(&(namespace.to_owned(), name.to_owned()));
        state.forget_unused();
    }

    /// What is known of a StateMachine by its object's name.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Known> {
        let state = self.lock();
        let key = (namespace.to_owned(), name.to_owned());
        state.known.get(&key).map(|(_, known)| known.clone())
    }

    /// The object's name of the StateMachine with this ARN.
    #[must_use]
    pub fn name_of(&self, namespace: &str, arn: &str) -> Option<String> {
        let state = self.lock();
        let (name, _) = state.find_by_arn(namespace, arn)?;
        Some(name.to_owned())
    }

    /// Forgets the StateMachines that are not there any more.
    pub fn retain(&self, exists: impl Fn(&str, &str) -> bool) {
        let mut state = self.lock();
        let known = &mut state.known;
        known.retain(|(namespace, name), _| exists(namespace, name));
        state.forget_unused();
    }

    /// What an Execution is to run; where that is not ready, the Execution is woken when it may
    /// be.
    #[must_use]
    pub fn get_or_wait(
        &self,
        namespace: &str,
        reference: &Reference,
        execution: &ObjectRef<crd::Execution>,
    ) -> Option<Known> {
        let mut state = self.lock();
        let known = match reference {
            Reference::Name(name) => {
                let known = state.known.get(&(namespace.to_owned(), name.clone()));
                known.map(|(_, known)| known)
            }
            Reference::Arn(arn) => {
                let found = state.find_by_arn(namespace, arn);
                found.map(|(_, known)| known)
            }
        };
        let known = known.cloned();
        if !matches!(known, Some(Known::Ready(_))) {
            let key = (namespace.to_owned(), reference.clone());
            let waiting = state.waiting.entry(key).or_default();
            waiting.insert(execution.clone());
        }
        known
    }

    /// An Execution that is gone waits for nothing.
    pub fn forget(&self, execution: &ObjectRef<crd::Execution>) {
        let mut state = self.lock();
        state.waiting.retain(|_, waiting| {
            waiting.remove(execution);
            !waiting.is_empty()
        });
    }

    /// How many Executions wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.values().map(HashSet::len).sum()
    }

    /// A revision that is in use somewhere.
    #[must_use]
    pub fn revision(&self, namespace: &str, id: &str) -> Option<Arc<Revision>> {
        let state = self.lock();
        let key = (namespace.to_owned(), id.to_owned());
        state.revisions.get(&key)?.upgrade()
    }

    /// Whether a revision is in use somewhere, be it as the current one.
    #[must_use]
    pub fn is_in_use(&self, namespace: &str, id: &str) -> bool {
        self.revision(namespace, id).is_some()
    }

    /// Shares a revision that was read back.
    #[must_use]
    pub fn share(&self, namespace: &str, revision: Revision) -> Arc<Revision> {
        let mut state = self.lock();
        let key = (namespace.to_owned(), revision.id.to_string());
        if let Some(shared) = state.revisions.get(&key).and_then(Weak::upgrade) {
            return shared;
        }
        let revision = Arc::new(revision);
        state.revisions.insert(key, Arc::downgrade(&revision));
        revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(name: &str) -> ObjectRef<crd::Execution> {
        ObjectRef::new(name).within("ns")
    }

    fn set(definitions: &Definitions, namespace: &str) -> HashSet<ObjectRef<crd::Execution>> {
        let known = Known::NotReady("so".to_owned());
        definitions.set(namespace, "m", "arn:m".to_owned(), known)
    }

    #[test]
    fn whoever_waits_by_name_or_arn_is_told_once() {
        let definitions = Definitions::default();
        let by_name = Reference::Name("m".to_owned());
        let by_arn = Reference::Arn("arn:m".to_owned());
        for (reference, name) in [(&by_name, "a"), (&by_arn, "b"), (&by_name, "a")] {
            let known = definitions.get_or_wait("ns", reference, &execution(name));
            assert!(known.is_none());
        }
        assert_eq!(definitions.waiting(), 2);
        assert_eq!(set(&definitions, "other"), HashSet::new());
        let expected = HashSet::from([execution("a"), execution("b")]);
        assert_eq!(set(&definitions, "ns"), expected);
        assert_eq!(set(&definitions, "ns"), HashSet::new());
    }

    #[test]
    fn an_execution_that_is_gone_is_not_told() {
        let definitions = Definitions::default();
        let reference = Reference::Name("m".to_owned());
        let _ = definitions.get_or_wait("ns", &reference, &execution("a"));
        definitions.forget(&execution("a"));
        assert_eq!(set(&definitions, "ns"), HashSet::new());
    }

    #[test]
    fn a_state_machine_of_another_namespace_is_not_found() {
        let definitions = Definitions::default();
        let _ = set(&definitions, "other");
        assert_eq!(definitions.name_of("ns", "arn:m"), None);
        assert_eq!(definitions.name_of("other", "arn:m").as_deref(), Some("m"));
        let reference = Reference::Arn("arn:m".to_owned());
        let known = definitions.get_or_wait("ns", &reference, &execution("a"));
        assert!(known.is_none());
    }
}
