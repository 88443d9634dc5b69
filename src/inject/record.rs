//! What was added to a pod, as JSON in an annotation of it: so it can be taken out again to the last empty map.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::settings::NAME;
use super::tree::Tree;

/// The annotation.
pub(super) const ANNOTATION: &str = "podometer.io/injected";

/// What there is to take out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record {
    /// Of the program that wrote it.
    pub(super) version: String,
    /// `initContainers` or `containers`.
    pub(super) list: String,
    /// Annotations that were set, and to what.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    /// Collections that were not there, or null.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) made: Vec<Made>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) shares_processes: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_volume: bool,
}

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Made {
    #[serde(rename = "metadata")]
    Metadata,
    #[serde(rename = "metadata: null")]
    NullMetadata,
    #[serde(rename = "annotations")]
    Annotations,
    #[serde(rename = "annotations: null")]
    NullAnnotations,
    #[serde(rename = "initContainers")]
    InitContainers,
    #[serde(rename = "initContainers: null")]
    NullInitContainers,
    #[serde(rename = "volumes")]
    Volumes,
    #[serde(rename = "volumes: null")]
    NullVolumes,
    #[serde(rename = "shareProcessNamespace: null")]
    NullShareProcessNamespace,
}

impl Record {
    /// The record of a pod; `None` where nothing of ours is in it, or what it says cannot be read.
    pub(super) fn of(pod: &Tree) -> Option<Record> {
        let text = pod.text_at(&["metadata", "annotations", ANNOTATION])?;
        serde_json::from_str::<Record>(text)
            .ok()
            .filter(|record| matches!(record.list.as_str(), "initContainers" | "containers"))
    }

    /// Whether what it tells of is in the pod still; others may have copied the annotation alone.
    pub(super) fn is_true_of(&self, pod: &Tree) -> bool {
        let items = pod.at(&["spec", &self.list]).map(Tree::items).unwrap_or_default();
        items.iter().any(|item| item.text_at(&["name"]) == Some(NAME))
    }

    pub(super) fn text(&self) -> String {
        // Only keys that are no texts could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
