//! The order within the rows, such that few lines cross.

use super::rows::Rows;

/// How often the rows are gone through, down and up in turn.
const SWEEPS: usize = 12;

/// Orders every row by the mean place of what its cells are linked to (the barycentre heuristic)
/// and keeps the order with the fewest crossings.
pub fn minimize_crossings(rows: &mut Rows) {
    let [above, below] = rows.neighbours();
    let mut places = places(rows);
    let mut best = rows.rows.clone();
    let mut fewest = crossings(rows, &below, &places);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        if sweep % 2 == 0 {
            let down = rows.rows.iter_mut();
            down.for_each(|row| sort(row, &above, &mut places));
        } else {
            let up = rows.rows.iter_mut().rev();
            up.for_each(|row| sort(row, &below, &mut places));
        }
        let now = crossings(rows, &below, &places);
        if now < fewest {
            fewest = now;
            best.clone_from(&rows.rows);
        }
    }
    rows.rows = best;
}

/// By cell, its place in its row.
fn places(rows: &Rows) -> Vec<usize> {
    let mut places = vec![0; rows.cells.len()];
    for row in &rows.rows {
        for (place, &cell) in row.iter().enumerate() {
            places[cell] = place;
        }
    }
    places
}

fn sort(row: &mut [usize], neighbours: &[Vec<usize>], places: &mut [usize]) {
    row.sort_by_cached_key(|&cell| {
        // A cell without neighbours keeps its place.
        let linked = match neighbours[cell].as_slice() {
            [] => std::slice::from_ref(&cell),
            linked => linked,
        };
        let sum: usize = linked.iter().map(|&cell| places[cell]).sum();
        // In thousandths, so that the key is an integer.
        sum * 1_000 / linked.len()
    });
    for (place, &cell) in row.iter().enumerate() {
        places[cell] = place;
    }
}

/// How many pairs of lines cross.
fn crossings(rows: &Rows, below: &[Vec<usize>], places: &[usize]) -> usize {
    let between = rows.rows.iter().map(|row| {
        let mut ends = Vec::new();
        for &cell in row {
            let first = ends.len();
            ends.extend(below[cell].iter().map(|&cell| places[cell]));
            ends[first..].sort_unstable();
        }
        inversions(&ends)
    });
    between.sum()
}

/// How many pairs stand in the wrong order; counted with a binary indexed tree.
fn inversions(places: &[usize]) -> usize {
    let size = places.iter().max().map_or(0, |most| most + 1);
    let mut tree = vec![0_usize; size + 1];
    let mut wrong = 0;
    for (before, &place) in places.iter().enumerate() {
        let mut at = place + 1;
        let mut not_greater = 0;
        while at > 0 {
            not_greater += tree[at];
            at &= at - 1;
        }
        wrong += before - not_greater;
        let mut at = place + 1;
        while at <= size {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::inversions;
    use rstest::rstest;

    #[rstest]
    #[case(&[], 0)]
    #[case(&[0, 0, 1, 2], 0)]
    #[case(&[1, 0], 1)]
    #[case(&[3, 2, 1, 0], 6)]
    #[case(&[2, 0, 2, 1], 3)]
    fn pairs_in_the_wrong_order_are_counted(#[case] places: &[usize], #[case] expected: usize) {
        assert_eq!(inversions(places), expected);
    }
}
