//! The social network's endpoints as its front end has them: who asks gets plausible answers, and nothing is kept.

use serde_json::{Value, json};

use super::reply::Reply;

/// Most posts of one timeline.
const MAX_POSTS: u64 = 100;

/// Longest piece of a request that an answer repeats.
const MAX_ECHO: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Social {
    HomeTimeline,
    UserTimeline,
    Compose,
    Follow,
    Unfollow,
    Register,
}

/// Path below `/wrk2-api/`, what it is, and the fields without which its front end refuses; of two that stand for
/// each other one is enough.
const ENDPOINTS: [(&str, Social, &[&str]); 6] = [
    ("home-timeline/read", Social::HomeTimeline, &["user_id", "start", "stop"]),
    ("user-timeline/read", Social::UserTimeline, &["user_id", "start", "stop"]),
    ("post/compose", Social::Compose, &["user_id", "username", "post_type", "text"]),
    ("user/follow", Social::Follow, &["user_id|user_name", "followee_id|followee_name"]),
    ("user/unfollow", Social::Unfollow, &["user_id|user_name", "followee_id|followee_name"]),
    ("user/register", Social::Register, &["first_name", "last_name", "username", "password", "user_id"]),
];

impl Social {
    pub(super) fn of(path: &str) -> Option<Social> {
        ENDPOINTS.iter().find(|(name, ..)| *name == path).map(|(_, social, _)| *social)
    }

    fn is_read(self) -> bool {
        matches!(self, Social::HomeTimeline | Social::UserTimeline)
    }

    pub(super) fn allowed(self) -> &'static str {
        if self.is_read() { "GET, HEAD" } else { "POST" }
    }

    /// The answer to a query or a form. `now_ms` becomes the time of the newest post.
    pub(super) fn answer(self, query: &str, form: &str, now_ms: u64) -> Reply {
        let text = if self.is_read() { query } else { form };
        let field = |name: &str| {
            let fields = text.split('&').filter_map(|part| part.split_once('='));
            fields
                .filter(|(key, value)| *key == name && !value.is_empty())
                .map(|(_, value)| value)
                .next_back()
        };
        let needed =
            ENDPOINTS.iter().find(|(_, social, _)| *social == self).map_or(&[][..], |(.., needed)| needed);
        if let Some(missing) = needed.iter().find(|names| names.split('|').all(|name| field(name).is_none()))
        {
            return Reply::json(400, &json!({"error": "Incomplete arguments", "missing": missing}));
        }
        let number = |name| field(name).and_then(|value| value.parse::<u64>().ok());
        match self {
            Social::HomeTimeline | Social::UserTimeline => {
                let (Some(user), Some(start), Some(stop)) =
                    (number("user_id"), number("start"), number("stop"))
                else {
                    let error = "user_id, start and stop must be whole numbers";
                    return Reply::json(400, &json!({"error": error}));
                };
                let stop = stop.min(start.saturating_add(MAX_POSTS));
                let posts: Vec<Value> = (start..stop)
                    .map(|place| post(user, place, self == Social::HomeTimeline, now_ms))
                    .collect();
                Reply::json(200, &Value::Array(posts))
            }
            Social::Compose => {
                let text = field("text").unwrap_or_default();
                Reply::json(200, &json!({"status": "Successfully upload post", "length": text.len()}))
            }
            Social::Follow | Social::Unfollow => Reply::json(200, &json!({"status": "Success!"})),
            Social::Register => {
                let name: String = field("username").unwrap_or_default().chars().take(MAX_ECHO).collect();
                Reply::json(200, &json!({"status": "Success!", "username": name}))
            }
        }
    }
}

/// The post at a place of a timeline: always the same for the same user and place, but for its time.
fn post(user: u64, place: u64, is_home: bool, now_ms: u64) -> Value {
    let id = user.wrapping_mul(1_000_003).wrapping_add(place);
    let creator = if is_home { id % 962 } else { user };
    json!({
        "post_id": id.to_string(),
        "creator": {"user_id": creator.to_string(), "username": format!("username_{creator}")},
        "req_id": id.wrapping_mul(31).to_string(),
        "text": format!("post {place} of username_{creator}: a crocodile is not slow, it waits"),
        "user_mentions": [],
        "media": [],
        "urls": [],
        "timestamp": now_ms.saturating_sub(place.saturating_mul(60_000)).to_string(),
        "post_type": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, text: &str) -> (u16, Value) {
        let reply = Social::of(path).unwrap().answer(text, text, 1_000_000);
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    #[test]
    fn a_timeline_has_as_many_posts_as_are_asked_for() {
        let (status, posts) = answer("home-timeline/read", "user_id=7&start=0&stop=10");
        assert_eq!((status, posts.as_array().unwrap().len()), (200, 10));
        assert_eq!(posts[3]["timestamp"], "820000");
        let (_, mine) = answer("user-timeline/read", "user_id=7&start=5&stop=1000000");
        assert_eq!((mine.as_array().unwrap().len(), &mine[0]["creator"]["user_id"]), (100, &json!("7")));
        assert_eq!(answer("user-timeline/read", "user_id=7&start=5&stop=1").1, json!([]));
        assert_eq!(answer("user-timeline/read", "user_id=-7&start=5&stop=1").0, 400);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (path, form, missing) in [
            ("home-timeline/read", "start=0&stop=10", Some("user_id")),
            ("post/compose", "user_id=1&username=a&post_type=0&text=", Some("text")),
            ("post/compose", "user_id=1&username=a&post_type=0&text=hi", None),
            ("user/follow", "user_name=a&followee_name=b", None),
            ("user/follow", "user_id=1", Some("followee_id|followee_name")),
            ("user/unfollow", "user_id=1&followee_id=2", None),
            ("user/register", "first_name=a&last_name=b&username=c&user_id=1", Some("password")),
            ("user/register", "first_name=a&last_name=b&username=c&password=d&user_id=1", None),
        ] {
            let (status, body) = answer(path, form);
            let told = body.get("missing").and_then(Value::as_str);
            assert_eq!((status, told), (if missing.is_some() { 400 } else { 200 }, missing), "{path} {form}");
        }
    }
}
