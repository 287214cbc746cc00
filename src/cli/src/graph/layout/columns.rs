//! Columns: where in its row a cell stands, near to what it is linked to.

use super::rows::Rows;

/// Between two cells of a row.
const GAP: f64 = 24.0;
/// How often the rows are gone through, down and up in turn.
const SWEEPS: usize = 60;
/// How much more a bend or a label insists on its place than a node: long lines are straight.
const STRAIGHTNESS: f64 = 4.0;

/// The centres of all cells, in pixels from the left.
pub fn place(rows: &Rows) -> Vec<f64> {
    let [above, below] = rows.neighbours();
    let both: Vec<Vec<usize>> = above
        .iter()
        .zip(&below)
        .map(|(above, below)| above.iter().chain(below).copied().collect())
        .collect();
    let mut columns = vec![0.0; rows.cells.len()];
    for row in &rows.rows {
        settle(rows, row, &both, &mut columns);
    }
    for sweep in 0..SWEEPS {
        let neighbours = if sweep + 2 < SWEEPS {
            [&above, &below][sweep % 2]
        } else {
            &both
        };
        for step in 0..rows.rows.len() {
            let row = match sweep % 2 {
                0 => &rows.rows[step],
                _ => &rows.rows[rows.rows.len() - 1 - step],
            };
            settle(rows, row, neighbours, &mut columns);
        }
    }
    from_left(rows, &mut columns);
    columns
}

/// Moves the cells of a row as near to the middle of their neighbours as their order and widths
/// allow: the least squares, by pooling adjacent violators.
fn settle(rows: &Rows, row: &[usize], neighbours: &[Vec<usize>], columns: &mut [f64]) {
    let offsets = offsets(rows, row);
    let mut pools: Vec<Pool> = Vec::new();
    for (&cell, offset) in row.iter().zip(&offsets) {
        let wish = middle(&neighbours[cell], columns).unwrap_or(columns[cell]);
        let insistence = match rows.cells[cell].is_node {
            true => 1.0,
            false => STRAIGHTNESS,
        };
        let mut pool = Pool {
            weight: insistence,
            sum: insistence * (wish - offset),
            cells: 1,
        };
        while let Some(before) = pools.pop_if(|before| before.mean() > pool.mean()) {
            pool = pool.and(&before);
        }
        pools.push(pool);
    }
    let means = pools
        .iter()
        .flat_map(|pool| std::iter::repeat_n(pool.mean(), pool.cells));
    for ((&cell, offset), mean) in row.iter().zip(&offsets).zip(means) {
        columns[cell] = mean + offset;
    }
}

/// Cells that touch each other.
struct Pool {
    weight: f64,
    sum: f64,
    cells: usize,
}

impl Pool {
    fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
            cells: self.cells + other.cells,
        }
    }
}

/// The centres of a row's cells if they stood as close as they may.
fn offsets(rows: &Rows, row: &[usize]) -> Vec<f64> {
    let mut end = 0.0;
    let centres = row.iter().map(|&cell| {
        let width = rows.cells[cell].size.width;
        let centre = end + width / 2.0;
        end += width + GAP;
        centre
    });
    centres.collect()
}

fn middle(cells: &[usize], columns: &[f64]) -> Option<f64> {
    if cells.is_empty() {
        return None;
    }
    let sum: f64 = cells.iter().map(|&cell| columns[cell]).sum();
    let count = cells.len() as f64;
    Some(sum / count)
}

/// Shifts everything such that the leftmost cell begins at the left.
fn from_left(rows: &Rows, columns: &mut [f64]) {
    let lefts = rows.cells.iter().zip(&*columns);
    let left = lefts
        .map(|(cell, column)| column - cell.size.width / 2.0)
        .fold(f64::INFINITY, f64::min);
    columns.iter_mut().for_each(|column| *column -= left);
}
