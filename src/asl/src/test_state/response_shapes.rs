//! What services answer, as far as mocked results are checked.
//!
//! Source: the services' API references, response syntax of each action; names as Step Functions
//! writes them.

use super::mock_schema::Shape::{
    Any, Boolean, List, Map, Number, NumberIn, OneOf, Structure, Text, TextOf,
};
use super::mock_schema::{Field, Shape};
use crate::resource::{Resource, ResourceKind};

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: false,
    }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: true,
    }
}

/// The fields of what `service:action` answers; `None` where that is not known here.
pub(super) fn response_of(resource: &Resource) -> Option<&'static [Field]> {
    let ResourceKind::Service {
        service, action, ..
    } = &resource.kind
    else {
        return None;
    };
    let service = service.strip_prefix("aws-sdk:").unwrap_or(service);
    Some(match (service, &**action) {
        ("dynamodb", "deleteItem" | "putItem" | "updateItem") => DYNAMODB_WRITE,
        ("dynamodb", "getItem") => DYNAMODB_GET_ITEM,
        ("eks", "call") => EKS_CALL,
        ("eks", "describeCluster") => EKS_DESCRIBE_CLUSTER,
        ("events" | "eventbridge", "putEvents") => EVENTS_PUT_EVENTS,
        ("kms", "decrypt") => KMS_DECRYPT,
        ("kms", "encrypt") => KMS_ENCRYPT,
        ("lambda", "getFunction") => LAMBDA_GET_FUNCTION,
        ("lambda", "invoke") => LAMBDA_INVOKE,
        ("s3", "getObject") => S3_GET_OBJECT,
        ("s3", "putObject") => S3_PUT_OBJECT,
        ("s3", "listObjectsV2") => S3_LIST_OBJECTS,
        ("secretsmanager", "getSecretValue") => SECRETS_GET_SECRET_VALUE,
        ("sns", "publish") => SNS_PUBLISH,
        ("sqs", "sendMessage") => SQS_SEND_MESSAGE,
        ("ssm", "getParameter") => SSM_GET_PARAMETER,
        ("states" | "sfn", "startExecution") => STATES_START_EXECUTION,
        _ => return None,
    })
}

const STORAGE_CLASS: Shape = OneOf(&[
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
]);

const CAPACITY: &[Field] = &[
    field("CapacityUnits", Number),
    field("ReadCapacityUnits", Number),
    field("WriteCapacityUnits", Number),
];

const CONSUMED_CAPACITY: Shape = Structure(&[
    field("TableName", TextOf(1)),
    field("CapacityUnits", Number),
    field("ReadCapacityUnits", Number),
    field("WriteCapacityUnits", Number),
    field("Table", Structure(CAPACITY)),
    field("LocalSecondaryIndexes", Map(&Structure(CAPACITY))),
    field("GlobalSecondaryIndexes", Map(&Structure(CAPACITY))),
]);

const ATTRIBUTES: Shape = Map(&Structure(&[
    field("S", Text),
    field("N", Text),
    field("B", Text),
    field("SS", List(&Text)),
    field("NS", List(&Text)),
    field("BS", List(&Text)),
    field("M", Any),
    field("L", List(&Any)),
    field("NULL", Boolean),
    field("BOOL", Boolean),
]));

const DYNAMODB_WRITE: &[Field] = &[
    field("Attributes", ATTRIBUTES),
    field("ConsumedCapacity", CONSUMED_CAPACITY),
    field(
        "ItemCollectionMetrics",
        Structure(&[
            field("ItemCollectionKey", ATTRIBUTES),
            field("SizeEstimateRangeGB", List(&Number)),
        ]),
    ),
];

const DYNAMODB_GET_ITEM: &[Field] = &[
    field("Item", ATTRIBUTES),
    field("ConsumedCapacity", CONSUMED_CAPACITY),
];

const EKS_CALL: &[Field] = &[
    required("ResponseBody", Any),
    required("StatusCode", Number),
    field("StatusText", Text),
    field("ResponseHeaders", Map(&List(&Text))),
];

const EKS_DESCRIBE_CLUSTER: &[Field] = &[field(
    "Cluster",
    Structure(&[
        field("Name", Text),
        field("Arn", Text),
        field("CreatedAt", Text),
        field("Version", Text),
        field("Endpoint", Text),
        field("RoleArn", Text),
        field(
            "Status",
            OneOf(&[
                "CREATING", "ACTIVE", "DELETING", "FAILED", "UPDATING", "PENDING",
            ]),
        ),
        field("CertificateAuthority", Structure(&[field("Data", Text)])),
        field("Tags", Map(&Text)),
    ]),
)];

const EVENTS_PUT_EVENTS: &[Field] = &[
    field("FailedEntryCount", Number),
    field(
        "Entries",
        List(&Structure(&[
            field("EventId", Text),
            field("ErrorCode", Text),
            field("ErrorMessage", Text),
        ])),
    ),
];

