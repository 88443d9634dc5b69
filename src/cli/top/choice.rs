//! Which rows, in which order, with how many columns.

use super::namespace;
use crate::cli::arguments::{Sort, Top, View};

/// What was asked for, checked.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each flag that can be typed")]
pub(super) struct Choice {
    pub(super) view: Option<View>,
    pub(super) live: bool,
    pub(super) sort: Option<Sort>,
    pub(super) wide: bool,
    /// `None` is all of them.
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) containers: bool,
    pub(super) no_headers: bool,
    pub(super) sum: bool,
    pub(super) show_capacity: bool,
}

impl Choice {
    /// The problem where flags do not go together.
    pub(super) fn of(asked: &Top) -> Result<Choice, String> {
        let mut choice = Choice {
            view: asked.view,
            live: asked.live,
            sort: asked.sort_by,
            wide: asked.wide,
            namespace: asked.namespace.clone().filter(|_| !asked.all_namespaces),
            name: asked.name.clone(),
            containers: asked.containers,
            no_headers: asked.no_headers,
            sum: asked.sum,
            show_capacity: asked.show_capacity,
        };
        let is_kubectls = choice.is_kubectls();
        let of_pods = is_kubectls && asked.view == Some(View::Pods);
        if matches!(asked.view, Some(View::Units | View::Nodes))
            && (asked.namespace.is_some() || asked.all_namespaces)
        {
            return Err("-n/--namespace and -A/--all-namespaces go with pods and containers".to_owned());
        }
        for (is_set, flag) in
            [(asked.containers, "--containers"), (asked.sum, "--sum"), (asked.name.is_some(), "a pod's name")]
        {
            if is_set && !of_pods {
                return Err(format!("{flag} goes with kubectl's table: podometer top pods, without --live"));
            }
        }
        if asked.show_capacity && !(is_kubectls && asked.view == Some(View::Nodes)) {
            return Err("--show-capacity goes with podometer top nodes, without --live".to_owned());
        }
        if is_kubectls && matches!(asked.sort_by, Some(Sort::Peak)) {
            return Err("--sort-by accepts only cpu or memory; peak goes with --live".to_owned());
        }
        if asked.name.is_some() && asked.all_namespaces {
            return Err("a pod's name goes with one namespace, not with -A/--all-namespaces".to_owned());
        }
        if of_pods && choice.namespace.is_none() && !asked.all_namespaces {
            choice.namespace = Some(namespace::current());
        }
        Ok(choice)
    }

    /// True for the tables that kubectl has, too.
    pub(super) fn is_kubectls(&self) -> bool {
        !self.live && matches!(self.view, Some(View::Pods | View::Nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn of(arguments: &[&str]) -> Result<Choice, String> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            top: Top,
        }
        let line =
            Line::try_parse_from(["top"].iter().chain(arguments)).map_err(|error| error.to_string())?;
        Choice::of(&line.top)
    }

    #[test]
    fn kubectls_words_choose_kubectls_table() {
        for word in ["pod", "po", "pods", "node", "no", "nodes"] {
            assert!(of(&[word]).unwrap().is_kubectls(), "{word}");
            assert!(!of(&[word, "--live"]).unwrap().is_kubectls(), "{word}");
        }
        assert!(!of(&[]).unwrap().is_kubectls());
        assert_eq!(of(&["pods", "-n", "shop"]).unwrap().namespace.as_deref(), Some("shop"));
        assert_eq!(of(&["pods", "-n", "shop", "-A"]).unwrap().namespace, None, "as kubectl has it");
        assert_eq!(of(&["containers"]).unwrap().namespace, None);
        assert_eq!(of(&["pods", "-A", "--sort", "memory"]).unwrap().sort, Some(Sort::Memory));
    }

    #[test]
    fn flags_that_do_not_go_together_are_refused() {
        for wrong in [
            &["nodes", "-n", "shop"][..],
            &["units", "-A"],
            &["--containers"],
            &["nodes", "--sum"],
            &["pods", "--live", "web-0"],
            &["pods", "-A", "web-0"],
            &["pods", "--sort-by", "peak"],
            &["pods", "--show-capacity"],
        ] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
