use rstest::rstest;

use super::{DefinitionText, Located, MachineType, StateMachineType, choose};

fn definitions(text: &str) -> Vec<DefinitionText> {
    let found = super::find(text).unwrap().definitions;
    found.into_iter().map(Result::unwrap).collect()
}

#[test]
fn the_type_is_that_of_the_manifest_unless_another_is_asked_for() {
    let of = |type_: &str| {
        format!(
            "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\n\
             spec: {{{type_}definition: a}}\n"
        )
    };
    let express = &definitions(&of("type_: EXPRESS, "))[0];
    let standard = &definitions(&of(""))[0];
    assert_eq!(express.machine_type(None), MachineType::Express);
    assert_eq!(standard.machine_type(None), MachineType::Standard);
    let asked = Some(StateMachineType::Standard);
    assert_eq!(express.machine_type(asked), MachineType::Standard);
}

const MANIFEST: &str = r#"# a comment
apiVersion: v1
kind: ServiceAccount
metadata: {name: a}
---
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata:
  name: one
spec:
  name: One
  definition: |
    {
      "StartAt": "Ä",

      "States": {"Ä": {"Type": "Pass"}}
    }
---
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata:
  name: two
spec:
  name: Two
  definitionObject:
    StartAt: A
    States:
      A: {Type: Pass, Next: B}
---
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata:
  name: three
spec:
  name: Three
  definition: "{\"StartAt\": \"A\"}"
"#;

fn shown<'a>(file: &'a str, place: &Located) -> &'a str {
    assert!(place.in_file);
    &file[place.target.clone().unwrap()]
}

#[test]
fn the_state_machines_of_a_manifest_are_found() {
    let found = definitions(MANIFEST);
    let names: Vec<_> = found
        .iter()
        .map(|one| one.state_machine.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert!(found[1].text.starts_with(r#"{"StartAt":"A""#));
}

#[test]
fn a_place_in_a_block_is_a_place_in_the_file() {
    let found = definitions(MANIFEST);
    let place = found[0].locate(MANIFEST, "/States/Ä/Type", None);
    assert_eq!(shown(MANIFEST, &place), "\"Pass\"");
    assert!(MANIFEST[place.target.unwrap().end..].starts_with("}}\n    }\n---"));
}

#[test]
fn a_place_in_an_object_is_a_place_in_the_file() {
    let found = definitions(MANIFEST);
    let place = found[1].locate(MANIFEST, "/States/A/Next", None);
    assert_eq!(shown(MANIFEST, &place), "B");
}

#[test]
fn a_place_in_a_quoted_text_is_a_place_in_that_text() {
    let found = definitions(MANIFEST);
    let place = found[2].locate(MANIFEST, "/StartAt", None);
    assert!(!place.in_file);
    assert_eq!(&found[2].text[place.target.unwrap()], "\"A\"");
}

#[test]
fn a_file_without_definitions_says_what_it_holds() {
    let from = "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\n\
        metadata: {name: a}\nspec: {definitionFrom: {configMapKeyRef: {name: m, key: k}}}\n";
    let secret = "apiVersion: v1\nkind: Secret\n";
    let text = format!("{secret}---\n{from}---\n{secret}");
    assert_eq!(
        choose(&text, None, "a.yaml").err().unwrap().to_string(),
        "a.yaml has no definition of a StateMachine, only: Secret, StateMachine a, whose \
         definition is in the cluster (definitionFrom)"
    );
}

#[test]
fn a_state_machine_that_cannot_be_looked_at_hides_no_other() {
    let of = |name: &str, spec: &str| {
        format!(
            "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\n\
             metadata: {{name: {name}}}\nspec: {spec}\n---\n"
        )
    };
    let both = of("both", "{definition: a, definitionObject: {}}");
    let text = both + &of("neither", "{}") + &of("one", "{definition: a}");
    let found = super::find(&text).unwrap().definitions;
    let found: Vec<_> = found
        .into_iter()
        .map(|one| one.map_or_else(|error| error.to_string(), |one| one.text))
        .collect();
    let refused = |name: &str| {
        format!(
            "the StateMachine {name} must have exactly one of definition, definitionObject and \
             definitionFrom"
        )
    };
    assert_eq!(found, [refused("both"), refused("neither"), "a".to_owned()]);
}

const HEAD: &str = "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\n";

#[rstest]
#[case::other_fields("apiVersion: example.com/v1\nkind: Foo\nspec: {definition: {a: 1}, type_: x}")]
#[case::other_spec("apiVersion: example.com/v1\nkind: Foo\nspec: hello")]
#[case::other_name("apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: [a]}")]
#[case::a_field_twice("apiVersion: example.com/v1\nkind: Foo\nspec: {a: 1, a: 2}")]
#[case::a_number_that_is_not_finite("apiVersion: example.com/v1\nkind: Foo\nspec: .inf")]
fn objects_of_other_kinds_may_have_any_shape(#[case] other: &str) {
    let text = format!("{HEAD}spec: {{definition: a}}\n---\n{other}\n");
    let found = super::find(&text).unwrap();
    assert_eq!(found.others, ["Foo"]);
    assert_eq!(found.definitions.len(), 1);
    assert!(found.definitions[0].is_ok());
}

#[rstest]
#[case::no_mapping("spec: hello", "spec is a text, but a mapping is expected (line 3)")]
#[case::definition(
    "spec: {definition: {a: 1}}",
    "spec.definition is a mapping, but a text is expected (line 3)"
)]
#[case::type_(
    "spec: {definition: a, type_: FAST}",
    "spec.type_ is 'FAST', but STANDARD or EXPRESS is expected"
)]
#[case::substitutions(
    "spec: {definition: a, definitionSubstitutions: [b]}",
    "spec.definitionSubstitutions is a list, but a mapping is expected (line 3)"
)]
#[case::substitution(
    "spec: {definition: a, definitionSubstitutions: {b: {}}}",
    "spec.definitionSubstitutions.b is a mapping, but a text is expected (line 3)"
)]
#[case::not_finite(
    "spec: {definitionObject: {a: .nan}}",
    "spec.definitionObject has a number that is not finite"
)]
fn a_state_machine_of_another_shape_is_refused(#[case] spec: &str, #[case] expected: &str) {
    let found = super::find(&format!("{HEAD}{spec}\n")).unwrap().definitions;
    let error = found.into_iter().next().unwrap().err().unwrap();
    let expected = format!("the StateMachine without a name: {expected}");
    assert_eq!(format!("{error:#}"), expected);
}

