use integration::{Place, at, run};

#[tokio::test]
async fn the_home_cluster_is_described() {
    let Some(place) = Place::new("describe").await else {
        return;
    };
    let mut task = place.task("aws-sdk:eks:describeCluster", r#""x":1"#);
    task.request.parameters = asl::value::parse(r#"{"Name":"EKSCluster"}"#).unwrap();
    let cluster = run(&place.runner(), task).await.result.unwrap();
    assert_eq!(
        at(&cluster, "Cluster/Arn").as_str(),
        Some("arn:aws:eks:us-west-1:123456789012:cluster/EKSCluster")
    );
    assert_eq!(
        at(&cluster, "Cluster/Endpoint").as_str(),
        Some("https://api.example")
    );
    assert_eq!(
        at(&cluster, "Cluster/CertificateAuthority/Data").as_str(),
        Some("LS0t")
    );
    assert!(
        at(&cluster, "Cluster/Version")
            .as_str()
            .unwrap()
            .starts_with("1.")
    );
    place.leave().await;
}