const KMS_ENCRYPT: &[Field] = &[
    field("CiphertextBlob", TextOf(1)),
    field("KeyId", TextOf(1)),
    field("EncryptionAlgorithm", ENCRYPTION_ALGORITHM),
];

const KMS_DECRYPT: &[Field] = &[
    field("KeyId", TextOf(1)),
    field("Plaintext", TextOf(1)),
    field("EncryptionAlgorithm", ENCRYPTION_ALGORITHM),
    field("CiphertextForRecipient", TextOf(1)),
];

const ENCRYPTION_ALGORITHM: Shape = OneOf(&[
    "SYMMETRIC_DEFAULT",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "SM2PKE",
]);

const LAMBDA_INVOKE: &[Field] = &[
    field("StatusCode", Number),
    field("FunctionError", Text),
    field("LogResult", Text),
    field("Payload", Any),
    field("ExecutedVersion", TextOf(1)),
];

const LAMBDA_GET_FUNCTION: &[Field] = &[
    field(
        "Configuration",
        Structure(&[
            field("FunctionName", Text),
            field("FunctionArn", Text),
            field("Runtime", Text),
            field("Role", Text),
            field("Handler", Text),
            field("CodeSize", Number),
            field("Description", Text),
            field("Timeout", NumberIn(1.0, f64::MAX)),
            field("MemorySize", NumberIn(128.0, 10240.0)),
            field("LastModified", Text),
            field("CodeSha256", Text),
            field("Version", TextOf(1)),
            field("PackageType", OneOf(&["Zip", "Image"])),
            field("State", OneOf(&["Pending", "Active", "Inactive", "Failed"])),
        ]),
    ),
    field(
        "Code",
        Structure(&[
            field("RepositoryType", Text),
            field("Location", Text),
            field("ImageUri", Text),
            field("ResolvedImageUri", Text),
        ]),
    ),
    field("Tags", Map(&Text)),
    field(
        "Concurrency",
        Structure(&[field(
            "ReservedConcurrentExecutions",
            NumberIn(0.0, f64::MAX),
        )]),
    ),
];

const S3_GET_OBJECT: &[Field] = &[
    field("Body", Any),
    field("DeleteMarker", Boolean),
    field("AcceptRanges", Text),
    field("Expiration", Text),
    field("LastModified", Text),
    field("ContentLength", Number),
    field("ETag", Text),
    field("ContentEncoding", Text),
    field("ContentType", Text),
    field("VersionId", Text),
    field("Metadata", Map(&Text)),
    field("ServerSideEncryption", SERVER_SIDE_ENCRYPTION),
    field("StorageClass", STORAGE_CLASS),
    field("PartsCount", Number),
    field("TagCount", Number),
];

const S3_PUT_OBJECT: &[Field] = &[
    field("Expiration", Text),
    field("ETag", Text),
    field("ServerSideEncryption", SERVER_SIDE_ENCRYPTION),
    field("VersionId", Text),
    field("Size", Number),
];

const SERVER_SIDE_ENCRYPTION: Shape = OneOf(&["AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"]);

const S3_LIST_OBJECTS: &[Field] = &[
    field("IsTruncated", Boolean),
    field(
        "Contents",
        List(&Structure(&[
            field("Key", TextOf(1)),
            field("LastModified", Text),
            field("ETag", Text),
            field("Size", Number),
            field("StorageClass", STORAGE_CLASS),
        ])),
    ),
    field("Name", Text),
    field("Prefix", Text),
    field("MaxKeys", Number),
    field("KeyCount", Number),
    field("ContinuationToken", Text),
    field("NextContinuationToken", Text),
];

const SECRETS_GET_SECRET_VALUE: &[Field] = &[
    field("Arn", TextOf(20)),
    field("Name", TextOf(1)),
    field("VersionId", TextOf(32)),
    field("SecretBinary", TextOf(1)),
    field("SecretString", TextOf(1)),
    field("VersionStages", List(&TextOf(1))),
    field("CreatedDate", Text),
];

const SNS_PUBLISH: &[Field] = &[field("MessageId", Text), field("SequenceNumber", Text)];

const SQS_SEND_MESSAGE: &[Field] = &[
    field("MD5OfMessageBody", Text),
    field("MD5OfMessageAttributes", Text),
    field("MD5OfMessageSystemAttributes", Text),
    field("MessageId", Text),
    field("SequenceNumber", Text),
];

const SSM_GET_PARAMETER: &[Field] = &[field(
    "Parameter",
    Structure(&[
        field("Name", TextOf(1)),
        field("Type", OneOf(&["String", "StringList", "SecureString"])),
        field("Value", Text),
        field("Version", Number),
        field("LastModifiedDate", Text),
        field("Arn", Text),
        field("DataType", Text),
    ]),
)];

const STATES_START_EXECUTION: &[Field] = &[
    required("ExecutionArn", TextOf(1)),
    required("StartDate", Text),
];
