//! Requests: `http.get` and its kin, their parameters, and `http.batch`.

use super::findings::{Gap, Known};
use super::plan::{Request, Step};
use super::translator::Translator;
use super::tree::{Expression, Extent};
use super::value::{Value, number_text};

/// k6's names and ours.
const METHODS: [(&str, &str); 8] = [
    ("del", "delete"),
    ("delete", "delete"),
    ("get", "get"),
    ("head", "head"),
    ("options", "options"),
    ("patch", "patch"),
    ("post", "post"),
    ("put", "put"),
];

/// They follow from the request.
const OWN_HEADERS: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

impl Translator<'_> {
    /// A call of something of k6/http.
    pub(super) fn http(&mut self, name: &str, arguments: &[Expression], at: Extent) -> Known<Value> {
        let mut values = self.values(arguments)?.into_iter();
        let mut next = || values.next().unwrap_or(Value::Undefined);
        match name {
            "get" | "head" => {
                let (url, params) = (next(), next());
                self.sent(name, url, Value::Undefined, params, at)
            }
            "post" | "put" | "patch" | "del" | "options" => {
                let (url, body, params) = (next(), next(), next());
                self.sent(name, url, body, params, at)
            }
            "request" => {
                let method = next().literal().ok_or_else(|| Gap::new(at, "a method is filled in"))?;
                let (url, body, params) = (next(), next(), next());
                self.sent(&method.to_ascii_lowercase(), url, body, params, at)
            }
            "batch" => self.batch(next(), at),
            "expectedStatuses" => {
                let statuses: Option<Vec<String>> = values.map(|value| status_range(&value)).collect();
                statuses
                    .map(Value::Expected)
                    .ok_or_else(|| Gap::new(at, "statuses are known only when it runs"))
            }
            "setResponseCallback" => match next() {
                Value::Expected(statuses) => {
                    self.expect = Some(statuses);
                    Ok(Value::Undefined)
                }
                _ => Err(Gap::new(at, "what is expected of answers is found out by the script")),
            },
            "cookieJar" | "CookieJar" => {
                let advice = "cookies: {name: value} of a request sends them";
                Err(Gap::new(at, "cookie jars are not reached from outside").advise(advice))
            }
            "file" => {
                Err(Gap::new(at, "files in forms are not sent")
                    .advise("body: {file: NAME} sends one as it is"))
            }
            "asyncRequest" => Err(Gap::new(at, "requests beside each other are not understood")
                .advise("use http.batch, or batch here")),
            _ => Err(Gap::new(at, format!("http.{name} has no counterpart"))),
        }
    }

    fn sent(&mut self, method: &str, url: Value, body: Value, params: Value, at: Extent) -> Known<Value> {
        let request = self.request(method, url, body, params, at)?;
        self.requests.push(request);
        let id = self.requests.len() - 1;
        self.step(Step::Request(id))?;
        Ok(Value::Answer(id))
    }

    fn request(
        &mut self,
        method: &str,
        url: Value,
        body: Value,
        params: Value,
        at: Extent,
    ) -> Known<Request> {
        let (_, method) = METHODS
            .into_iter()
            .find(|(known, _)| *known == method)
            .ok_or_else(|| Gap::new(at, format!("the method {method} is not known")))?;
        // What http.url made.
        let (url, name) = match (url.get("url"), url.get("name")) {
            (Some(inner), Some(name)) => (inner.clone(), Some(self.written_static(name.clone(), at)?)),
            _ => (url, None),
        };
        let url = self.written(url, at)?;
        if !url.starts_with("http://") && !url.starts_with("https://") && !url.starts_with("${") {
            return Err(Gap::new(at, "a URL does not begin with http:// or https://"));
        }
        let (url, auth) = without_user(&url);
        let mut request = Request {
            at: self.statement,
            method,
            url,
            name,
            tags: Vec::new(),
            headers: Vec::new(),
            body: None,
            cookies: Vec::new(),
            redirects: None,
            auth,
            timeout: None,
            expect: self.expect.clone(),
            checks: Vec::new(),
            extract: Vec::new(),
            records: Vec::new(),
            frame: self.frame(),
            comments: Vec::new(),
        };
        match params {
            Value::Undefined | Value::Null => {}
            Value::Map(pairs) => {
                for (key, value) in pairs {
                    if let Err(gap) = self.parameter(&mut request, &key, value, at) {
                        self.missing(gap);
                    }
                }
            }
            _ => return Err(Gap::new(at, "the parameters of a request are not known")),
        }
        self.carry(&mut request, body, at)?;
        Ok(request)
    }

    fn parameter(&mut self, request: &mut Request, key: &str, value: Value, at: Extent) -> Known<()> {
        match (key, value) {
            (_, Value::Undefined | Value::Null) => {}
            ("headers", Value::Map(pairs)) => {
                for (name, value) in pairs {
                    if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                        self.note(at, format!("the header {name} follows from the request and is left out"));
                    } else {
                        request.headers.push((name, self.written(value, at)?));
                    }
                }
            }
            ("tags", Value::Map(pairs)) => {
                for (name, value) in pairs {
                    let value = self.written_static(value, at)?;
                    if name == "name" {
                        request.name = Some(value);
                    } else {
                        request.tags.push((name, value));
                    }
                }
            }
            ("cookies", Value::Map(pairs)) => {
                for (name, value) in pairs {
                    let value = value.get("value").cloned().unwrap_or(value);
                    request.cookies.push((name, self.written(value, at)?));
                }
            }
            ("timeout", Value::Number(millis)) => {
                let millis = number_text(millis).ok_or_else(|| Gap::new(at, "a timeout cannot be"))?;
                request.timeout = Some(format!("{millis}ms"));
            }
            ("timeout", value @ Value::Text(_)) => request.timeout = Some(self.written_static(value, at)?),
            ("redirects", Value::Number(most)) => request.redirects = Some(most),
            ("auth", value) if value.literal().as_deref() == Some("basic") => {}
            ("auth", _) => {
                request.auth = None;
                return Err(
                    Gap::new(at, "digest and NTLM are not spoken").advise("auth knows basic and bearer")
                );
            }
            ("responseCallback", Value::Expected(statuses)) => request.expect = Some(statuses),
            ("responseType", _) => {
                self.note(at, "responseType is left out: bodies are kept where something asks for them");
            }
            (key, _) => return Err(Gap::new(at, format!("the parameter {key} has no counterpart"))),
        }
        Ok(())
    }

    /// A list of requests, or an object whose answers have the same keys.
    fn batch(&mut self, requests: Value, at: Extent) -> Known<Value> {
        let (keys, items): (Option<Vec<String>>, Vec<Value>) = match requests {
            Value::List(items) => (None, items),
            Value::Map(pairs) => {
                let (keys, items) = pairs.into_iter().unzip();
                (Some(keys), items)
            }
            _ => return Err(Gap::new(at, "the requests of a batch are not known")),
        };
        let mut built = Vec::new();
        for item in items {
            let take = |pairs: &Value, key| pairs.get(key).cloned().unwrap_or(Value::Undefined);
            let (method, url, body, params) = match item {
                Value::List(parts) => {
                    let mut parts = parts.into_iter();
                    let mut next = || parts.next().unwrap_or(Value::Undefined);
                    (next(), next(), next(), next())
                }
                Value::Map(_) if item.get("name").is_none() => {
                    (take(&item, "method"), take(&item, "url"), take(&item, "body"), take(&item, "params"))
                }
                url => (Value::Undefined, url, Value::Undefined, Value::Undefined),
            };
            let method = match method {
                Value::Undefined => "get".to_owned(),
                method => method.literal().ok_or_else(|| Gap::new(at, "a method is filled in"))?,
            };
            built.push(self.request(&method.to_ascii_lowercase(), url, body, params, at)?);
        }
        if built.is_empty() {
            return Err(Gap::new(at, "a batch has no requests"));
        }
        let first = self.requests.len();
        let ids: Vec<usize> = (first..first + built.len()).collect();
        self.requests.extend(built);
        self.step(Step::Batch(ids.clone()))?;
        let answers = ids.into_iter().map(Value::Answer);
        Ok(match keys {
            Some(keys) => Value::Map(keys.into_iter().zip(answers).collect()),
            None => Value::List(answers.collect()),
        })
    }

    /// What is said of an answer goes with its request, so it must be said whenever that is sent, and no oftener.
    pub(super) fn goes_with(&self, request: usize, at: Extent) -> Known<()> {
        if self.requests[request].frame == self.frame() {
            return Ok(());
        }
        let advice = "say it in the same block as the request";
        Err(Gap::new(at, "is said of an answer in another block than its request's").advise(advice))
    }
}

/// `200`, or `{min: 200, max: 299}`.
fn status_range(value: &Value) -> Option<String> {
    match value {
        Value::Number(status) => Some(status.to_string()),
        Value::Map(_) => match (value.get("min"), value.get("max")) {
            (Some(Value::Number(least)), Some(Value::Number(most))) => Some(format!("{least}-{most}")),
            _ => None,
        },
        _ => None,
    }
}

/// A user and a password stand in `auth` here.
fn without_user(url: &str) -> (String, Option<(String, String)>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        let (user, host) = authority.rsplit_once('@')?;
        // What is escaped stays in the URL, which is refused with advice.
        let (user, password) = user.split_once(':').filter(|_| !user.contains('%'))?;
        Some((format!("{scheme}://{host}{behind}"), (user.to_owned(), password.to_owned())))
    };
    parts().map_or_else(|| (url.to_owned(), None), |(url, auth)| (url, Some(auth)))
}
