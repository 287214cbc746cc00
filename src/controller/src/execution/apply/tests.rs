use std::time::Duration;

use axum::http::StatusCode;

use super::*;
use crate::execution::reconcile;
use crate::execution::test_context::{client, context, execution};

fn ends(context: &Arc<Context>, object: &ObjectRef<Execution>) -> Ends {
    Ends {
        context: context.clone(),
        object: object.clone(),
        uid: "uid".to_owned(),
        state_machine: None,
        ttl: None,
    }
}

#[tokio::test]
async fn pauses_grow_with_each_panic_of_a_driver_though_the_execution_is_taken_up_between() {
    let nothing = |_: &_| (StatusCode::NOT_FOUND, serde_json::Value::Null);
    let (context, execution) = (context(client(nothing)), Arc::new(execution()));
    let object = ObjectRef::from_obj(&*execution);
    let next_pause = || {
        let backoffs = &context.driver_backoffs;
        backoffs.failed(object.clone(), Pace::Slow, None)
    };
    for _ in 0..8 {
        ends(&context, &object).driver_panicked();
        // As if it were carried: there is nothing to do about it.
        context.live.end("uid");
        reconcile(execution.clone(), context.clone()).await.unwrap();
    }
    assert!(next_pause() >= Duration::from_mins(1));
    ends(&context, &object).driver_ended(End::Superseded);
    assert!(next_pause() <= Duration::from_secs(2));
}
