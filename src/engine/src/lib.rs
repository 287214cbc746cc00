//! Durable execution: drives the interpreter through ports.

pub mod ports;
