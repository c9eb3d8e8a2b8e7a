//! Pages read back as a browser or a screen reader would read them, and what may not be wrong with
//! any of them.

use std::collections::BTreeSet;

use fugong_common::lang::Lang;

/// Elements without content.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];
/// Elements whose content is text whatever it looks like.
const RAW: &[&str] = &["script", "style", "textarea", "title"];
/// Attributes that are read to people.
const SAID: &[&str] = &["alt", "aria-label", "data-label", "placeholder", "title"];
/// What a Chinese page may say in Latin letters, besides whatever holds a digit: names of formats,
/// keys and zones.
const LATIN: &[&str] = &[
    "PDF", "PNG", "SVG", "CSV", "XLSX", "XLS", "JPEG", "MB", "QR", "English", "FG", "PIN", "SHA",
    "Asia", "Shanghai", "IANA",
];

/// An element with its attributes.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    parent: usize,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A page: its elements in order, and its texts with the element that holds each.
#[derive(Clone, Debug, Default)]
pub struct Markup {
    elements: Vec<Element>,
    texts: Vec<(usize, String)>,
    faults: Vec<String>,
}

impl Markup {
    /// Reads a page. The first element stands for the document.
    pub fn read(html: &str) -> Self {
        let mut markup = Self { elements: vec![Element::default()], ..Self::default() };
        let (mut rest, mut open) = (html, 0);
        while let Some((text, tail)) = rest.split_once('<') {
            markup.text(open, text);
            let end = tag_end(tail);
            let (tag, after) = (&tail[..end], tail.get(end + 1..).unwrap_or_default());
            rest = after;
            if tag.starts_with('!') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                open = markup.close(open, name.trim());
                continue;
            }
            let element = Element { parent: open, ..element(tag) };
            let (name, at) = (element.name.clone(), markup.elements.len());
            markup.elements.push(element);
            if RAW.contains(&name.as_str()) {
                let close = format!("</{name}>");
                let (raw, after) = rest.split_once(&close).unwrap_or((rest, ""));
                if name == "title" || name == "textarea" {
                    markup.text(at, raw);
                }
                rest = after;
            } else if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
                open = at;
            }
        }
        if open != 0 {
            markup.faults.push(format!("<{}> is never closed", markup.elements[open].name));
        }
        markup
    }

    fn text(&mut self, within: usize, text: &str) {
        if !text.trim().is_empty() {
            self.texts.push((within, decode(text)));
        }
    }

    fn close(&mut self, open: usize, name: &str) -> usize {
        if self.elements[open].name == name {
            return self.elements[open].parent;
        }
        self.faults.push(format!("</{name}> closes <{}>", self.elements[open].name));
        open
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.iter().skip(1)
    }

    /// The element and everything around it, from the inside.
    fn around(&self, mut at: usize) -> impl Iterator<Item = &Element> {
        let mut done = false;
        std::iter::from_fn(move || {
            let element = (!done).then(|| &self.elements[at])?;
            done = at == 0;
            at = element.parent;
            Some(element)
        })
    }

    fn language(&self, at: usize) -> &str {
        self.around(at).find_map(|element| element.attribute("lang")).unwrap_or_default()
    }

    /// Every text that is read to people, with the element that it belongs to.
    fn said(&self) -> impl Iterator<Item = (usize, &str)> {
        let attributes = self.elements.iter().enumerate().flat_map(|(at, element)| {
            element
                .attributes
                .iter()
                .filter(|(name, _)| SAID.contains(&name.as_str()))
                .map(move |(_, value)| (at, value.as_str()))
        });
        let texts = self.texts.iter().map(|(at, text)| (*at, text.as_str()));
        texts.chain(attributes).filter(|(at, _)| !self.around(*at).any(|it| it.name == "template"))
    }

    /// All of an element's text.
    fn content(&self, at: usize) -> String {
        let within = |text: usize| {
            let mut here = text;
            while here != 0 && here != at {
                here = self.elements[here].parent;
            }
            here == at
        };
        let texts = self.texts.iter().filter(|(text, _)| within(*text));
        texts.map(|(_, text)| text.trim()).collect::<Vec<_>>().join(" ")
    }

    /// What pictures within an element are called.
    fn pictures(&self, at: usize) -> impl Iterator<Item = &str> {
        let outside = &self.elements[at];
        self.elements
            .iter()
            .enumerate()
            .filter(move |(n, it)| {
                it.name == "img" && self.around(*n).any(|around| std::ptr::eq(around, outside))
            })
            .filter_map(|(_, it)| it.attribute("alt"))
    }

    /// What is wrong with a page in this language. `data` are names and texts that people typed:
    /// they stay as they are in either language, and so does what says `lang=""`.
    pub fn faults(&self, lang: Lang, data: &BTreeSet<String>) -> Vec<String> {
        let mut faults = self.faults.clone();
        self.structure(&mut faults);
        self.names(&mut faults);
        self.inline(&mut faults);
        for (at, text) in self.said() {
            let code = self.around(at).any(|it| matches!(it.name.as_str(), "code" | "pre" | "kbd"))
                || is_fingerprint(text);
            // The pattern of document numbers is typed with these two.
            let filled = without(text, data).replace("{year}", "").replace("{number}", "");
            if filled.contains(['{', '}']) {
                faults.push(format!("a gap was not filled: {text}"));
            }
            let language = self.language(at);
            let wrong = match (lang, language) {
                (Lang::Zh, "zh-Hans") if !code => english_words(&filled),
                (Lang::En, "en") => chinese_words(&filled),
                _ => Vec::new(),
            };
            if !wrong.is_empty() {
                faults.push(format!("in another language: {wrong:?} in {:?}", text.trim()));
            }
            if !code
                && !language.is_empty()
                && let Some(key) = raw_key(text)
            {
                faults.push(format!("a raw key: {key}"));
            }
        }
        let tag = self.elements().find(|it| it.name == "html").and_then(|it| it.attribute("lang"));
        if tag != Some(lang.tag()) {
            faults.push(format!("the page says it is in {tag:?}"));
        }
        faults
    }

    fn structure(&self, faults: &mut Vec<String>) {
        let count = |name: &str| self.elements().filter(|it| it.name == name).count();
        for name in ["h1", "title", "main"] {
            if count(name) != 1 {
                faults.push(format!("{} of <{name}>", count(name)));
            }
        }
        let mut ids = BTreeSet::new();
        for id in self.elements().filter_map(|it| it.attribute("id")) {
            if id.is_empty() || !ids.insert(id) {
                faults.push(format!("id {id:?} is there twice"));
            }
        }
        for element in self.elements() {
            for name in ["for", "form", "aria-describedby", "aria-labelledby"] {
                for id in element.attribute(name).into_iter().flat_map(str::split_whitespace) {
                    if !ids.contains(id) {
                        faults.push(format!("<{}> {name} leads to no {id:?}", element.name));
                    }
                }
            }
            let target = element.attribute("href").and_then(|href| href.strip_prefix('#'));
            if let Some(id) = target.filter(|id| !ids.contains(id)) {
                faults.push(format!("a link leads to no {id:?}"));
            }
            if element.name == "th" && element.attribute("scope").is_none() {
                faults.push("a heading of a table doesn't say of what".to_owned());
            }
        }
    }

    /// Everything that takes input, can be pressed or seen has a name.
    fn names(&self, faults: &mut Vec<String>) {
        let labelled: BTreeSet<&str> = self
            .elements
            .iter()
            .enumerate()
            .filter(|(at, it)| it.name == "label" && !self.content(*at).is_empty())
            .filter_map(|(_, it)| it.attribute("for"))
            .collect();
        for (at, it) in self.elements.iter().enumerate() {
            let own = it.attribute("aria-label").is_some_and(|name| !name.trim().is_empty())
                || it.attribute("aria-labelledby").is_some();
            let kind = it.attribute("type").unwrap_or_default();
            let named = match it.name.as_str() {
                "input" if matches!(kind, "hidden" | "submit") => true,
                "input" | "select" | "textarea" => {
                    it.attribute("id").is_some_and(|id| labelled.contains(id))
                        || self.around(at).any(|around| around.name == "label")
                }
                "button" | "a" | "summary" => {
                    !self.content(at).is_empty() || self.pictures(at).any(|alt| !alt.is_empty())
                }
                "fieldset" => self.elements.iter().enumerate().any(|(n, e)| {
                    e.parent == at && e.name == "legend" && !self.content(n).is_empty()
                }),
                "img" => it.attribute("alt").is_some(),
                _ => true,
            };
            if !named && !own {
                faults.push(format!("<{} {:?}> has no name", it.name, it.attributes));
            }
        }
    }

    /// The content security policy forbids it, so it would silently do nothing.
    fn inline(&self, faults: &mut Vec<String>) {
        for it in self.elements() {
            let handler = it.attributes.iter().any(|(name, value)| {
                name.starts_with("on") || name == "style" || value.starts_with("javascript:")
            });
            let script = it.name == "script"
                && !it.attribute("src").is_some_and(|src| src.starts_with("/assets/"));
            if handler || script || it.name == "style" {
                faults.push(format!("<{} {:?}> is inline", it.name, it.attributes));
            }
        }
    }

    /// Addresses that links of this page lead to, without fragments.
    pub fn links(&self) -> Vec<String> {
        let links = self.elements().filter(|it| it.name == "a");
        links
            .filter_map(|it| it.attribute("href"))
            .filter(|href| href.starts_with('/') || href.starts_with('?'))
            .map(|href| href.split('#').next().unwrap_or_default().to_owned())
            .collect()
    }
}

