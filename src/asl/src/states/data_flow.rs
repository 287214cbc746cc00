//! How a state reads its input and makes its output.
//!
//! Source: States Language, "Input and output processing": `InputPath`, `Parameters`,
//! `ResultSelector`, `ResultPath` and `OutputPath` in JSONPath states; `Arguments` and `Output`
//! in JSONata states.

use crate::query::{Path, ReferencePath, Template};

/// The fields that shape a state's data. In a JSONata state only `parameters` (its `Arguments`)
/// and `output` are set; in a JSONPath state `output` is not.
#[derive(Debug, Default)]
pub struct DataFlow {
    /// `InputPath`
    pub input_path: Selection,
    /// `Parameters` (JSONPath; a Map state's stands in its `item_selector`) or `Arguments`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `OutputPath`
    pub output_path: Selection,
    /// `Output` (JSONata)
    pub output: Option<Template>,
}

/// `InputPath` and `OutputPath`.
#[derive(Debug, Default)]
pub enum Selection {
    /// Absent, or `$`: everything.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// A path.
    Path(Path),
}

/// `ResultPath`.
#[derive(Debug, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Whole,
    /// `null`: the result is dropped, the input is passed on.
    Discard,
    /// The result is put into the input at this place.
    At(ReferencePath),
}
