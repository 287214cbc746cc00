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