/// Where a tag ends: not at a `>` within quotes.
fn tag_end(tail: &str) -> usize {
    let mut quoted = false;
    for (at, c) in tail.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            _ => {}
        }
    }
    tail.len()
}

fn element(tag: &str) -> Element {
    let tag = tag.trim_end_matches('/');
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            value = decode(text);
            rest = after;
        } else if let Some(bare) = rest.strip_prefix('=') {
            let (text, after) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
            text.clone_into(&mut value);
            rest = after;
        }
        attributes.push((key, value));
    }
    Element { name: name.to_lowercase(), attributes, parent: 0 }
}

fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, tail) = after.split_once(';').unwrap_or((after, ""));
        let known = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "nbsp" => Some(' '),
            _ => name.strip_prefix('#').and_then(|number| {
                let code = number
                    .strip_prefix('x')
                    .map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
                code.and_then(char::from_u32)
            }),
        };
        if let Some(c) = known {
            out.push(c);
            rest = tail;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out + rest
}

fn without(text: &str, data: &BTreeSet<String>) -> String {
    let mut longest: Vec<&String> = data.iter().filter(|own| text.contains(own.as_str())).collect();
    longest.sort_by_key(|own| std::cmp::Reverse(own.len()));
    let mut text = text.to_owned();
    for own in longest {
        text = text.replace(own.as_str(), " ");
    }
    text
}

