//! Which path is what, and what may be done with it.

use super::social::Social;

/// How a request wants something done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Other,
}

/// Each method's label, in the order of [`Method`].
pub(super) const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

impl Method {
    pub(super) fn of(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        METHODS[self as usize]
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Root,
    Static,
    Dynamic,
    Crocodiles,
    Crocodile(u64),
    /// `None` for what is no status.
    Status(Option<u16>),
    Healthz,
    Social(Social),
    Metrics,
    StubStatus,
    Faults,
    Unknown,
}

/// The values of the label `path`, named as podinfo names its own.
pub(super) const PATHS: [&str; 16] = [
    "root",
    "static",
    "dynamic",
    "crocodiles",
    "status",
    "healthz",
    "wrk2_api_home_timeline_read",
    "wrk2_api_user_timeline_read",
    "wrk2_api_post_compose",
    "wrk2_api_user_follow",
    "wrk2_api_user_unfollow",
    "wrk2_api_user_register",
    "unknown",
    "metrics",
    "stub_status",
    "faults",
];

/// The first of the pages that belong to the target and not to the application that it plays.
const OWN: usize = 13;

impl Route {
    pub(super) fn of(path: &str) -> Route {
        match path {
            "/" => Route::Root,
            "/static" => Route::Static,
            "/crocodiles" => Route::Crocodiles,
            "/healthz" => Route::Healthz,
            "/metrics" => Route::Metrics,
            "/stub_status" => Route::StubStatus,
            "/-/faults" => Route::Faults,
            _ => Route::below(path),
        }
    }

    fn below(path: &str) -> Route {
        if let Some(code) = path.strip_prefix("/status/") {
            return Route::Status(code.parse().ok().filter(|code| code_is_final(*code) && path.len() == 11));
        }
        if path.starts_with("/dynamic/") {
            return Route::Dynamic;
        }
        if let Some(id) = path.strip_prefix("/crocodiles/") {
            // What is no number is nobody's: 0 is never given out.
            return match id {
                "" => Route::Crocodiles,
                id => Route::Crocodile(id.parse().unwrap_or(0)),
            };
        }
        path.strip_prefix("/wrk2-api/").and_then(Social::of).map_or(Route::Unknown, Route::Social)
    }

    /// The place of its label in [`PATHS`].
    pub(super) fn path(self) -> usize {
        match self {
            Route::Root => 0,
            Route::Static => 1,
            Route::Dynamic => 2,
            Route::Crocodiles | Route::Crocodile(_) => 3,
            Route::Status(_) => 4,
            Route::Healthz => 5,
            Route::Social(social) => 6 + social as usize,
            Route::Unknown => 12,
            Route::Metrics => 13,
            Route::StubStatus => 14,
            Route::Faults => 15,
        }
    }

    /// What may be done, as the header `allow` says it.
    pub(super) fn allowed(self) -> &'static str {
        match self {
            Route::Root | Route::Static | Route::Dynamic | Route::Status(_) => {
                "GET, HEAD, POST, PUT, PATCH, DELETE"
            }
            Route::Crocodiles => "GET, HEAD, POST",
            Route::Crocodile(_) => "GET, HEAD, PUT, PATCH, DELETE",
            Route::Social(social) => social.allowed(),
            Route::Healthz | Route::Metrics | Route::StubStatus => "GET, HEAD",
            Route::Faults => "GET, HEAD, POST, DELETE",
            // Nothing is there, whatever is asked.
            Route::Unknown => "",
        }
    }

    pub(super) fn allows(self, method: Method) -> bool {
        self.allowed().split(", ").any(|name| name == method.name())
    }

    /// Whether it is a page of the target itself: no fault touches it, so that it can always be read and mended.
    pub(super) fn is_own(self) -> bool {
        is_own(self.path())
    }

    /// Whether it is served on the second address, too.
    pub(super) fn is_page(self) -> bool {
        matches!(self, Route::Metrics | Route::StubStatus | Route::Healthz)
    }
}

pub(super) fn is_own(path: usize) -> bool {
    path >= OWN
}

/// A status that ends a request, so no 1xx.
fn code_is_final(code: u16) -> bool {
    (200..600).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_stacks_expect() {
        for (path, route, label) in [
            ("/", Route::Root, "root"),
            ("/static", Route::Static, "static"),
            ("/dynamic/a/b", Route::Dynamic, "dynamic"),
            ("/dynamic/", Route::Dynamic, "dynamic"),
            ("/crocodiles", Route::Crocodiles, "crocodiles"),
            ("/crocodiles/", Route::Crocodiles, "crocodiles"),
            ("/crocodiles/7", Route::Crocodile(7), "crocodiles"),
            ("/crocodiles/x", Route::Crocodile(0), "crocodiles"),
            ("/status/200", Route::Status(Some(200)), "status"),
            ("/status/599", Route::Status(Some(599)), "status"),
            ("/status/100", Route::Status(None), "status"),
            ("/status/0200", Route::Status(None), "status"),
            ("/status/+20", Route::Status(None), "status"),
            ("/healthz", Route::Healthz, "healthz"),
            (
                "/wrk2-api/home-timeline/read",
                Route::Social(Social::HomeTimeline),
                "wrk2_api_home_timeline_read",
            ),
            ("/wrk2-api/user/register", Route::Social(Social::Register), "wrk2_api_user_register"),
            ("/wrk2-api/user/", Route::Unknown, "unknown"),
            ("/metrics", Route::Metrics, "metrics"),
            ("/stub_status", Route::StubStatus, "stub_status"),
            ("/-/faults", Route::Faults, "faults"),
            ("/statics", Route::Unknown, "unknown"),
            ("*", Route::Unknown, "unknown"),
        ] {
            assert_eq!((Route::of(path), PATHS[Route::of(path).path()]), (route, label), "{path}");
        }
    }

    #[test]
    fn methods_are_allowed_by_route() {
        assert!(Route::Root.allows(Method::Get) && !Route::Root.allows(Method::Options));
        assert!(Route::Crocodile(1).allows(Method::Patch) && !Route::Crocodiles.allows(Method::Put));
        assert!(!Route::Unknown.allows(Method::Get) && !Route::Metrics.allows(Method::Other));
        assert!(Route::Faults.is_own() && !Route::Unknown.is_own() && !Route::Healthz.is_own());
    }
}
