//! Exit codes of a run: k6's own, so that pipelines that know k6 understand them, and ours for a result that must not
//! be believed.
//!
//! Source: k6 `errext/exitcodes/codes.go`. 97 to 110 are k6's; 124 to 127 and above 128 mean other things to shells.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    Passed,
    CloudFailed,
    CloudProgress,
    ThresholdsFailed,
    SetupTimeout,
    TeardownTimeout,
    GenericTimeout,
    StoppedByRest,
    InvalidConfig,
    ExternalAbort,
    RestCannotStart,
    ScriptException,
    ScriptAborted,
    Panic,
    MarkedFailed,
    /// Ours: the generator itself was the bottleneck, so the numbers do not speak of the target.
    Invalid,
}

/// Every code, its name in outputs and what it means.
pub const TABLE: [(Exit, u8, &str, &str); 16] = [
    (Exit::Passed, 0, "passed", "the run ended and every threshold held"),
    (Exit::CloudFailed, 97, "cloud_failed", "k6's cloud run failed; never ours"),
    (Exit::CloudProgress, 98, "cloud_progress", "k6's cloud did not answer; never ours"),
    (Exit::ThresholdsFailed, 99, "thresholds_failed", "at least one threshold did not hold"),
    (Exit::SetupTimeout, 100, "setup_timeout", "setup took longer than setupTimeout"),
    (Exit::TeardownTimeout, 101, "teardown_timeout", "teardown took longer than teardownTimeout"),
    (Exit::GenericTimeout, 102, "generic_timeout", "another step took too long"),
    (Exit::StoppedByRest, 103, "stopped_by_rest", "the run was stopped over its control API"),
    (Exit::InvalidConfig, 104, "invalid_config", "an option, scenario or threshold cannot be used"),
    (Exit::ExternalAbort, 105, "external_abort", "a signal ended the run"),
    (Exit::RestCannotStart, 106, "rest_cannot_start", "the control API could not listen"),
    (Exit::ScriptException, 107, "script_exception", "the flow failed while it was loaded"),
    (Exit::ScriptAborted, 108, "script_aborted", "a step of a flow ended the run"),
    (Exit::Panic, 109, "panic", "the generator failed"),
    (Exit::MarkedFailed, 110, "marked_failed", "a step of a flow marked the run as failed"),
    (Exit::Invalid, 120, "invalid", "the generator itself was saturated: the result is invalid"),
];

impl Exit {
    pub fn code(self) -> u8 {
        self.row().1
    }

    pub fn name(self) -> &'static str {
        self.row().2
    }

    pub fn meaning(self) -> &'static str {
        self.row().3
    }

    /// The one code of a run with several reasons. A run that says nothing of the target cannot fail or pass it, so
    /// `Invalid` hides failed thresholds; what stopped the run hides both.
    #[must_use]
    pub fn worst(self, other: Exit) -> Exit {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::MarkedFailed => 1,
            Exit::ThresholdsFailed => 2,
            Exit::Invalid => 3,
            _ => 4,
        }
    }

    fn row(self) -> (Exit, u8, &'static str, &'static str) {
        TABLE.into_iter().find(|row| row.0 == self).unwrap_or(TABLE[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_sorted() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].1 < pair[1].1, "{:?}", pair[1].0);
        }
        for (exit, code, name, meaning) in TABLE {
            assert_eq!((exit.code(), exit.name(), exit.meaning()), (code, name, meaning));
        }
    }

    #[test]
    fn an_invalid_run_does_not_speak_of_thresholds() {
        for (a, b, worst) in [
            (Exit::Passed, Exit::ThresholdsFailed, Exit::ThresholdsFailed),
            (Exit::Invalid, Exit::ThresholdsFailed, Exit::Invalid),
            (Exit::Invalid, Exit::ExternalAbort, Exit::ExternalAbort),
            (Exit::SetupTimeout, Exit::TeardownTimeout, Exit::SetupTimeout),
        ] {
            assert_eq!(a.worst(b), worst, "{a:?} {b:?}");
        }
    }
}
