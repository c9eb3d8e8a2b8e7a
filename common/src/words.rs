//! Typed catalogues: one struct per room, both languages on one line, so that neither can be
//! missing and no key ever reaches a page.

use std::fmt::Display;

/// Declares a catalogue of texts.
///
/// ```
/// fugong_common::words! {
///     /// Texts of the example page.
///     pub struct ExampleWords {
///         title: "门岗", "Gates";
///         waiting: "待上传 {n} 条", "{n} to send";
///     }
/// }
/// use fugong_common::{lang::Lang, words::fill};
/// let words = ExampleWords::of(Lang::En);
/// assert_eq!(fill(words.waiting, &[("n", &3)]), "3 to send");
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($key:ident: $zh:literal, $en:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $name { $(pub $key: &'static str,)* }

        impl $name {
            const ZH: Self = Self { $($key: $zh,)* };
            const EN: Self = Self { $($key: $en,)* };
            /// Every text as (key, Chinese, English).
            #[allow(dead_code)]
            pub const PAIRS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $zh, $en),)*];

            pub const fn of(lang: $crate::lang::Lang) -> &'static Self {
                match lang {
                    $crate::lang::Lang::Zh => &Self::ZH,
                    $crate::lang::Lang::En => &Self::EN,
                }
            }

            /// What is picked, in both languages: Chinese first.
            #[allow(dead_code)]
            pub fn both<T>(pick: impl Fn(&'static Self) -> T) -> (T, T) {
                (pick(Self::of($crate::lang::Lang::Zh)), pick(Self::of($crate::lang::Lang::En)))
            }
        }
    };
}

/// Words that begin a line or stand alone begin with a capital; catalogues hold them as they stand
/// within a sentence.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Replaces each `{name}` by its value; an unknown name stays visible, so that a test sees it.
pub fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from.find('}') else {
            out.push_str(from);
            return out;
        };
        let (slot, after) = from.split_at(end + 1);
        let name = slot.trim_start_matches('{').trim_end_matches('}');
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(&value.to_string()),
            None => out.push_str(slot),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Checks a catalogue: no empty text, both languages take the same values, and Chinese texts hold
/// no English beyond the abbreviations that people write in Chinese too. Returns what is wrong.
pub fn faults(pairs: &[(&str, &str, &str)]) -> Vec<String> {
    const ALLOWED: &[&str] = &[
        "A3", "A4", "API", "CSV", "DPI", "FG", "GB", "HTTPS", "ID", "JPEG", "JSON", "MB", "PDF",
        "PIN", "PNG", "QR", "SVG", "TLS", "UTC", "URL", "USB", "WPS", "XLS", "XLSX", "GB18030",
        "UTF", "M", "N", "Excel", "iOS",
    ];
    let mut faults = Vec::new();
    for (key, zh, en) in pairs {
        if zh.trim().is_empty() || en.trim().is_empty() {
            faults.push(format!("{key}: empty"));
        }
        let (mut of_zh, mut of_en) = (slots(zh), slots(en));
        of_zh.sort_unstable();
        of_en.sort_unstable();
        if of_zh != of_en {
            faults.push(format!("{key}: {of_zh:?} in Chinese, {of_en:?} in English"));
        }
        let mut bare = (*zh).to_owned();
        for slot in &of_zh {
            bare = bare.replace(&format!("{{{slot}}}"), "");
        }
        for word in bare.split(|c: char| !c.is_ascii_alphanumeric()) {
            if word.chars().any(|c| c.is_ascii_alphabetic()) && !ALLOWED.contains(&word) {
                faults.push(format!("{key}: English in Chinese: {word}"));
            }
        }
        if en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
            faults.push(format!("{key}: Chinese in English"));
        }
    }
    faults
}

fn slots(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_and_unknown_names_stay_visible() {
        assert_eq!(fill("{a} of {b}, {c}", &[("a", &1), ("b", &"two")]), "1 of two, {c}");
        assert_eq!(fill("open {", &[]), "open {");
    }

    #[test]
    fn a_catalogue_with_faults_is_found_out() {
        assert!(faults(&[("ok", "打印 PDF（{n}）", "Print PDF ({n})")]).is_empty());
        assert_eq!(
            faults(&[("a", "", "x"), ("b", "{n} 条", "some"), ("c", "submit 表单", "send")]).len(),
            3
        );
    }
}
