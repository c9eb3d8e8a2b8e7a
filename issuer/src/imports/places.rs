//! The divisions that an import may put enterprises into, found by the names people write.

use super::fault::What;
use crate::divisions::store::Division;
use crate::fields::name_key;

/// A subtree of divisions; the first is its root.
#[derive(Clone, Debug, Default)]
pub struct Places {
    nodes: Vec<(Division, String)>,
}

impl Places {
    /// Parents come before children, as they are listed.
    pub fn new(nodes: Vec<Division>) -> Self {
        Self {
            nodes: nodes
                .into_iter()
                .map(|node| {
                    let bare = bare(&node.name);
                    (node, bare)
                })
                .collect(),
        }
    }

    pub fn get(&self, at: usize) -> Option<&Division> {
        self.nodes.get(at).map(|(node, _)| node)
    }

    /// The root: where rows go that don't say more.
    pub fn root(&self) -> Option<&Division> {
        self.get(0)
    }

    /// Where a record goes.
    pub fn of(&self, at: Option<usize>) -> Option<&Division> {
        at.map_or_else(|| self.root(), |at| self.get(at))
    }

    /// The node of a name or code below another (`None`: below the root, or the root itself).
    /// 向阳, 向阳街道 and 向阳街道办事处 are one.
    pub fn find(&self, below: Option<usize>, text: &str) -> Result<usize, What> {
        let within = self.of(below).map_or("", |node| node.path.as_str());
        let key = name_key(text);
        let wanted = bare(text);
        let candidates =
            || self.nodes.iter().enumerate().filter(|(_, (node, _))| node.path.starts_with(within));
        let exact: Vec<usize> = candidates()
            .filter(|(_, (node, _))| name_key(&node.name) == key || node.code == padded(&key))
            .map(|(at, _)| at)
            .collect();
        let found = if exact.is_empty() && !wanted.is_empty() {
            candidates().filter(|(_, (_, bare))| *bare == wanted).map(|(at, _)| at).collect()
        } else {
            exact
        };
        match found.as_slice() {
            [] => Err(What::Division(text.to_owned())),
            [one] => Ok(*one),
            // A community and its only grid may share a name or code: the upper one is meant.
            [first, rest @ ..] => {
                let top = self.get(*first).map_or("", |node| node.path.as_str());
                let nested = rest
                    .iter()
                    .all(|at| self.get(*at).is_some_and(|node| node.path.starts_with(top)));
                if nested { Ok(*first) } else { Err(What::Divisions(text.to_owned())) }
            }
        }
    }
}

/// A code as people write it, padded; anything else stays as it is and matches nothing.
fn padded(key: &str) -> String {
    if key.len() >= 6 && key.bytes().all(|b| b.is_ascii_digit()) {
        format!("{key:0<12}")
    } else {
        key.to_owned()
    }
}

/// A name without the words for what it is.
fn bare(name: &str) -> String {
    let key = name_key(name);
    let mut rest = key.as_str();
    for ending in [
        "社区居民委员会",
        "居民委员会",
        "街道办事处",
        "村民委员会",
        "社区居委会",
        "居委会",
        "村委会",
        "街道办",
        "街道",
        "社区",
        "镇",
        "乡",
        "村",
    ] {
        if let Some(shorter) = rest.strip_suffix(ending).filter(|shorter| !shorter.is_empty()) {
            rest = shorter;
            break;
        }
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::division;

    fn places() -> Places {
        Places::new(vec![
            division("d", "/d/", "370602000000", "芝罘区"),
            division("a", "/d/a/", "370602001000", "向阳街道"),
            division("a1", "/d/a/1/", "370602001001", "建设社区"),
            division("b", "/d/b/", "370602002000", "东山街道"),
            division("b1", "/d/b/1/", "370602002001", "建设社区居委会"),
        ])
    }

    #[test]
    fn a_division_is_found_by_name_short_name_or_code() {
        let places = places();
        for text in
            ["向阳街道", "向阳", "向阳街道办事处", " 向阳 街道 ", "370602001", "370602001000"]
        {
            assert_eq!(places.find(None, text), Ok(1), "{text}");
        }
        assert_eq!(places.find(None, "芝罘区"), Ok(0));
    }

    #[test]
    fn a_name_that_several_have_needs_the_one_above() {
        let places = places();
        assert_eq!(places.find(None, "建设"), Err(What::Divisions("建设".into())));
        assert_eq!(places.find(Some(3), "建设社区"), Ok(4));
        assert_eq!(places.find(Some(1), "建设社区居委会"), Ok(2));
        assert_eq!(places.find(None, "月亮街道"), Err(What::Division("月亮街道".into())));
        assert_eq!(places.find(None, "街道"), Err(What::Division("街道".into())));
    }
}
