//! YAML and JSON to trees and back. Numbers are never read: they stay the texts that they were.

/// JSON to a tree.
mod json_reader;
/// A tree to JSON.
mod json_writer;
/// YAML's merge keys.
mod merge;
/// Tags of YAML's own schema.
mod tags;
/// YAML to a tree.
mod yaml_reader;
/// A tree to YAML.
mod yaml_writer;

pub(super) use json_reader::from_json;
pub(super) use json_writer::{Indent, to_json};
pub(super) use yaml_reader::from_yaml;
pub(super) use yaml_writer::to_yaml;
