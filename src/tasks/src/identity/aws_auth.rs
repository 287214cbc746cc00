//! The ConfigMap `kube-system/aws-auth`: which role is which Kubernetes user, in which groups.
//!
//! Source: Amazon EKS user guide, "Grant IAM users access to Kubernetes with a ConfigMap"; the
//! templates in names are those of aws-iam-authenticator.

use std::collections::HashMap;

use asl::Value;

/// The roles that `mapRoles` maps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RoleMap {
    mappings: HashMap<Role, Result<Mapping, String>>,
    /// Why the text as a whole, or an entry without a usable ARN, cannot be read.
    problem: Option<String>,
}

/// Who a role is in Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) username: String,
    pub(crate) groups: Vec<String>,
}

/// What the templates in usernames and groups stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session<'a> {
    /// `{{SessionName}}`: for us, the Execution's name.
    pub(crate) name: &'a str,
}

/// Why a role has no user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unmapped {
    /// It is not in the map.
    Absent,
    /// It may be meant to be, but the map is wrong.
    Broken(String),
}

/// A role, as the comparison sees it: without path, as names are unique in an account whatever
/// their case and path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Role {
    partition: String,
    account: String,
    name: String,
}

impl Role {
    fn parse(arn: &str) -> Option<Self> {
        let arn = arn.trim().to_ascii_lowercase();
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next();
        let ("arn", partition, "iam", "", account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?)
        else {
            return None;
        };
        let path = resource.strip_prefix("role/")?;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        Some(Self {
            partition: partition.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl RoleMap {
    /// Reads the text of `mapRoles`, which is YAML: a list of `rolearn`, `username`, `groups`.
    /// An entry that is wrong spoils no other.
    pub(crate) fn parse(text: &str) -> Self {
        match serde_saphyr::from_str::<Value>(text) {
            Ok(Value::Null) => Self::default(),
            Ok(Value::Array(entries)) => Self::from_entries(entries.items()),
            Ok(other) => Self::broken(format!("it is not a list but of kind {}", other.kind())),
            Err(error) => Self::broken(first_line(&error.to_string())),
        }
    }

    fn broken(problem: String) -> Self {
        Self {
            mappings: HashMap::new(),
            problem: Some(problem),
        }
    }

    /// Of two entries for the same role the later one counts, as in EKS.
    fn from_entries(entries: &[Value]) -> Self {
        let mut map = Self::default();
        for (index, entry) in entries.iter().enumerate() {
            let arn = entry.get("rolearn").and_then(Value::as_str);
            match arn.and_then(Role::parse) {
                Some(role) => {
                    let mapping = parse_mapping(entry)
                        .map_err(|problem| format!("entry {}: {problem}", index + 1));
                    map.mappings.insert(role, mapping);
                }
                None => {
                    let problem = "rolearn must be the ARN of an IAM role";
                    map.problem = Some(format!("entry {}: {problem}", index + 1));
                }
            }
        }
        map
    }

    /// How many roles are mapped.
    pub(crate) fn len(&self) -> usize {
        self.mappings.len()
    }

    /// What cannot be read of the map.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Who the role is, its templates filled in.
    pub(crate) fn lookup(&self, arn: &str, session: Session<'_>) -> Result<Mapping, Unmapped> {
        let Some(role) = Role::parse(arn) else {
            return Err(Unmapped::Absent);
        };
        match self.mappings.get(&role) {
            Some(Ok(mapping)) => mapping.render(&role, session).map_err(Unmapped::Broken),
            Some(Err(problem)) => Err(Unmapped::Broken(problem.clone())),
            None => Err(self
                .problem
                .clone()
                .map_or(Unmapped::Absent, Unmapped::Broken)),
        }
    }
}

fn parse_mapping(entry: &Value) -> Result<Mapping, String> {
    let username = entry.get("username").and_then(Value::as_str);
    let username = username
        .filter(|name| !name.is_empty())
        .ok_or("username must be a text that is not empty")?;
    let groups = match entry.get("groups") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(groups)) => groups
            .items()
            .iter()
            .map(|group| group.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("groups must be a list of texts")?,
        Some(_) => return Err("groups must be a list of texts".to_owned()),
    };
    Ok(Mapping {
        username: username.to_owned(),
        groups,
    })
}

impl Mapping {
    fn render(&self, role: &Role, session: Session<'_>) -> Result<Self, String> {
        let render = |template: &String| render(template, role, session);
        Ok(Self {
            username: render(&self.username)?,
            groups: self.groups.iter().map(render).collect::<Result<_, _>>()?,
        })
    }
}

/// Fills in `{{AccountID}}`, `{{SessionName}}` and `{{SessionNameRaw}}`. Others that EKS knows
/// belong to nodes and access keys, which no execution has.
fn render(template: &str, role: &Role, session: Session<'_>) -> Result<String, String> {
    let filled = template
        .replace("{{AccountID}}", &role.account)
        .replace("{{SessionName}}", &session.name.replace('@', "-"))
        .replace("{{SessionNameRaw}}", session.name);
    if filled.contains("{{") {
        return Err(format!(
            "'{template}' has a template that no execution can fill in; \
             AccountID, SessionName and SessionNameRaw can be"
        ));
    }
    Ok(filled)
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    crate::parameters::shortened(line, 300)
}

#[cfg(test)]
mod tests {
    use super::{Mapping, RoleMap, Session, Unmapped};
    use rstest::rstest;

    const SEED: &str = "
- groups:
  - system:bootstrappers
  - system:nodes
  rolearn: arn:aws:iam::123456789012:role/NodeInstanceRole
  username: system:node:{{EC2PrivateDNSName}}
- rolearn: arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration
  username: eks-stepfunctions
";

    fn lookup(text: &str, arn: &str) -> Result<Mapping, Unmapped> {
        RoleMap::parse(text).lookup(arn, Session { name: "run@1" })
    }

    fn user(username: &str, groups: &[&str]) -> Result<Mapping, Unmapped> {
        Ok(Mapping {
            username: username.into(),
            groups: groups.iter().map(|&group| group.into()).collect(),
        })
    }

    #[rstest]
    #[case("arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration")]
    #[case("arn:aws:iam::123456789012:role/service-role/EKS_StepFunctions_Integration")]
    #[case("arn:aws:iam::123456789012:role/a/b/eks_stepfunctions_integration")]
    fn a_role_is_found_whatever_its_path(#[case] arn: &str) {
        assert_eq!(lookup(SEED, arn), user("eks-stepfunctions", &[]));
    }

    #[rstest]
    #[case("arn:aws:iam::210987654321:role/EKS_StepFunctions_Integration")]
    #[case("arn:aws-cn:iam::123456789012:role/EKS_StepFunctions_Integration")]
    #[case("arn:aws:iam::123456789012:user/EKS_StepFunctions_Integration")]
    #[case("not an arn")]
    #[case("")]
    fn another_account_partition_or_kind_is_not_mapped(#[case] arn: &str) {
        assert_eq!(lookup(SEED, arn), Err(Unmapped::Absent));
    }

    #[test]
    fn the_json_of_the_developer_guide_is_yaml_too() {
        let text = r#"[{ "rolearn": "arn:aws:iam::1:role/my-role", "username": "my-role", "groups": [ "system:masters" ] } ]"#;
        let found = lookup(text, "arn:aws:iam::1:role/my-role");
        assert_eq!(found, user("my-role", &["system:masters"]));
    }

    #[rstest]
    #[case("{{AccountID}}:{{SessionName}}", "1:run-1")]
    #[case("{{SessionNameRaw}}", "run@1")]
    fn templates_are_filled_in(#[case] template: &str, #[case] expected: &str) {
        let text = format!("[{{rolearn: 'arn:aws:iam::1:role/r', username: '{template}'}}]");
        assert_eq!(lookup(&text, "arn:aws:iam::1:role/r"), user(expected, &[]));
    }

    #[rstest]
    #[case("{", "")]
    #[case("a: b", "it is not a list but of kind object")]
    #[case("[7]", "entry 1: rolearn must be the ARN of an IAM role")]
    #[case(
        "[{rolearn: 'arn:aws:iam::1:role/r'}]",
        "entry 1: username must be a text"
    )]
    #[case(
        "[{rolearn: 'arn:aws:iam::1:role/r', username: u, groups: g}]",
        "groups must be"
    )]
    #[case(
        "[{rolearn: 'arn:aws:iam::1:role/r', username: 'n:{{EC2PrivateDNSName}}'}]",
        "template"
    )]
    fn a_map_that_is_wrong_says_why(#[case] text: &str, #[case] expected: &str) {
        let Err(Unmapped::Broken(problem)) = lookup(text, "arn:aws:iam::1:role/r") else {
            panic!("not broken");
        };
        assert!(problem.contains(expected), "{problem}");
    }

    #[test]
    fn one_wrong_entry_spoils_no_other() {
        let text = format!("{SEED}- rolearn: nonsense\n");
        let arn = "arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration";
        assert_eq!(lookup(&text, arn), user("eks-stepfunctions", &[]));
    }

    #[rstest]
    #[case("")]
    #[case("# nobody yet")]
    #[case("[]")]
    fn an_empty_map_maps_nobody(#[case] text: &str) {
        assert_eq!(lookup(text, "arn:aws:iam::1:role/r"), Err(Unmapped::Absent));
    }

    #[test]
    fn of_two_entries_the_later_one_counts() {
        let text = "[{rolearn: 'arn:aws:iam::1:role/r', username: a}, {rolearn: 'arn:aws:iam::1:role/r', username: b}]";
        assert_eq!(lookup(text, "arn:aws:iam::1:role/r"), user("b", &[]));
    }

    #[test]
    fn exponential_aliases_are_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..10 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(matches!(
            lookup(&text, "arn:aws:iam::1:role/r"),
            Err(Unmapped::Broken(_))
        ));
    }
}
