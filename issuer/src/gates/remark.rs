//! What a gate notes beside an entry in a short form, said in words.

use fugong_common::journal::EntryKind;
use fugong_common::lang::Lang;
use fugong_common::remark::read_refusal;
use fugong_common::verdict::{Tone, Verdict};
use fugong_common::words::fill;

use super::store::scans::Scan;
use super::words::GateWords;

/// How a line of the record is headed: its word, the tone and mark of its chip, and what the gate
/// remarked.
pub(super) struct Said {
    pub(super) word: String,
    pub(super) tone: &'static str,
    pub(super) mark: &'static str,
    pub(super) remark: String,
}

/// Says a line's outcome. Where the guard let nobody in, that is the outcome; what the gate had
/// answered and the guard's reason stand beside it.
pub(super) fn outcome(scan: &Scan, lang: Lang) -> Said {
    let w = GateWords::of(lang);
    let verdict = Verdict::from_code(&scan.verdict);
    if let Some(reason) =
        EntryKind::from_code(&scan.kind).and_then(|kind| read_refusal(kind, &scan.note))
    {
        let answered =
            verdict.map(|verdict| fill(w.gate_answered, &[("word", &verdict.word(lang))]));
        let remarks = answered.into_iter().chain(Some(reason.to_owned()));
        let remarks: Vec<_> = remarks.filter(|remark| !remark.is_empty()).collect();
        let (word, remark) = (w.guard_refused.to_owned(), remarks.join(" · "));
        return Said { word, tone: "stop", mark: "■", remark };
    }
    let (tone, mark) = match verdict.map(Verdict::tone) {
        Some(Tone::Go) => ("ok", "✓"),
        Some(Tone::OnlyIf | Tone::Step) => ("warn", "▲"),
        Some(Tone::Stop) => ("stop", "■"),
        _ => ("unk", "●"),
    };
    let word = match verdict {
        Some(verdict) => verdict.word(lang).to_owned(),
        None if scan.kind == "unread" => w.unread_entry.to_owned(),
        None => super::kind_title(&scan.kind, lang).to_owned(),
    };
    Said { word, tone, mark, remark: say(&scan.note, lang) }
}

/// Says a remark: `tel:` a visitor's telephone, `if:` a condition that the guard confirmed, `first:`
/// the reading before the one that counts. Anything else is what a person typed and stays as it is.
fn say(note: &str, lang: Lang) -> String {
    let said =
        note.split(' ').filter(|word| !word.is_empty()).map(|word| match word.split_once(':') {
            Some(("tel", number)) => format!("{} {number}", lang.of("电话", "telephone")),
            Some(("first", reading)) => format!("{} {reading} ℃", lang.of("初测", "first reading")),
            Some(("if", _)) => lang.of("条件已核对", "condition confirmed").to_owned(),
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
            say("first:37.6 refused goods", Lang::En),
            "first reading 37.6 ℃ · refused · goods"
        );
        assert_eq!(say("", Lang::Zh), "");
    }
}
