//! What `kubectl top pods` printed, read back: with or without the namespace's column, with or without a head.

use std::collections::BTreeMap;

use crate::model::quantity::Quantity;

/// A pod's numbers, as coarse as they were printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) millicores: u64,
    pub(super) mebibytes: u64,
}

/// Namespace and name.
pub(super) type PodName = (String, String);

/// What no line of such a table is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PrintedError {
    #[error("line {line}: {text:?} is no line of kubectl top pods; allowed: [NAMESPACE] NAME CPU MEMORY")]
    Line { line: usize, text: String },
    #[error("line {line}: {text:?} has no namespace; print with kubectl top pods -A, or give -n NAMESPACE")]
    NoNamespace { line: usize, text: String },
    #[error("line {line}: has containers; print with kubectl top pods, without --containers")]
    Containers { line: usize },
    #[error("line {line}: {namespace}/{name} is there twice")]
    Twice { line: usize, namespace: String, name: String },
}

/// `namespace` is that of a table without the column.
pub(super) fn parse(text: &str, namespace: Option<&str>) -> Result<BTreeMap<PodName, Printed>, PrintedError> {
    let mut pods = BTreeMap::new();
    for (index, text) in text.lines().enumerate() {
        let line = index + 1;
        let cells: Vec<&str> = text.split_whitespace().collect();
        if is_head(&cells) && cells.contains(&"POD") {
            return Err(PrintedError::Containers { line });
        }
        if cells.is_empty() || is_head(&cells) || is_sum(&cells) {
            continue;
        }
        let (namespace, name, cpu, memory) = match cells[..] {
            [namespace, name, cpu, memory] => (namespace, name, cpu, memory),
            [name, cpu, memory] => {
                let none = || PrintedError::NoNamespace { line, text: text.to_owned() };
                (namespace.ok_or_else(none)?, name, cpu, memory)
            }
            _ => return Err(PrintedError::Line { line, text: text.to_owned() }),
        };
        let (Some(cpu), Some(memory)) = (Quantity::parse(cpu), Quantity::parse(memory)) else {
            return Err(PrintedError::Line { line, text: text.to_owned() });
        };
        let printed = Printed { millicores: cpu.millis(), mebibytes: memory.units() >> 20 };
        if pods.insert((namespace.to_owned(), name.to_owned()), printed).is_some() {
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            return Err(PrintedError::Twice { line, namespace, name });
        }
    }
    Ok(pods)
}

fn is_head(cells: &[&str]) -> bool {
    cells.contains(&"CPU(cores)")
}

/// The rule and the line below it of `--sum`, which name no pod.
fn is_sum(cells: &[&str]) -> bool {
    cells.iter().all(|cell| cell.bytes().all(|byte| byte == b'_'))
        || matches!(cells, [cpu, memory] if Quantity::parse(cpu).and(Quantity::parse(memory)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(namespace: &str, name: &str, millicores: u64, mebibytes: u64) -> BTreeMap<PodName, Printed> {
        BTreeMap::from([((namespace.to_owned(), name.to_owned()), Printed { millicores, mebibytes })])
    }

    #[test]
    fn each_form_that_kubectl_prints_is_read() {
        let all = "NAMESPACE   NAME     CPU(cores)   MEMORY(bytes)   \nshop   cart-0   152m   23Mi   \n";
        assert_eq!(parse(all, None).unwrap(), one("shop", "cart-0", 152, 23));
        assert_eq!(parse("cart-0   2   1Gi\n", Some("shop")).unwrap(), one("shop", "cart-0", 2000, 1024));
        let sum = "cart-0   1m   2Mi\n         ________   ________\n         1m   2Mi\n";
        assert_eq!(parse(sum, Some("shop")).unwrap(), one("shop", "cart-0", 1, 2));
        assert!(parse("", None).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_such_line_is_named() {
        let line = |text: &str| parse(text, None).unwrap_err().to_string();
        assert!(line("a b 1m 1Mi\nerror: Metrics API not available").starts_with("line 2: "));
        assert!(line("POD NAME CPU(cores) MEMORY(bytes)\na b 1m 1Mi").contains("without --containers"));
        assert!(line("a b lots 1Mi").contains("is no line of kubectl top pods"));
        assert!(line("cart-0 1m 1Mi").contains("-n NAMESPACE"));
        assert!(line("a b 1m 1Mi\na b 2m 1Mi").contains("a/b is there twice"));
    }
}
