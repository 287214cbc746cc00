//! Sizes and places of everything in a scope, its inner scopes included.

use super::text;
use crate::graph::layout::{self, Graph, Layout, Line, Point, Size, TooLarge};
use crate::graph::{Edge, EdgeKind, Node, Scope, Shape};

/// The font size of names, in pixels.
pub const NAME_FONT: f64 = 13.0;
/// The font size of all other text.
pub const SMALL_FONT: f64 = 11.0;
/// The height of a line of small text.
pub const SMALL_LINE: f64 = 15.0;
/// Where the inner scopes of a frame begin, below its name.
const FRAME_HEADER: f64 = 46.0;
/// Around the inner scopes of a frame, and between them.
pub const FRAME_PADDING: f64 = 18.0;
/// The height of a box with a name and a kind.
const BOX_HEIGHT: f64 = 44.0;
/// Left and right of a text.
const TEXT_PADDING: f64 = 14.0;
/// How far the slanted sides of a Choice state reach out.
pub const SLANT: f64 = 16.0;
/// How far a line from a node to itself reaches out.
pub const LOOP_WIDTH: f64 = 26.0;

const TERMINAL: Size = Size {
    width: 60.0,
    height: 26.0,
};

/// A scope, laid out.
pub struct Picture<'a> {
    pub size: Size,
    pub boxes: Vec<Drawn<'a>>,
    pub labels: Vec<(Point, &'a Edge)>,
    pub lines: Vec<Line>,
}

/// A node, laid out.
pub struct Drawn<'a> {
    pub node: &'a Node,
    pub centre: Point,
    pub size: Size,
    /// Transitions from the node to itself.
    pub loops: Vec<&'a Edge>,
    pub inner: Vec<Inner<'a>>,
}

/// A branch or an item processor; `left` and `top` from the corner of its frame.
pub struct Inner<'a> {
    pub left: f64,
    pub top: f64,
    pub picture: Picture<'a>,
}

/// The bundle of a transition's lines in the layout.
pub fn bundle(kind: EdgeKind) -> usize {
    match kind {
        EdgeKind::Next => 0,
        EdgeKind::Catch => 1,
    }
}

impl<'a> Picture<'a> {
    /// Lays out a scope, from the inside to the outside.
    ///
    /// # Errors
    /// It has too many lines.
    pub fn of(scope: &'a Scope) -> Result<Self, TooLarge> {
        let mut loops = vec![Vec::new(); scope.nodes.len()];
        for edge in scope.edges.iter().filter(|edge| edge.from == edge.to) {
            if let Some(loops) = loops.get_mut(edge.from) {
                loops.push(edge);
            }
        }
        let boxes = scope.nodes.iter().zip(loops);
        let boxes = boxes.map(|(node, loops)| Drawn::of(node, loops));
        let mut boxes = boxes.collect::<Result<Vec<Drawn<'a>>, TooLarge>>()?;
        let graph = Graph {
            nodes: boxes.iter().map(Drawn::with_loops).collect(),
            edges: scope.edges.iter().map(edge).collect(),
        };
        let Layout {
            size,
            nodes,
            labels,
            lines,
        } = layout::layout(&graph)?;
        for (node, centre) in boxes.iter_mut().zip(nodes) {
            node.centre = centre;
        }
        let labels = labels.into_iter().zip(&scope.edges);
        let labels = labels.filter_map(|(place, edge)| Some((place?, edge)));
        Ok(Self {
            size,
            boxes,
            labels: labels.collect(),
            lines,
        })
    }
}

fn edge(edge: &Edge) -> layout::Edge {
    let label = Size {
        width: text::width(&edge.label, SMALL_FONT),
        height: SMALL_LINE,
    };
    layout::Edge {
        from: edge.from,
        to: edge.to,
        label: (!edge.label.is_empty()).then_some(label),
        bundle: bundle(edge.kind),
    }
}

impl<'a> Drawn<'a> {
    fn of(node: &'a Node, loops: Vec<&'a Edge>) -> Result<Self, TooLarge> {
        let mut inner = Vec::new();
        let mut end = FRAME_PADDING;
        for scope in &node.inner {
            let picture = Picture::of(scope)?;
            let left = end;
            end += picture.size.width + FRAME_PADDING;
            inner.push(Inner {
                left,
                top: FRAME_HEADER,
                picture,
            });
        }
        let mut this = Self {
            node,
            centre: Point { x: 0.0, y: 0.0 },
            size: own_size(node),
            loops,
            inner,
        };
        this.make_room(end);
        Ok(this)
    }

    /// Widens a frame to what is in it, `width` with the padding, and centres that.
    fn make_room(&mut self, width: f64) {
        let heights = self.inner.iter().map(|inner| inner.picture.size.height);
        let Some(height) = heights.reduce(f64::max) else {
            return;
        };
        self.size.height = FRAME_HEADER + height + FRAME_PADDING;
        let spare = (self.size.width - width).max(0.0);
        self.size.width = self.size.width.max(width);
        for inner in &mut self.inner {
            inner.left += spare / 2.0;
        }
    }

    /// The size of the box with the loops at its side, as much on either: the centre stays.
    fn with_loops(&self) -> Size {
        if self.loops.is_empty() {
            return self.size;
        }
        let labels = self.loops.iter();
        let label = labels
            .map(|edge| text::width(&edge.label, SMALL_FONT))
            .fold(0.0, f64::max);
        let lines = self.loops.len() as f64;
        Size {
            width: self.size.width + 2.0 * (LOOP_WIDTH + label),
            height: self.size.height.max(lines * SMALL_LINE),
        }
    }
}

fn own_size(node: &Node) -> Size {
    if node.shape == Shape::Terminal {
        return TERMINAL;
    }
    let name = text::width(&node.name, NAME_FONT);
    let kind = text::width(&node.kind, SMALL_FONT);
    let slants = match node.shape {
        Shape::Choice => 2.0 * SLANT,
        _ => 0.0,
    };
    Size {
        width: name.max(kind) + 2.0 * TEXT_PADDING + slants,
        height: BOX_HEIGHT,
    }
}
