use super::*;
use crate::resource::Resource;
fn everything(_: &Resource) -> bool { true }
#[test]
fn corpus() {
    let dir = std::env::var("CORPUS").unwrap();
    let mut bad = 0; let mut good = 0;
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|e| e != "jsonl") { continue; }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let kind = case["kind"].as_str().unwrap();
            let definition = Value::from(&case["definition"]);
            let result = match kind {
                "execution" | "variable_references" => StateMachine::compile_value(&definition, &everything),
                "test_state" if definition.get("States").is_some() => StateMachine::compile_value(&definition, &everything),
                "test_state" => StateMachine::compile_state("State", &definition, &everything),
                _ => continue,
            };
            match result {
                Ok(c) => { good += 1; for w in c.warnings { println!("W {w} [{}]", case["id"]); } }
                Err(d) => { bad += 1; for d in d { println!("E {d} [{}]", case["id"]); } }
            }
        }
    }
    println!("{good} good, {bad} bad");
}
