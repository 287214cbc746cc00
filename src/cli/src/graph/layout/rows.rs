//! Rows of cells: nodes, labels, and bends where an edge crosses a row.

use std::collections::{HashMap, HashSet};

use super::ranks::Ranks;
use super::{Graph, Size, TooLarge};

/// The most cells that are laid out.
pub const MAX_CELLS: usize = 100_000;

/// How wide a bend is, so that lines keep apart.
const BEND: Size = Size {
    width: 4.0,
    height: 0.0,
};

/// What stands in a row.
pub struct Cell {
    pub size: Size,
    /// Whether it is a node; the cells of nodes come first.
    pub is_node: bool,
    /// The edge whose label it is.
    pub label_of: Option<usize>,
}

/// A piece of an edge from a row to the next.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link {
    pub upper: usize,
    pub lower: usize,
    pub bundle: usize,
    /// Whether the edge leads upwards.
    pub upwards: bool,
}

/// The cells in rows, linked.
pub struct Rows {
    pub cells: Vec<Cell>,
    /// By rank, the cells from left to right.
    pub rows: Vec<Vec<usize>>,
    /// By cell, the row it is in.
    pub row_of: Vec<usize>,
    pub links: Vec<Link>,
}

/// Bends that edges of one bundle share on the way to one node: by node, bundle, direction, rank.
type Bends = HashMap<(usize, usize, bool, usize), usize>;

impl Rows {
    /// Puts every node into its row, and cells for its edges into the rows that they cross.
    pub fn fill(graph: &Graph, ranks: &Ranks) -> Result<Self, TooLarge> {
        let count = ranks.of_node.iter().max().map_or(0, |last| last + 1);
        let mut rows = Self {
            cells: Vec::new(),
            rows: vec![Vec::new(); count],
            row_of: Vec::new(),
            links: Vec::new(),
        };
        for (node, rank) in graph.nodes.iter().zip(&ranks.of_node) {
            rows.add(*node, *rank, None, true)?;
        }
        let mut bends = Bends::new();
        let mut seen = HashSet::new();
        for (index, edge) in graph.edges.iter().enumerate() {
            if edge.from != edge.to {
                let cells = rows.way(graph, ranks, index, &mut bends)?;
                rows.link(&cells, edge.bundle, ranks.upwards[index], &mut seen);
            }
        }
        Ok(rows)
    }

    fn add(
        &mut self,
        size: Size,
        rank: usize,
        label_of: Option<usize>,
        is_node: bool,
    ) -> Result<usize, TooLarge> {
        let cell = self.cells.len();
        if cell == MAX_CELLS {
            return Err(TooLarge);
        }
        self.cells.push(Cell {
            size,
            is_node,
            label_of,
        });
        self.rows[rank].push(cell);
        self.row_of.push(rank);
        Ok(cell)
    }

    /// The cells of an edge from top to bottom. Its label is next to where it comes from.
    fn way(
        &mut self,
        graph: &Graph,
        ranks: &Ranks,
        index: usize,
        bends: &mut Bends,
    ) -> Result<Vec<usize>, TooLarge> {
        let edge = &graph.edges[index];
        let upwards = ranks.upwards[index];
        let (upper, lower) = match upwards {
            false => (edge.from, edge.to),
            true => (edge.to, edge.from),
        };
        let crossed = ranks.of_node[upper] + 1..ranks.of_node[lower];
        let at_source = match upwards {
            false => crossed.start,
            true => crossed.end.saturating_sub(1),
        };
        let mut cells = vec![upper];
        for rank in crossed {
            let cell = match edge.label {
                Some(label) if rank == at_source => self.add(label, rank, Some(index), false)?,
                _ => match bends.get(&(edge.to, edge.bundle, upwards, rank)) {
                    Some(bend) => *bend,
                    None => {
                        let bend = self.add(BEND, rank, None, false)?;
                        bends.insert((edge.to, edge.bundle, upwards, rank), bend);
                        bend
                    }
                },
            };
            cells.push(cell);
        }
        cells.push(lower);
        Ok(cells)
    }

    fn link(&mut self, cells: &[usize], bundle: usize, upwards: bool, seen: &mut HashSet<Link>) {
        for (&upper, &lower) in cells.iter().zip(cells.iter().skip(1)) {
            let link = Link {
                upper,
                lower,
                bundle,
                upwards,
            };
            if seen.insert(link) {
                self.links.push(link);
            }
        }
    }

    /// By cell, those it is linked to in the row above and in the row below.
    pub fn neighbours(&self) -> [Vec<Vec<usize>>; 2] {
        let mut above = vec![Vec::new(); self.cells.len()];
        let mut below = vec![Vec::new(); self.cells.len()];
        for link in &self.links {
            above[link.lower].push(link.upper);
            below[link.upper].push(link.lower);
        }
        [above, below]
    }
}
