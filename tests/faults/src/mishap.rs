//! What goes wrong, and when.

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The process dies; nothing happens.
    DiesBefore,
    /// It happens; the process dies before it hears of it.
    DiesAfter,
    /// Nothing happens, and an error comes back.
    Fails,
    /// It happens, and an error comes back.
    AnswerIsLost,
    /// Somebody else edits the object first.
    IsOvertaken,
}

/// The process dies.
pub const CRASHES: [Kind; 2] = [Kind::DiesBefore, Kind::DiesAfter];
/// The process lives on.
pub const TROUBLES: [Kind; 3] = [Kind::Fails, Kind::AnswerIsLost, Kind::IsOvertaken];

/// Something that goes wrong at the n-th request that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mishap {
    /// Which request, from 0.
    pub at: usize,
    /// What.
    pub kind: Kind,
}

/// Each kind at each of so many requests.
pub fn everywhere(kinds: &'static [Kind], requests: usize) -> impl Iterator<Item = Mishap> {
    let all = move |at| kinds.iter().map(move |kind| Mishap { at, kind: *kind });
    (0..requests).flat_map(all)
}
