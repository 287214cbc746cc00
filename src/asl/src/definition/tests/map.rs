use rstest::rstest;

use super::{compile, said_of_state};
use crate::definition::{Diagnostic, StateMachine};
use crate::resource::Resource;
use crate::states::StateKind;

const PROCESSOR: &str = r#"{"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#;
const DISTRIBUTED: &str = r#"{"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#;

#[rstest]
#[case(
    PROCESSOR,
    r#""Label": "l""#,
    "Field 'Label' is only supported in DISTRIBUTED mode: set Mode in ItemProcessor's ProcessorConfig"
)]
#[case(
    PROCESSOR,
    r#""Iterator": {}"#,
    "Only one of these fields can be given: [ItemProcessor, Iterator]"
)]
#[case(
    PROCESSOR,
    r#""ItemSelector": {}, "Parameters": {}"#,
    "Only one of these fields can be given: [ItemSelector, Parameters]"
)]
#[case(
    PROCESSOR,
    r#""MaxConcurrency": -1"#,
    "Expected an integer from 0 to 4294967295, but found -1"
)]
#[case(
    PROCESSOR,
    r#""ToleratedFailurePercentage": 101"#,
    "Expected a percentage from 0 to 100, but found 101"
)]
#[case(DISTRIBUTED, r#""Label": """#, "Label cannot be empty")]
#[case(
    DISTRIBUTED,
    r#""Label": "a b""#,
    "Label contains invalid character: ' '"
)]
#[case(
    DISTRIBUTED,
    r#""Label": "a\u0000""#,
    r"Label contains invalid character: '\x00'"
)]
#[case(
    DISTRIBUTED,
    r#""ItemBatcher": {}"#,
    "An ItemBatcher must have 'MaxItemsPerBatch', 'MaxInputBytesPerBatch' or both"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {}"#,
    "These fields are required: [Resource]"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:putObject"}"#,
    "Field 'Resource' should have one of these values: [arn:<partition>:states:::s3:getObject, arn:<partition>:states:::s3:listObjectsV2], but has 'arn:aws:states:::s3:putObject'"
)]
#[case(DISTRIBUTED, r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "XML"}}"#, "Field 'InputType' should have one of these values: [MANIFEST, JSON, CSV, JSONL, PARQUET], but has 'XML'")]
#[case(DISTRIBUTED, r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}}"#, "These fields are required: [CSVHeaders]")]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "PARQUET"}}"#,
    "InputType 'PARQUET' is not supported here: CSV, JSON and JSONL are"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "ManifestType": "ATHENA_DATA"}}"#,
    "ManifestType is not supported here: no manifests are read"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": "1"}}"#,
    "ExpectedBucketOwner is not supported here: buckets have no owner that could be checked"
)]
#[case(
    DISTRIBUTED,
    r#""ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "ExpectedBucketOwner.$": "$.owner"}}"#,
    "ExpectedBucketOwner is not supported here: buckets have no owner that could be checked"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN"}}"#,
    "Transformation 'LOAD_AND_FLATTEN' is not supported here: the objects' names are the items"
)]
#[case(
    DISTRIBUTED,
    r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "a/b"}}"#,
    "Expected a JSON Pointer such as '/data/items', but found 'a/b'"
)]
#[case(
    DISTRIBUTED,
    r#""ResultWriter": {}"#,
    "A ResultWriter must have 'Resource', 'WriterConfig' or both"
)]
#[case(r#"{"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#, r#""Comment": "c""#, "These fields are required: [ExecutionType]")]
#[case(
    r#"{"QueryLanguage": "JSONata", "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#,
    r#""Comment": "c""#,
    "Field 'QueryLanguage' is not supported"
)]
fn a_maps_fields_are_checked(
    #[case] processor: &str,
    #[case] fields: &str,
    #[case] expected: &str,
) {
    let fields = format!(r#""Type": "Map", "Next": "T", "ItemProcessor": {processor}, {fields}"#);
    assert_eq!(said_of_state(&fields), [expected]);
}

#[test]
fn the_older_names_of_a_map_are_understood() {
    let text = format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true, "Iterator": {PROCESSOR}, "Parameters": {{"a": 1}}}}}}}}"#
    );
    let machine = compile(&text).state_machine;
    let map = machine.state(machine.start_at).unwrap();
    assert!(map.data_flow.parameters.is_none());
    let StateKind::Map(map) = &map.kind else {
        panic!("{map:?}");
    };
    assert!(map.item_selector.is_some());
    assert_eq!(&*machine.state(map.processor).unwrap().name, "I");
}

#[test]
fn labels_are_unique() {
    let map = |name: &str, inner: &str, next: &str| {
        format!(
            r#""{name}": {{"Type": "Map", "Label": "same", {next}, "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "{inner}", "States": {{"{inner}": {{"Type": "Succeed"}}}}}}}}"#
        )
    };
    let text = format!(
        r#"{{"StartAt": "A", "States": {{{}, {}}}}}"#,
        map("A", "X", r#""Next": "B""#),
        map("B", "Y", r#""End": true"#)
    );
    assert_eq!(
        super::said(&text),
        ["DUPLICATE_LABEL_NAME: Duplicate Label: same at /States/B/Label"]
    );
}

#[test]
fn a_map_reads_and_writes_only_where_there_is_object_storage() {
    let text = super::with_state(&format!(
        r#""Type": "Map", "Next": "T", "ItemProcessor": {DISTRIBUTED},
           "ItemReader": {{"Resource": "arn:aws:states:::s3:listObjectsV2"}},
           "ResultWriter": {{"Resource": "arn:aws:states:::s3:putObject"}}"#
    ));
    let only_eks = |resource: &Resource| resource.resource_type() == "eks";
    let problems = StateMachine::compile(&text, &only_eks).unwrap_err();
    let said: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
    let refused = |action: &str, field: &str| {
        format!(
            "INVALID_RESOURCE: The resource provided arn:aws:states:::s3:{action} is not \
             recognized: nothing here reads or writes objects, because no object storage is set \
             up at /States/S/{field}/Resource"
        )
    };
    let expected = [
        refused("listObjectsV2", "ItemReader"),
        refused("putObject", "ResultWriter"),
    ];
    assert_eq!(said, expected);
}
