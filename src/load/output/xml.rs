//! XML, written and never read: elements with attributes and text.

/// Appends elements, each on a line of its own.
#[derive(Debug)]
pub(super) struct Xml {
    out: String,
    open: Vec<&'static str>,
}

impl Xml {
    pub(super) fn new() -> Xml {
        Xml { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.out.push_str("/>\n");
    }

    pub(super) fn text(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, attributes);
        self.out.push('>');
        push_escaped(&mut self.out, text, false);
        self.out.extend(["</", name, ">\n"]);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.out.extend(["</", name, ">\n"]);
        }
    }

    /// Closes what is open.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.extend(["<", name]);
        for (attribute, value) in attributes {
            self.out.extend([" ", attribute, "=\""]);
            push_escaped(&mut self.out, value, true);
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// Line ends and tabs of an attribute would become spaces when it is read. XML 1.0 has no form at all for most control
/// characters: the sign of replacement stands for them.
fn push_escaped(out: &mut String, text: &str, is_attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\n' | '\t' if is_attribute => out.push_str(if c == '\n' { "&#10;" } else { "&#9;" }),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        let mut xml = Xml::new();
        xml.open("a", &[("b", "\"<&>'\n\t\r\0")]);
        xml.text("c", &[], "]]> & \"quoted\"\n\r\u{1b}[31m\u{ffff}é");
        xml.empty("d", &[("e", "")]);
        assert_eq!(
            xml.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <a b=\"&quot;&lt;&amp;&gt;'&#10;&#9;&#13;\u{fffd}\">\n  \
             <c>]]&gt; &amp; \"quoted\"\n&#13;\u{fffd}[31m\u{fffd}é</c>\n  <d e=\"\"/>\n</a>\n"
        );
    }
}
