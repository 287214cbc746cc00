//! JSON numbers: 64-bit integers where the text is one, else IEEE doubles.

use std::cmp::Ordering;
use std::fmt;

/// A JSON number.
#[derive(Clone, Copy)]
pub enum Number {
    /// Written without fraction or exponent, and within 64 bits.
    Int(i64),
    /// Everything else; always finite.
    Float(f64),
}

impl Number {
    /// The number as a double.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The number as an integer, when it has no fraction and fits.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => {
                Some(value as i64)
            }
            Self::Float(_) => None,
        }
    }

    /// A finite double as a number; `None` for infinities and NaN, which JSON cannot write.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Float(value))
    }

    /// The length of [`Display`](fmt::Display)'s text.
    #[must_use]
    pub fn text_len(self) -> usize {
        match self {
            Self::Int(value) => {
                let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
                digits + usize::from(value < 0)
            }
            Self::Float(_) => self.to_string().len(),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl fmt::Display for Number {
    /// Step Functions runs on Java and writes doubles as `Double.toString` does: `1.0`, and
    /// `1.0E10` from ten million up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if *value == 0.0 => f.write_str(if value.is_sign_negative() {
                "-0.0"
            } else {
                "0.0"
            }),
            Self::Float(value) if (1.0e-3..1.0e7).contains(&value.abs()) => {
                write!(f, "{value:?}")
            }
            Self::Float(value) => {
                let text = format!("{value:E}");
                match text.split_once('E') {
                    Some((mantissa, exponent)) if !mantissa.contains('.') => {
                        write!(f, "{mantissa}.0E{exponent}")
                    }
                    _ => f.write_str(&text),
                }
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
