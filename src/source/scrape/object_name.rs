//! The name of an MBean, taken apart: `java.lang:name=G1 Old Gen,type=MemoryPool`.

/// The properties of a name or pattern, in their order. A comma between quotes parts nothing.
pub(super) fn properties(name: &str) -> Vec<(&str, &str)> {
    let Some((domain, list)) = name.split_once(':') else { return Vec::new() };
    if domain.is_empty() {
        return Vec::new();
    }
    let mut is_quoted = false;
    let parts = list.split(|c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    parts.filter_map(|part| part.split_once('=')).filter(|(key, _)| !key.is_empty()).collect()
}

/// True where a name stands for any number of MBeans.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// The keys that a pattern leaves open: `$1` is the first.
pub(super) fn open_keys(pattern: &str) -> Vec<&str> {
    properties(pattern).into_iter().filter(|(_, value)| is_pattern(value)).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, expected) in [
            ("java.lang:type=Memory", vec![("type", "Memory")]),
            ("d:a=1,b=x=y,c", vec![("a", "1"), ("b", "x=y")]),
            ("d:name=\"a,b\",type=T", vec![("name", "\"a,b\""), ("type", "T")]),
            ("d:", vec![]),
            (":a=b", vec![]),
            ("none", vec![]),
        ] {
            assert_eq!(properties(name), expected, "{name}");
        }
        assert_eq!(open_keys("kafka.server:name=*,type=T,topic=a*"), ["name", "topic"]);
    }
}
