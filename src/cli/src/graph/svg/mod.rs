//! An SVG image.
//!
//! Source: Scalable Vector Graphics 2.

mod picture;
mod text;

use std::fmt::Write;

use super::layout::{Line, Point, Size, TooLarge};
use super::{Edge, EdgeKind, Scope, Shape};
use picture::{Drawn, FRAME_PADDING, LOOP_WIDTH, Picture, SLANT, SMALL_LINE, bundle};
use text::{Escaped, shown};

/// Around the whole.
const MARGIN: f64 = 16.0;

const HEAD: &str = include_str!("head.svg");

/// The image's text.
///
/// # Errors
/// The graph has too many lines.
pub fn render(scope: &Scope, title: &str) -> Result<String, TooLarge> {
    let picture = Picture::of(scope)?;
    let width = picture.size.width + 2.0 * MARGIN;
    let height = picture.size.height + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" class=\"sfn-graph\">\n<title>{}</title>\n{HEAD}",
        Escaped(title)
    );
    let corner = Point {
        x: MARGIN,
        y: MARGIN,
    };
    scope_at(&mut svg, corner, &picture);
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Writes a line; that to a String cannot fail.
macro_rules! element {
    ($svg:expr, $($format:tt)*) => {{
        let _ = writeln!($svg, $($format)*);
    }};
}

/// Draws a scope whose upper left corner is at `corner`.
fn scope_at(svg: &mut String, corner: Point, picture: &Picture<'_>) {
    element!(
        svg,
        "<g transform=\"translate({:.1} {:.1})\">",
        corner.x,
        corner.y
    );
    for line in &picture.lines {
        draw_line(svg, line);
    }
    for (place, edge) in &picture.labels {
        // Those of loops are drawn with them.
        if edge.from != edge.to {
            draw_label(svg, *place, "middle", edge);
        }
    }
    for node in &picture.boxes {
        draw_box(svg, node);
    }
    element!(svg, "</g>");
}

fn draw_line(svg: &mut String, line: &Line) {
    let Line { from, to, .. } = line;
    let middle = (from.y + to.y) / 2.0;
    let class = class_of(line.bundle == bundle(EdgeKind::Catch));
    let arrow = match line.arrives {
        true => " marker-end=\"url(#sfn-arrow)\"",
        false => "",
    };
    element!(
        svg,
        "<path class=\"{class}\" d=\"M{:.1} {:.1}C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}\"{arrow}/>",
        from.x,
        from.y,
        from.x,
        to.x,
        to.x,
        to.y,
    );
}

fn class_of(is_catch: bool) -> &'static str {
    if is_catch { "catch" } else { "next" }
}

fn draw_label(svg: &mut String, place: Point, anchor: &str, edge: &Edge) {
    element!(
        svg,
        "<text class=\"label\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{}<title>{}</title></text>",
        place.x,
        place.y + 4.0,
        Escaped(&shown(&edge.label)),
        Escaped(&edge.label),
    );
}

fn draw_box(svg: &mut String, drawn: &Drawn<'_>) {
    let Drawn {
        node, centre, size, ..
    } = drawn;
    element!(svg, "<g class=\"{}\">", class(node.shape));
    element!(svg, "<title>{}</title>", Escaped(&node.name));
    draw_outline(svg, node.shape, *centre, *size);
    let name = Escaped(&shown(&node.name)).to_string();
    let top = centre.y - size.height / 2.0;
    if node.shape == Shape::Terminal {
        draw_text(svg, "name", *centre, 4.0, &name);
    } else {
        let line = Point { y: top, ..*centre };
        draw_text(svg, "name", line, 19.0, &name);
        draw_text(
            svg,
            "kind",
            line,
            35.0,
            &Escaped(&shown(&node.kind)).to_string(),
        );
    }
    for inner in &drawn.inner {
        let corner = Point {
            x: centre.x - size.width / 2.0 + inner.left,
            y: top + inner.top,
        };
        if node.shape == Shape::Parallel {
            draw_branch(svg, corner, inner.picture.size);
        }
        scope_at(svg, corner, &inner.picture);
    }
    draw_loops(svg, drawn);
    element!(svg, "</g>");
}

fn class(shape: Shape) -> &'static str {
    match shape {
        Shape::Terminal => "terminal",
        Shape::Step => "step",
        Shape::Choice => "choice",
        Shape::Succeed => "succeed",
        Shape::Fail => "fail",
        Shape::Parallel => "parallel",
        Shape::Map => "map",
    }
}

fn draw_outline(svg: &mut String, shape: Shape, centre: Point, size: Size) {
    let (left, right) = (centre.x - size.width / 2.0, centre.x + size.width / 2.0);
    let (top, bottom) = (centre.y - size.height / 2.0, centre.y + size.height / 2.0);
    if shape == Shape::Choice {
        let (inner_left, inner_right) = (left + SLANT, right - SLANT);
        element!(
            svg,
            "<polygon points=\"{left:.1},{:.1} {inner_left:.1},{top:.1} {inner_right:.1},{top:.1} \
             {right:.1},{:.1} {inner_right:.1},{bottom:.1} {inner_left:.1},{bottom:.1}\"/>",
            centre.y,
            centre.y,
        );
        return;
    }
    let radius = match shape {
        Shape::Terminal | Shape::Succeed => size.height / 2.0,
        _ => 5.0,
    };
    element!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\"/>",
        size.width,
        size.height,
    );
}

fn draw_text(svg: &mut String, class: &str, place: Point, below: f64, escaped: &str) {
    element!(
        svg,
        "<text class=\"{class}\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{escaped}</text>",
        place.x,
        place.y + below,
    );
}

/// The box around a branch, halfway to the next.
fn draw_branch(svg: &mut String, corner: Point, size: Size) {
    let around = FRAME_PADDING / 3.0;
    element!(
        svg,
        "<rect class=\"branch\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"5\"/>",
        corner.x - around,
        corner.y - around,
        size.width + 2.0 * around,
        size.height + 2.0 * around,
    );
}

/// One loop at the right for transitions of each kind from a node to itself, and their labels.
fn draw_loops(svg: &mut String, drawn: &Drawn<'_>) {
    let right = drawn.centre.x + drawn.size.width / 2.0;
    let y = drawn.centre.y;
    for kind in [EdgeKind::Next, EdgeKind::Catch] {
        if drawn.loops.iter().any(|edge| edge.kind == kind) {
            let class = class_of(kind == EdgeKind::Catch);
            let half = if kind == EdgeKind::Catch { 5.0 } else { 9.0 };
            let side = if drawn.node.shape == Shape::Choice {
                right - SLANT / 2.0
            } else {
                right
            };
            element!(
                svg,
                "<path class=\"{class}\" d=\"M{side:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {side:.1} {:.1}\" \
                 marker-end=\"url(#sfn-arrow)\"/>",
                y + half,
                right + LOOP_WIDTH,
                y + half,
                right + LOOP_WIDTH,
                y - half,
                y - half,
            );
        }
    }
    let labelled = drawn.loops.iter().filter(|edge| !edge.label.is_empty());
    let mut place = Point {
        x: right + LOOP_WIDTH - 2.0,
        y: y - SMALL_LINE * (labelled.clone().count() as f64 - 1.0) / 2.0,
    };
    for edge in labelled {
        draw_label(svg, place, "start", edge);
        place.y += SMALL_LINE;
    }
}
