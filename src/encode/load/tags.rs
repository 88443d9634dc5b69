//! The tags of requests by name, as k6 writes them.

use crate::load::interval::RequestTags;

/// Calls back with every tag that is not empty but `url`, sorted by name, those of k6 before those of the scenario.
pub(super) fn each_tag(tags: &RequestTags, emit: &mut dyn FnMut(&str, &str)) {
    let mut status = itoa::Buffer::new();
    let mut error_code = itoa::Buffer::new();
    let pairs: [(&str, &str); 10] = [
        ("error", &tags.error),
        ("error_code", if tags.error_code == 0 { "" } else { error_code.format(tags.error_code) }),
        ("expected_response", if tags.expected_response { "true" } else { "false" }),
        ("group", &tags.group),
        ("method", &tags.method),
        ("name", &tags.name),
        ("proto", &tags.proto),
        ("scenario", &tags.scenario),
        // k6 says 0 where no answer came.
        ("status", status.format(tags.status)),
        ("tls_version", &tags.tls_version),
    ];
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        emit(name, value);
    }
    // Tags of the scenario come last and lose against k6's own, whose meaning every dashboard relies on.
    for (name, value) in &tags.own {
        let is_taken = &**name == "url" || pairs.iter().any(|(known, _)| *known == &**name);
        if !is_taken && !value.is_empty() {
            emit(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tag_comes_twice_and_none_is_empty() {
        let own = [("name", "other"), ("type", "service"), ("url", "x"), ("void", "")];
        let tags = RequestTags {
            name: "list".into(),
            expected_response: true,
            own: own.map(|(name, value)| (name.into(), value.into())).into(),
            ..RequestTags::default()
        };
        let mut found = Vec::new();
        each_tag(&tags, &mut |name, value| found.push(format!("{name}={value}")));
        assert_eq!(found, ["expected_response=true", "name=list", "status=0", "type=service"]);
    }
}
