//! What the office chooses from: who looks at the site and when, and the class.

use fugong_common::service::problem::Problem;
use fugong_common::time::Zone;

use crate::accounts::{Role, holders};
use crate::applications::deeds::Deeds;
use crate::applications::store::{Application, Revision};
use crate::applications::terms::{CLASSES, class_code, class_title};
use crate::db::Tx;
use crate::fields::Sent;
use crate::web::Page;

/// A person to choose.
pub struct Checker {
    pub value: String,
    pub text: String,
    pub chosen: bool,
}

pub struct Choices {
    pub checkers: Vec<Checker>,
    pub visit_on: String,
    pub today: String,
    /// Code, title, whether it is the present one.
    pub classes: Vec<(&'static str, &'static str, bool)>,
    pub class_reason: String,
    /// The class was sent and not taken.
    pub class_begun: bool,
}

pub async fn view(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    zone: &Zone,
    deeds: &Deeds,
    current: Option<&Revision>,
    sent: &Sent,
) -> Result<Choices, Problem> {
    let checkers = if deeds.accept || deeds.send {
        holders::list(tx, &found.division_path, Role::Checker, page.lang, page.now).await?
    } else {
        Vec::new()
    };
    let class_begun = sent.has("class");
    let class_now = current.map(|revision| &revision.filing.class);
    let classes = CLASSES.into_iter().map(|class| {
        let now = class_now.is_some_and(|now| now.class == class);
        let chosen = if class_begun { sent.value("class") == class_code(class) } else { now };
        (class_code(class), class_title(class, page.lang), chosen)
    });
    Ok(Choices {
        checkers: checkers
            .into_iter()
            .enumerate()
            .map(|(at, holder)| Checker {
                chosen: if sent.has("checker") {
                    sent.value("checker") == holder.account_id
                } else {
                    at == 0
                },
                text: format!("{} · {}", holder.name, holder.division_name),
                value: holder.account_id,
            })
            .collect(),
        visit_on: sent.seen("planned_on", &zone.date(zone.start_of_day(page.now, 1))),
        today: zone.date(page.now),
        classes: classes.collect(),
        class_reason: if class_begun {
            sent.value("class_reason").to_owned()
        } else {
            class_now.map(|class| class.reason.clone()).unwrap_or_default()
        },
        class_begun,
    })
}
