use proptest::prelude::*;

use super::{Edge, Graph, Layout, Point, Size, layout};

fn size(width: f64) -> Size {
    Size {
        width,
        height: 20.0,
    }
}

fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
    Graph {
        nodes: vec![size(50.0); nodes],
        edges: edges
            .iter()
            .map(|&(from, to)| Edge {
                from,
                to,
                label: None,
                bundle: 0,
            })
            .collect(),
    }
}

/// The pieces of lines that end at a node.
fn arrivals(layout: &Layout) -> usize {
    layout.lines.iter().filter(|line| line.arrives).count()
}

#[test]
fn a_chain_goes_straight_down() {
    let layout = layout(&graph(3, &[(0, 1), (1, 2)])).unwrap();
    let columns: Vec<f64> = layout.nodes.iter().map(|node| node.x).collect();
    assert_eq!(columns, [25.0, 25.0, 25.0]);
    assert!(layout.nodes[0].y < layout.nodes[1].y && layout.nodes[1].y < layout.nodes[2].y);
    assert_eq!(layout.size.width, 50.0);
}

#[test]
fn a_cycle_leads_back_up() {
    let layout = layout(&graph(3, &[(0, 1), (1, 2), (2, 1)])).unwrap();
    let back = layout
        .lines
        .iter()
        .find(|line| line.to.y < line.from.y)
        .unwrap();
    assert!(back.arrives && back.to.y > layout.nodes[1].y);
}

#[test]
fn a_label_has_a_row_of_its_own() {
    let mut labelled = graph(2, &[(0, 1), (0, 1)]);
    labelled.edges[0].label = Some(size(80.0));
    let layout = layout(&labelled).unwrap();
    let label = layout.labels[0].unwrap();
    assert_eq!(layout.labels[1], None);
    assert!(layout.nodes[0].y + 20.0 < label.y && label.y + 20.0 < layout.nodes[1].y);
}

#[test]
fn edges_of_a_bundle_share_the_way_to_their_node() {
    let edges = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 4), (2, 4)];
    let shared = layout(&graph(5, &edges)).unwrap();
    assert_eq!(arrivals(&shared), 5);
    let mut apart = graph(5, &edges);
    for (bundle, edge) in apart.edges.iter_mut().enumerate() {
        edge.bundle = bundle;
    }
    assert_eq!(arrivals(&layout(&apart).unwrap()), 7);
}

#[test]
fn crossings_that_can_be_avoided_are() {
    let layout = layout(&graph(5, &[(0, 1), (0, 2), (1, 4), (2, 3)])).unwrap();
    let is_left = |a: usize, b: usize| layout.nodes[a].x < layout.nodes[b].x;
    assert_eq!(is_left(1, 2), is_left(4, 3));
}

#[test]
fn a_graph_whose_lines_would_fill_the_memory_is_refused() {
    let chain = (0..1_000).map(|node| (node, node + 1));
    let far = (0..500).map(|node| (node, node + 500));
    let edges: Vec<_> = chain.chain(far).collect();
    assert!(layout(&graph(1_001, &edges)).is_err());
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (1_usize..12).prop_flat_map(|count| {
        let label = prop::option::of((1.0..200.0).prop_map(size));
        let edge = (0..count, 0..count, label, 0_usize..3);
        let edges = prop::collection::vec(edge, 0..30);
        let nodes = prop::collection::vec((1.0..300.0).prop_map(size), count);
        (nodes, edges).prop_map(|(nodes, edges)| Graph {
            nodes,
            edges: edges
                .into_iter()
                .map(|(from, to, label, bundle)| Edge {
                    from,
                    to,
                    label,
                    bundle,
                })
                .collect(),
        })
    })
}

/// Whether two boxes share more than their border.
fn overlap(a: (Point, Size), b: (Point, Size)) -> bool {
    let less = |distance: f64, sum: f64| distance.abs() < sum / 2.0 - 1e-6;
    less(a.0.x - b.0.x, a.1.width + b.1.width) && less(a.0.y - b.0.y, a.1.height + b.1.height)
}

proptest! {
    #[test]
    fn nodes_and_labels_never_overlap_and_stay_inside(graph in any_graph()) {
        let layout = layout(&graph).unwrap();
        let nodes = layout.nodes.iter().copied().zip(graph.nodes.iter().copied());
        let labels = layout.labels.iter().zip(&graph.edges);
        let labels = labels.filter_map(|(place, edge)| Some(((*place)?, edge.label?)));
        let boxes: Vec<(Point, Size)> = nodes.chain(labels).collect();
        for (index, one) in boxes.iter().enumerate() {
            let (Point { x, y }, Size { width, height }) = *one;
            prop_assert!(x >= width / 2.0 - 1e-6 && x + width / 2.0 <= layout.size.width + 1e-6);
            prop_assert!(y >= height / 2.0 - 1e-6 && y + height / 2.0 <= layout.size.height + 1e-6);
            for other in &boxes[index + 1..] {
                prop_assert!(!overlap(*one, *other), "{one:?} {other:?}");
            }
        }
    }
}
