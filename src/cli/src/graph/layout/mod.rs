//! A layered drawing of a directed graph: nodes in rows, edges downwards, few crossings.
//!
//! Source: Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System
//! Structures" (1981): ranks, rows, order within the rows, places.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes are those of nodes, rows and cells that were made here"
)]

mod columns;
mod order;
mod ranks;
mod rows;

use rows::{Cell, Rows};

/// Between two rows.
const ROW_GAP: f64 = 34.0;

/// A width and a height, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A place, in pixels from the left and from the top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// What is laid out. The first node is where the flow begins.
#[derive(Debug)]
pub struct Graph {
    pub nodes: Vec<Size>,
    pub edges: Vec<Edge>,
}

/// An edge between two nodes.
#[derive(Debug)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// The size of its label.
    pub label: Option<Size>,
    /// Edges of one bundle that lead to one node share their lines.
    pub bundle: usize,
}

/// Where everything is: centres of nodes and labels, ends of lines.
#[derive(Debug)]
pub struct Layout {
    pub size: Size,
    pub nodes: Vec<Point>,
    /// By edge; absent where it has none. That of an edge from a node to itself is beside the node.
    pub labels: Vec<Option<Point>>,
    pub lines: Vec<Line>,
}

/// A piece of an edge between two rows, straight up or down at both ends.
#[derive(Debug)]
pub struct Line {
    pub from: Point,
    pub to: Point,
    pub bundle: usize,
    /// Whether it ends at a node.
    pub arrives: bool,
}

/// The graph has too many edges that cross too many rows to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the graph is too large to be laid out: more than {} lines cross its rows",
    rows::MAX_CELLS
)]
pub struct TooLarge;

/// Lays out a graph.
///
/// # Errors
/// It would need too many lines.
pub fn layout(graph: &Graph) -> Result<Layout, TooLarge> {
    let ranks = ranks::assign(graph);
    let mut rows = Rows::fill(graph, &ranks)?;
    order::minimize_crossings(&mut rows);
    let columns = columns::place(&rows);
    Ok(arrange(graph, &rows, &columns))
}

/// Puts the rows below each other.
fn arrange(graph: &Graph, rows: &Rows, columns: &[f64]) -> Layout {
    let mut places = vec![Point { x: 0.0, y: 0.0 }; rows.cells.len()];
    let mut size = Size {
        width: 0.0,
        height: 0.0,
    };
    for row in &rows.rows {
        let heights = row.iter().map(|&cell| rows.cells[cell].size.height);
        let height = heights.fold(0.0, f64::max);
        if size.height > 0.0 {
            size.height += ROW_GAP;
        }
        for &cell in row {
            places[cell] = Point {
                x: columns[cell],
                y: size.height + height / 2.0,
            };
            size.width = size
                .width
                .max(columns[cell] + rows.cells[cell].size.width / 2.0);
        }
        size.height += height;
    }
    let mut labels = vec![None; graph.edges.len()];
    for (cell, place) in rows.cells.iter().zip(&places) {
        if let Some(edge) = cell.label_of {
            labels[edge] = Some(*place);
        }
    }
    let lines = rows.links.iter().map(|link| {
        let upper = bottom(&rows.cells[link.upper], places[link.upper]);
        let lower = top(&rows.cells[link.lower], places[link.lower]);
        let (from, to, last) = match link.upwards {
            false => (upper, lower, link.lower),
            true => (lower, upper, link.upper),
        };
        Line {
            from,
            to,
            bundle: link.bundle,
            arrives: last < graph.nodes.len(),
        }
    });
    Layout {
        size,
        lines: lines.collect(),
        nodes: places[..graph.nodes.len()].to_vec(),
        labels,
    }
}

fn top(cell: &Cell, place: Point) -> Point {
    Point {
        y: place.y - cell.size.height / 2.0,
        ..place
    }
}

fn bottom(cell: &Cell, place: Point) -> Point {
    Point {
        y: place.y + cell.size.height / 2.0,
        ..place
    }
}

#[cfg(test)]
mod tests;
