//! `make bench`: the workloads of a folder, and a large definition compiled; criterion measures,
//! the table at the end says how the medians stand to the goals.

use std::env;
use std::path::{Path, PathBuf};

use bench::goal::{COMPILE, GOALS};
use bench::table;
use bench::workload::{Workload, compile, large_definition};
use criterion::Criterion;

fn main() {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .configure_from_args();
    measure_workloads(&mut criterion);
    let definition = large_definition(1_000);
    criterion.bench_function(COMPILE, |bencher| {
        bencher.iter(|| compile(&definition).unwrap());
    });
    println!("\n{}", table::render(&results));
}

fn measure_workloads(criterion: &mut Criterion) {
    let folder = workloads();
    if !folder.is_dir() {
        println!(
            "there are no workloads at {}: give their folder in WORKLOADS",
            folder.display()
        );
        return;
    }
    for goal in GOALS.iter().filter(|goal| goal.name != COMPILE) {
        let path = folder.join(format!("{}.json", goal.name));
        let workload = Workload::read(&path).unwrap();
        workload.run().unwrap();
        criterion.bench_function(goal.name, |bencher| {
            bencher.iter(|| workload.run().unwrap());
        });
    }
}

/// Benchmarks run in their package's folder, two below the workspace.
fn workloads() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match env::var_os("WORKLOADS") {
        Some(folder) => workspace.join(folder),
        None => workspace.join("../shared/bench/workloads"),
    }
}