/// Groups of four hexadecimal digits, as fingerprints and numbers of journals are written.
fn is_fingerprint(text: &str) -> bool {
    let hex = |group: &str| group.len() == 4 && group.chars().all(|c| c.is_ascii_hexdigit());
    text.split_whitespace().count() >= 4 && text.split_whitespace().all(hex)
}

/// Words in Latin letters that are neither a code nor a name of a format.
pub fn english_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_graphic())
        .filter(|chunk| !chunk.starts_with("FG-") && !chunk.contains(|c: char| c.is_ascii_digit()))
        .flat_map(|chunk| chunk.split(|c: char| !c.is_ascii_alphabetic()))
        .filter(|word| word.len() > 1 && !LATIN.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Runs of Chinese characters and punctuation. A masked name (张*) is data.
fn chinese_words(text: &str) -> Vec<String> {
    let chinese = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{3001}'..='\u{303f}' | '\u{ff01}'..='\u{ff5e}');
    text.split(|c: char| !chinese(c) && c != '*')
        .filter(|run| !run.is_empty() && !run.contains('*'))
        .map(str::to_owned)
        .collect()
}

/// `like_this` or `like.this`: the name of a word, an act or a state instead of what it is called.
fn raw_key(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || "，。、：；（）()·,\"".contains(c)).find(|word| {
        let parts: Vec<&str> = word.split(['_', '.']).collect();
        let plain = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
        parts.len() > 1 && parts.iter().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Vec<String> {
        let html = format!(
            "<!doctype html><html lang=\"zh-Hans\"><head><title>页</title></head><body><main><h1>页</h1>{body}</main></body></html>"
        );
        Markup::read(&html).faults(Lang::Zh, &BTreeSet::from(["Acme 公司".to_owned()]))
    }

    #[test]
    fn english_is_told_from_codes_and_formats() {
        assert_eq!(
            english_words("下载 PDF，编号 FG-ABCDE-FGHJK 36.5℃ 3 号门 91370602MA3C"),
            [""; 0]
        );
        assert_eq!(english_words("已签 signed，by 韩梅"), ["signed", "by"]);
    }

    #[test]
    fn what_is_in_order_has_no_faults() {
        let fine = "<label for=\"a\">名称</label><input id=\"a\" value=\"x > y\"><label><input type=\"checkbox\"> 选</label>\
            <p>Acme 公司 &lt;36.5 ℃&gt;</p><a href=\"/lang/en\" lang=\"en\">English version</a><textarea aria-label=\"说明\"></textarea>";
        assert_eq!(faults(fine), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        for (body, found) in [
            ("<p>{name}</p>", "a gap was not filled"),
            ("<p>permit.suspend</p>", "a raw key"),
            ("<p>已签 signed</p>", "another language"),
            ("<p title=\"Signed by\">已签</p>", "another language"),
            ("<h1>二</h1>", "2 of <h1>"),
            ("<input name=\"a\">", "has no name"),
            ("<button></button>", "has no name"),
            ("<p style=\"color:red\">红</p>", "is inline"),
            ("<script>1</script>", "is inline"),
            ("<i id=\"a\"></i><i id=\"a\"></i>", "is there twice"),
            ("<label for=\"b\">名</label>", "leads to no"),
            ("<p>开", "closes <p>"),
        ] {
            let faults = faults(body);
            assert!(faults.iter().any(|fault| fault.contains(found)), "{body}: {faults:?}");
        }
    }
}
