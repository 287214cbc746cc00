//! Ranks: in which row a node stands, such that edges lead downwards.

use super::{Edge, Graph};

/// The nodes' ranks, and which edges lead upwards because they close a cycle.
pub struct Ranks {
    pub of_node: Vec<usize>,
    pub upwards: Vec<bool>,
}

/// Ranks every node one below the lowest that leads to it; where an edge has a label, two below.
pub fn assign(graph: &Graph) -> Ranks {
    let (order, upwards) = depth_first(graph);
    let ends = |index: usize, edge: &Edge| match upwards[index] {
        false => (edge.from, edge.to),
        true => (edge.to, edge.from),
    };
    let below = by_node(graph, |index, edge| ends(index, edge).0);
    let mut of_node = vec![0; graph.nodes.len()];
    for node in order {
        for &index in &below[node] {
            let edge = &graph.edges[index];
            let (_, lower) = ends(index, edge);
            if lower != node {
                let length = 1 + usize::from(edge.label.is_some());
                of_node[lower] = of_node[lower].max(of_node[node] + length);
            }
        }
    }
    Ranks { of_node, upwards }
}

/// The indexes of the edges that `end` assigns to each node.
fn by_node(graph: &Graph, end: impl Fn(usize, &Edge) -> usize) -> Vec<Vec<usize>> {
    let mut edges = vec![Vec::new(); graph.nodes.len()];
    for (index, edge) in graph.edges.iter().enumerate() {
        edges[end(index, edge)].push(index);
    }
    edges
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    /// On the way from the beginning to the node at hand.
    Open,
    Done,
}

/// The nodes in an order in which all edges lead onwards but those that close a cycle, and which
/// those are. Without recursion: a chain of states may be long.
fn depth_first(graph: &Graph) -> (Vec<usize>, Vec<bool>) {
    let leaving = by_node(graph, |_, edge| edge.from);
    let mut visits = vec![Visit::Not; graph.nodes.len()];
    let mut upwards = vec![false; graph.edges.len()];
    let mut order = Vec::with_capacity(graph.nodes.len());
    for root in 0..graph.nodes.len() {
        let mut way = Vec::new();
        enter(root, &mut visits, &mut way);
        while let Some((node, tried)) = way.last_mut() {
            let node = *node;
            let Some(&edge) = leaving[node].get(*tried) else {
                visits[node] = Visit::Done;
                order.push(node);
                way.pop();
                continue;
            };
            *tried += 1;
            let target = graph.edges[edge].to;
            upwards[edge] = visits[target] == Visit::Open && target != node;
            enter(target, &mut visits, &mut way);
        }
    }
    order.reverse();
    (order, upwards)
}

/// Goes on to a node that was not visited yet; none of its edges is tried.
fn enter(node: usize, visits: &mut [Visit], way: &mut Vec<(usize, usize)>) {
    if visits[node] == Visit::Not {
        visits[node] = Visit::Open;
        way.push((node, 0));
    }
}
