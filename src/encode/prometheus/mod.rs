//! The Prometheus exposition formats.