#[rstest]
#[case::a_definition("definition: a")]
#[case::a_definition_elsewhere("definitionFrom: {configMapKeyRef: {name: m, key: k}}")]
fn a_field_that_stands_twice_in_a_state_machine_is_named(#[case] definition: &str) {
    let text = format!("{HEAD}spec:\n  name: A\n  {definition}\n  name: B\n");
    let error = choose(&text, None, "a.yaml").err().unwrap();
    assert_eq!(
        format!("{error:#}"),
        "a.yaml: the StateMachine without a name has the field /spec/name more than once (line 6)"
    );
}

#[test]
fn scalars_keep_their_meaning() {
    let text = format!(
        "{HEAD}metadata: {{name: 1.50}}\nspec:\n  definitionSubstitutions: {{A: 1.50, B: NO}}\n  \
         definitionObject: {{a: NO, b: 1.50, c: '${{A}} ${{B}}'}}\n"
    );
    let found = &definitions(&text)[0];
    assert_eq!(found.state_machine.as_deref(), Some("1.50"));
    assert_eq!(found.text, r#"{"a":false,"b":1.5,"c":"1.50 NO"}"#);
}

const LIST: &str = "apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
- apiVersion: sfn.services.k8s.aws/v1alpha1
  kind: StateMachine
  metadata:
    name: one
  spec:
    definitionObject:
      StartAt: A
      States:
        A: {Type: Pass, Next: B}
- apiVersion: sfn.services.k8s.aws/v1alpha1
  kind: StateMachine
  metadata:
    name: two
  spec:
    definition: |
      StartAt: C
";

#[test]
fn the_items_of_a_list_are_documents() {
    let found = super::find(LIST).unwrap();
    assert_eq!(found.others, ["Secret"]);
    let found = definitions(LIST);
    let place = found[0].locate(LIST, "/States/A/Next", None);
    assert_eq!(shown(LIST, &place), "B");
    let place = found[0].locate(LIST, "/", None);
    assert_eq!(shown(LIST, &place), "definitionObject");
    let place = found[1].locate(LIST, "/StartAt", None);
    assert_eq!(shown(LIST, &place), "C");
}

#[test]
fn a_list_of_nothing_is_named() {
    let found = super::find("apiVersion: v1\nkind: List\nitems: []\n").unwrap();
    assert_eq!(found.others, ["List"]);
    assert!(found.definitions.is_empty());
}

#[test]
fn manifests_that_are_no_yaml_are_no_definition() {
    let text = format!("{HEAD}spec: {{definition: a}}\n---\nkind: ConfigMap\ndata: [\n");
    let error = choose(&text, None, "a.yaml").err().unwrap();
    assert_eq!(
        format!("{error:#}"),
        "a.yaml: invalid YAML: unclosed bracket '[' (line 6, column 7)"
    );
}

#[test]
fn a_definition_that_is_no_yaml_is_left_to_the_compiler() {
    let text = "States:\n  A:\n    Job:\n      apiVersion: batch/v1\n      kind: Job\n  B: [";
    let found = definitions(text);
    assert_eq!((found.len(), found[0].text.as_str()), (1, text));
}

#[test]
fn a_place_is_found_in_a_definition_with_a_field_twice() {
    let text = "Comment: a\nComment: b\nStartAt: A\n";
    let place = definitions(text)[0].locate(text, "/StartAt", None);
    assert_eq!(shown(text, &place), "A");
}
