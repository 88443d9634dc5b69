//! What an error means for the next request.

use super::error::{ApiError, Kind};

impl ApiError {
    /// The server knows the kind of object, but has none of that name: `pods "web" not found`.
    pub fn is_object_missing(&self) -> bool {
        matches!(&self.kind, Kind::NotFound { message } if message.ends_with("\" not found"))
    }

    /// The server does not know the kind of object at all.
    pub fn is_not_served(&self) -> bool {
        matches!(self.kind, Kind::NotFound { .. }) && !self.is_object_missing()
    }

    /// Somebody else has changed the object, or has made it.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, Kind::Status { status: 409, .. })
    }

    /// The server, or the way to it, fails: the next request would fail alike.
    pub fn is_of_the_server(&self) -> bool {
        match &self.kind {
            Kind::Configuration { .. }
            | Kind::Unreachable { .. }
            | Kind::Certificate { .. }
            | Kind::Timeout { .. }
            | Kind::Unauthorized
            | Kind::Truncated { .. } => true,
            Kind::Status { status, .. } => *status >= 500 || *status == 429,
            Kind::Forbidden { .. }
            | Kind::NotFound { .. }
            | Kind::Gone
            | Kind::TooLarge { .. }
            | Kind::Document { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_object_is_not_a_missing_api() {
        let error =
            |status: u16, body: &str| ApiError::new("x", Kind::of_status(status, body.as_bytes(), None));
        let missing = error(404, r#"{"message":"podmetrics.metrics.k8s.io \"shop/web\" not found"}"#);
        assert!(missing.is_object_missing() && !missing.is_not_served() && !missing.is_of_the_server());
        for absent in
            ["404 page not found\n", r#"{"message":"the server could not find the requested resource"}"#]
        {
            assert!(error(404, absent).is_not_served(), "{absent}");
        }
        assert!(error(409, "{}").is_conflict());
        assert!(error(503, "service unavailable").is_of_the_server());
        assert!(!error(403, "{}").is_of_the_server());
    }
}
