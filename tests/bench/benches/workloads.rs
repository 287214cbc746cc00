//! `make bench`: the workloads of a folder, and a large definition compiled; criterion measures,
//! the table at the end says how the medians stand to the goals.

use std::env;
use std::path::{Path, PathBuf};

use bench::goal::{COMPILE, GOALS};
use bench::table;
use bench::workload::{Workload, compile, large_definition};
use criterion::Criterion;

fn main() -> anyhow::Result<()> {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .configure_from_args();
    measure_workloads(&mut criterion)?;
    let definition = large_definition(1_000);
    compile(&definition)?;
    criterion.bench_function(COMPILE, |bencher| {
        bencher.iter(|| compile(&definition));
    });
    println!("\n{}", table::render(&results));
    Ok(())
}

fn measure_workloads(criterion: &mut Criterion) -> anyhow::Result<()> {
    let folder = workloads();
    if !folder.is_dir() {
        println!(
            "there are no workloads at {}: give their folder in WORKLOADS",
            folder.display()
        );
        return Ok(());
    }
    for goal in GOALS.iter().filter(|goal| goal.name != COMPILE) {
        let path = folder.join(format!("{}.json", goal.name));
        let workload = Workload::read(&path)?;
        workload.run()?;
        criterion.bench_function(goal.name, |bencher| {
            bencher.iter(|| workload.run());
        });
    }
    Ok(())
}

/// Benchmarks run in their package's folder, two below the workspace.
fn workloads() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match env::var_os("WORKLOADS") {
        Some(folder) => workspace.join(folder),
        None => workspace.join("../shared/bench/workloads"),
    }
}
