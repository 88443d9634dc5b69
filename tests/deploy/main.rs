//! What `deploy/` holds: that each directory builds, that each object is one that Kubernetes knows, that every name in
//! it leads somewhere, and that nothing in this repository is secret.
//!
//! `kubectl kustomize` builds; neither it nor anything else here talks to a cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they counted and skipped"
)]

#[path = "../support/neighbour.rs"]
#[allow(dead_code, reason = "what other tests ask of neighbours")]
mod neighbour;

/// Every kustomization, built once.
mod build;
/// Requests, limits, probes, users, images.
mod containers;
/// Kinds that others define: what of them is used, as types.
mod custom;
/// What others bring.
mod elsewhere;
/// That the rules of references can fail.
mod mended;
/// Our own containers, run with their own arguments.
mod programs;
/// What Prometheus says of its settings and rules.
mod prometheus;
/// Every name that one object has of another.
mod references;
/// No secret in the repository.
mod scan;
/// Kubernetes' own schemas, of each version.
mod schemas;
/// Secrets that are made at install.
mod secrets;
/// Selectors of labels, and what they find.
mod selectors;
/// Pods that are measured twice and counted once.
mod sidecars;
/// A database as the manifests begin it.
mod stores;
/// The API as Rust types: nothing is lost on the way through.
mod typed;
/// Hosts in arguments and settings.
mod urls;
