//! The functions by name.

use std::ops::RangeInclusive;

use super::argument::Arguments;
use super::{
    array, array_contains, array_get_item, array_length, array_partition, array_range,
    array_unique, base64_decode, base64_encode, format, hash, json_merge, json_to_string, math_add,
    math_random, string_split, string_to_json, uuid,
};
use crate::query::Scope;
use crate::value::Value;

/// What a function answers: a value, or why it refuses its arguments.
pub(super) type Answer = Result<Value, String>;

/// One of the 18 intrinsic functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

impl Function {
    /// The function `States.<name>`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Format" => Self::Format,
            "StringToJson" => Self::StringToJson,
            "JsonToString" => Self::JsonToString,
            "Array" => Self::Array,
            "ArrayPartition" => Self::ArrayPartition,
            "ArrayContains" => Self::ArrayContains,
            "ArrayRange" => Self::ArrayRange,
            "ArrayGetItem" => Self::ArrayGetItem,
            "ArrayLength" => Self::ArrayLength,
            "ArrayUnique" => Self::ArrayUnique,
            "Base64Encode" => Self::Base64Encode,
            "Base64Decode" => Self::Base64Decode,
            "Hash" => Self::Hash,
            "JsonMerge" => Self::JsonMerge,
            "MathRandom" => Self::MathRandom,
            "MathAdd" => Self::MathAdd,
            "StringSplit" => Self::StringSplit,
            "UUID" => Self::Uuid,
            _ => return None,
        })
    }

    /// How many arguments the function takes.
    pub(super) fn arity(self) -> RangeInclusive<usize> {
        match self {
            Self::Format => 1..=usize::MAX,
            Self::Array => 0..=usize::MAX,
            Self::Uuid => 0..=0,
            Self::StringToJson
            | Self::JsonToString
            | Self::ArrayLength
            | Self::ArrayUnique
            | Self::Base64Encode
            | Self::Base64Decode => 1..=1,
            Self::ArrayPartition
            | Self::ArrayContains
            | Self::ArrayGetItem
            | Self::Hash
            | Self::MathAdd
            | Self::StringSplit => 2..=2,
            Self::MathRandom => 2..=3,
            Self::ArrayRange | Self::JsonMerge => 3..=3,
        }
    }

    pub(super) fn call(self, arguments: &Arguments<'_>, scope: &Scope<'_>) -> Answer {
        match self {
            Self::Format => format::call(arguments),
            Self::StringToJson => string_to_json::call(arguments),
            Self::JsonToString => json_to_string::call(arguments),
            Self::Array => array::call(arguments),
            Self::ArrayPartition => array_partition::call(arguments),
            Self::ArrayContains => array_contains::call(arguments),
            Self::ArrayRange => array_range::call(arguments),
            Self::ArrayGetItem => array_get_item::call(arguments),
            Self::ArrayLength => array_length::call(arguments),
            Self::ArrayUnique => array_unique::call(arguments),
            Self::Base64Encode => base64_encode::call(arguments),
            Self::Base64Decode => base64_decode::call(arguments),
            Self::Hash => hash::call(arguments),
            Self::JsonMerge => json_merge::call(arguments),
            Self::MathRandom => math_random::call(arguments, scope.random),
            Self::MathAdd => math_add::call(arguments),
            Self::StringSplit => string_split::call(arguments),
            Self::Uuid => uuid::call(scope.random),
        }
    }
}
