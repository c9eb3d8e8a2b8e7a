//! Whom a guard did not let in, in the enterprise's record and in its figures.

use fugong_common::clock::ClockState;
use fugong_common::journal::{Batch, Direction, Draft, EntryKind, Head, Known, Sealed};
use fugong_common::keys::Signer as _;
use fugong_common::remark::refusal;
use fugong_common::verdict::Verdict;
use fugong_common::wire::Hex;
use serde_json::Value;

use super::gate::{device, enrolled, town};
use crate::accounts::Role;
use crate::gates::{Intake, take_in};
use crate::permits::testing::{NOW, Town};

/// What a gate sends of checks that ended so: kind, verdict, remark.
async fn sent(town: &Town, ends: &[(EntryKind, Verdict, &str)]) {
    let key = device(1);
    enrolled(town, &key).await;
    let id = Hex([9; 16]);
    let mut head = Head::start(id);
    let mut records = Vec::new();
    for (n, (kind, verdict, text)) in (1_u8..).zip(ends) {
        let known = Known {
            key: None,
            list_seq: Some(1),
            rule_version: Some(3),
            clock: ClockState::Trusted,
        };
        let draft = Draft { at: NOW, kind: *kind, verdict: Some(*verdict), known, cites: None };
        let sealed = Sealed {
            enterprise_id: Some("e1".into()),
            name: Some("王芳".into()),
            direction: Some(Direction::In),
            text: Some((*text).to_owned()).filter(|text| !text.is_empty()),
            ..Sealed::default()
        };
        let (record, next) = head.append(&draft, &sealed, [n; 16]);
        records.push(record);
        head = next;
    }
    let batch = Batch { id, records }.seal(&key).unwrap();
    let taken = take_in(&town.app, "g1", &key.public_key(), &batch).await.unwrap();
    assert!(matches!(taken, Intake::Taken { .. }), "{taken:?}");
}

/// Words of the outcomes and their remarks, newest first.
fn outcomes(page: &str) -> Vec<(String, String)> {
    let cells = page.split("<span class=\"chip ").skip(1);
    let text = |html: &str| html.split('<').next().unwrap_or_default().trim().to_owned();
    cells
        .map(|cell| {
            let cell = cell.split("</td>").next().unwrap();
            let tone = cell.split('"').next().unwrap();
            let word = text(cell.split("</span> ").nth(1).unwrap());
            let remark = cell.split("<small>").nth(1).map(text).unwrap_or_default();
            (format!("{tone} {word}"), remark)
        })
        .collect()
}

#[tokio::test]
async fn a_refusal_by_the_guard_is_not_shown_or_counted_as_an_ordinary_check() {
    let town = town().await;
    let (no_mask, no_word) = (refusal("没有口罩"), refusal(""));
    let ends = [
        (EntryKind::Check, Verdict::Conditional, no_mask.as_str()),
        (EntryKind::Check, Verdict::Conditional, ""),
        (EntryKind::Check, Verdict::Measure, no_word.as_str()),
        (EntryKind::Visitor, Verdict::Measure, "refused goods"),
    ];
    sent(&town, &ends).await;
    let officer = town.sign_in("xu", Role::Intake).await;
    let (_, zh) = town.get("/enterprises/e1/records?lang=zh", &officer).await;
    let (_, en) = town.get("/enterprises/e1/records?lang=en", &officer).await;
    let say = |verdict: Verdict, lang| verdict.word(lang).to_owned();
    let lang = fugong_common::lang::Lang::Zh;
    let [measure, only_if] =
        [Verdict::Measure, Verdict::Conditional].map(|verdict| say(verdict, lang));
    let expected = [
        (format!("warn {measure}"), "refused · goods".to_owned()),
        ("stop 值守人员不予放行".to_owned(), format!("核验机显示：{measure}")),
        (format!("warn {only_if}"), String::new()),
        ("stop 值守人员不予放行".to_owned(), format!("核验机显示：{only_if} · 没有口罩")),
    ];
    assert_eq!(outcomes(&zh), expected);
    assert_eq!(en.matches("Refused by the guard").count(), 2, "{en}");

    town.later(1000);
    let (status, figures) = town.get("/api/enterprises/e1/figures", &officer).await;
    let figures: Value =
        serde_json::from_str(&figures).unwrap_or_else(|_| panic!("{status} {figures}"));
    let refused = |verdict: &str| {
        let all = figures["figures"].as_array().unwrap().iter();
        let of = all.filter(|figure| figure["verdict"] == verdict);
        of.map(|figure| (figure["checks"].as_i64().unwrap(), figure["refused"].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(refused("conditional"), [(2, 1)]);
    assert_eq!(refused("measure"), [(2, 1)]);
}
