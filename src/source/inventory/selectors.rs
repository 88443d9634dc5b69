//! Which selectors become tags: none unless they are named, for each new value makes a series.

use std::collections::BTreeMap;

use crate::model::inventory::Selectors;

/// Allow-list and deny-list of keys; `*` at the end of one stands for any end.
#[derive(Clone, Debug, Default)]
pub struct SelectorFilter {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl SelectorFilter {
    pub fn new(include: &[String], exclude: &[String]) -> SelectorFilter {
        SelectorFilter { include: include.to_vec(), exclude: exclude.to_vec() }
    }

    /// Those that pass, sorted by key.
    pub(super) fn pick(&self, all: Option<&BTreeMap<String, String>>) -> Selectors {
        let passes = |key: &str| takes(&self.include, key) && !takes(&self.exclude, key);
        let picked = all.into_iter().flatten().filter(|(key, _)| passes(key));
        picked.map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
    }
}

fn takes(patterns: &[String], key: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => pattern == key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_unless_it_is_named() {
        let all = ["app", "app.kubernetes.io/name", "tier"].map(|key| (key.to_owned(), "x".to_owned()));
        let all = BTreeMap::from(all);
        let picked = |include: &[&str], exclude: &[&str]| -> Vec<String> {
            let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            let filter = SelectorFilter::new(&own(include), &own(exclude));
            filter.pick(Some(&all)).into_iter().map(|(key, _)| key.into()).collect()
        };
        assert_eq!(picked(&[], &[]), Vec::<String>::new());
        assert_eq!(picked(&["app*"], &["app"]), ["app.kubernetes.io/name"]);
        assert_eq!(picked(&["*"], &["app*"]), ["tier"]);
    }
}
