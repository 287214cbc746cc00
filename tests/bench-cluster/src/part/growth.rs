//! More and more executions at once: what each of them costs.

use std::time::Instant;

use anyhow::Result;

use crate::bench::{Bench, Place};
use crate::operator::Operator;
use crate::plain;
use crate::report::{Goal, Report};
use crate::workload::Workload;

/// By how much the cost of each may grow with their number, in percent.
const FLAT: f64 = 20.0;

/// What one execution costs, in milliseconds.
struct Cost {
    elapsed: f64,
    cpu: f64,
}

/// Measures executions without tasks.
pub async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let mut costs = Vec::new();
    for (count, times) in bench.sizes.growth {
        let cost = measure_size(bench, count, times).await?;
        report.raw(format!(
            "{count} executions at once, {times} times: {:.2} ms and {:.3} ms of the operator's CPU each",
            cost.elapsed, cost.cpu
        ));
        costs.push(cost);
    }
    let names: Vec<String> = bench
        .sizes
        .growth
        .iter()
        .map(|(count, _)| count.to_string())
        .collect();
    let names = names.join(" → ");
    let elapsed = growth(costs.iter().map(|cost| cost.elapsed));
    let goal = Goal::at_most(elapsed, FLAT, " %");
    report.goal(
        format!("{names} executions: growth of the time of each"),
        format!("{elapsed:.0} %"),
        goal,
    );
    let cpu = growth(costs.iter().map(|cost| cost.cpu));
    let goal = Goal::at_most(cpu, FLAT, " %");
    report.goal(
        format!("{names} executions: growth of the operator's CPU"),
        format!("{cpu:.0} %"),
        goal,
    );
    Ok(())
}

/// By how many percent the cost at a size exceeds that at a smaller size, at most; less than
/// nothing where more are always cheaper.
fn growth(costs: impl Iterator<Item = f64> + Clone) -> f64 {
    let mut larger = costs.clone();
    let mut most = f64::MIN;
    for cost in costs {
        larger.next();
        let ratios = larger.clone().map(|later| later / cost - 1.0);
        most = ratios.fold(most, f64::max);
    }
    100.0 * most
}

async fn measure_size(bench: &Bench, count: usize, times: usize) -> Result<Cost> {
    let mut total = Cost {
        elapsed: 0.0,
        cpu: 0.0,
    };
    for time in 0..times {
        let place = bench.place(&format!("growth-{count}-{time}")).await?;
        let mut operator = bench.operator(&place).await?;
        let workload = Workload::pass();
        place.deploy(&workload).await?;
        let cost = measure_once(bench, &place, &mut operator, count).await?;
        operator.stop().await?;
        total.elapsed += cost.elapsed;
        total.cpu += cost.cpu;
    }
    let each = 1000.0 / (count * times) as f64;
    Ok(Cost {
        elapsed: total.elapsed * each,
        cpu: total.cpu * each,
    })
}

/// The seconds that all of them take together.
async fn measure_once(
    bench: &Bench,
    place: &Place,
    operator: &mut Operator,
    count: usize,
) -> Result<Cost> {
    let before = operator.usage()?;
    let since = Instant::now();
    plain::create(
        &place.executions(bench),
        Workload::pass().executions(count)?,
    )
    .await?;
    operator.until_succeeded(super::LIMIT, count).await?;
    Ok(Cost {
        elapsed: since.elapsed().as_secs_f64(),
        cpu: operator.usage()?.cpu_seconds - before.cpu_seconds,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::growth;

    #[rstest]
    #[case::dearer(&[1.0, 1.1, 1.25], 25.0)]
    #[case::dearest_in_the_middle(&[1.0, 1.5, 1.2], 50.0)]
    #[case::cheaper(&[2.0, 1.0, 0.9], -10.0)]
    fn growth_is_from_a_size_to_a_larger_one(#[case] costs: &[f64], #[case] expected: f64) {
        let found = growth(costs.iter().copied());
        assert!((found - expected).abs() < 1e-9, "{found}");
    }
}
