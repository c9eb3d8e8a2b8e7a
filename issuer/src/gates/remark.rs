//! What a gate notes beside an entry in a short form, said in words.

use fugong_common::lang::Lang;

/// Says a remark: `tel:` a visitor's telephone, `if:` a condition that the guard confirmed, `first:`
/// the reading before the one that counts, `refused` the guard's own decision. Anything else is
/// what a person typed and stays as it is.
pub(super) fn say(note: &str, lang: Lang) -> String {
    let said =
        note.split(' ').filter(|word| !word.is_empty()).map(|word| match word.split_once(':') {
            Some(("tel", number)) => format!("{} {number}", lang.of("电话", "telephone")),
            Some(("first", reading)) => format!("{} {reading} ℃", lang.of("初测", "first reading")),
            Some(("if", _)) => lang.of("条件已核对", "condition confirmed").to_owned(),
            None if word == "refused" => {
                lang.of("值守人员不予放行", "refused by the guard").to_owned()
            }
            _ => word.to_owned(),
        });
    said.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_said_and_typed_words_stay() {
        assert_eq!(
            say("tel:13800000000 送货 if:inside", Lang::Zh),
            "电话 13800000000 · 送货 · 条件已核对"
        );
        assert_eq!(
            say("first:37.6 refused", Lang::En),
            "first reading 37.6 ℃ · refused by the guard"
        );
        assert_eq!(say("", Lang::Zh), "");
    }
}
