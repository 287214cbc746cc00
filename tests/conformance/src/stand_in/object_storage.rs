//! Buckets, for `ItemReader` and `ResultWriter`.

use std::collections::BTreeMap;

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;
use asl::value::{Object, ObjectBuilder};

use crate::Case;
use crate::drive::Ending;
use crate::json;

/// The objects of a case's buckets, by bucket and key.
#[derive(Debug, Default)]
pub(super) struct ObjectStorage {
    objects: BTreeMap<(String, String), Value>,
}

impl ObjectStorage {
    /// The objects that the recorded test put before it ran.
    pub(super) fn of(case: &Case) -> Self {
        let mut storage = Self::default();
        for call in json::items(&case.data, "setup_calls") {
            let is_put = json::text(call, "service") == Some("s3")
                && json::text(call, "op") == Some("put_object");
            if let (true, Some(parameters)) = (is_put, call.get("params")) {
                storage.put(parameters);
            }
        }
        storage
    }

    /// `s3:getObject` gives `{"Body": text}`, `s3:listObjectsV2` `{"Contents": […]}`,
    /// `s3:putObject` an empty object; a result writer puts several at once, as `Objects`.
    pub(super) fn answer(&mut self, request: &TaskRequest) -> Ending {
        let parameters = &request.parameters;
        if request.resource.is("s3", "getObject") {
            self.get(parameters)
        } else if request.resource.is("s3", "listObjectsV2") {
            Ending::Succeeded(self.list(parameters))
        } else {
            self.put_all(parameters);
            Ending::Succeeded(Value::empty_object())
        }
    }

    fn put_all(&mut self, parameters: &Value) {
        let (bucket, _) = place(parameters);
        let objects = parameters.get("Objects").and_then(Value::as_object);
        for (key, body) in objects.map(Object::members).unwrap_or_default() {
            let place = (bucket.clone(), key.to_string());
            self.objects.insert(place, body.clone());
        }
    }

    fn put(&mut self, parameters: &Value) {
        let body = parameters.get("Body").cloned().unwrap_or_default();
        self.objects.insert(place(parameters), body);
    }

    fn get(&self, parameters: &Value) -> Ending {
        match self.objects.get(&place(parameters)) {
            Some(body) => {
                let output = ObjectBuilder::default().with("Body", body.clone()).build();
                Ending::Succeeded(Value::Object(output))
            }
            None => Ending::Failed(Fault::new(
                "S3.NoSuchKeyException",
                "The specified key does not exist.",
            )),
        }
    }

    fn list(&self, parameters: &Value) -> Value {
        let (bucket, _) = place(parameters);
        let prefix = json::text(parameters, "Prefix").unwrap_or_default();
        let contents: Vec<Value> = self
            .objects
            .iter()
            .filter(|((own, key), _)| *own == bucket && key.starts_with(prefix))
            .map(|((_, key), body)| listed(key, body))
            .collect();
        Value::Object(ObjectBuilder::default().with("Contents", contents).build())
    }
}

fn place(parameters: &Value) -> (String, String) {
    let own = |name| json::text(parameters, name).unwrap_or_default().to_owned();
    (own("Bucket"), own("Key"))
}

fn listed(key: &str, body: &Value) -> Value {
    let size = i64::try_from(json::plain_text(body).len()).unwrap_or(i64::MAX);
    let entry = ObjectBuilder::default()
        .with("Etag", "\"0\"")
        .with("Key", key)
        .with("LastModified", Value::from(1_704_067_200))
        .with("Size", size)
        .with("StorageClass", "STANDARD");
    Value::Object(entry.build())
}
