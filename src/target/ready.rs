//! What no answer has to be made for: the bytes of the endpoints without delay, made once.

use std::sync::OnceLock;

use serde_json::json;

use super::reply::{Reply, TEXT, status_place};
use super::route::{Method, Route};

/// The body of `/`: small enough to be nothing beside the request.
pub(super) const TINY: &str = "ok\n";

const FIRST_STATUS: u16 = 200;
const STATUSES: usize = 400;

/// The bytes of one answer.
#[derive(Debug)]
pub(super) struct Fixed {
    /// The place of its status' label.
    pub(super) status: usize,
    keep: Forms,
    close: Forms,
}

#[derive(Debug)]
struct Forms {
    whole: Box<[u8]>,
    head_bytes: usize,
}

impl Fixed {
    fn of(reply: &Reply) -> Fixed {
        let forms = |keep| {
            let (mut whole, mut head) = (Vec::new(), Vec::new());
            reply.write(&mut whole, keep, false);
            reply.write(&mut head, keep, true);
            // The head of an answer to HEAD is the beginning of the answer to GET.
            Forms { whole: whole.into_boxed_slice(), head_bytes: head.len() }
        };
        Fixed { status: status_place(reply.status), keep: forms(true), close: forms(false) }
    }

    pub(super) fn bytes(&self, keep: bool, is_head: bool) -> &[u8] {
        let forms = if keep { &self.keep } else { &self.close };
        if is_head { &forms.whole[..forms.head_bytes] } else { &forms.whole }
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Ready {
    root: Fixed,
    healthz: Fixed,
    /// By status; made when it is asked for first.
    statuses: Box<[OnceLock<Fixed>]>,
}

impl Default for Ready {
    fn default() -> Self {
        Ready {
            root: Fixed::of(&Reply::text(200, TEXT, TINY)),
            healthz: Fixed::of(&Reply::json(200, &json!({"status": "OK"}))),
            statuses: (0..STATUSES).map(|_| OnceLock::new()).collect(),
        }
    }
}

impl Ready {
    /// The answer to a request without a body that suffers no fault, where there is one.
    pub(super) fn find(&self, route: Route, method: Method) -> Option<&Fixed> {
        if !matches!(method, Method::Get | Method::Head) {
            return None;
        }
        self.of(route)
    }

    /// The same for any method that the route allows.
    pub(super) fn of(&self, route: Route) -> Option<&Fixed> {
        match route {
            Route::Root => Some(&self.root),
            Route::Healthz => Some(&self.healthz),
            Route::Status(Some(status)) => {
                let place = self.statuses.get(usize::from(status.checked_sub(FIRST_STATUS)?))?;
                Some(place.get_or_init(|| Fixed::of(&Reply::json(status, &json!({"status": status})))))
            }
            _ => None,
        }
    }
}
