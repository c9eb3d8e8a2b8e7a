//! Searches for people. What was asked comes in a form's body, and stays where looks at personal data are
//! recorded anyway: in the log. The answer's address is the number of that entry, so that paging, going
//! back and reloading work while no name or telephone number stands in an address, in a proxy's log or
//! in a browser's history.

use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::find_enterprise;
use crate::audit;
use crate::authz::{Action, Reach};
use crate::db::Tx;
use crate::fields::clip;
use crate::web::{Page, encode, see_other};

const LOOKED: &str = "people.read";
/// For so long one goes back to one's own search; a working day.
const HOURS: i64 = 12;
/// The answer that follows at once is the look that the search itself has recorded.
const SAME_LOOK_MILLIS: i64 = 60_000;
const LONGEST: usize = 100;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
    shown: String,
}

/// What somebody asked, and when.
pub struct Asked {
    pub text: String,
    pub at: i64,
}

impl Asked {
    /// Whether its answer is recorded with it already.
    pub fn is_recorded(&self, page: &Page) -> bool {
        page.now.0 - self.at < SAME_LOOK_MILLIS
    }
}

/// Records a look at people: whose, and what was asked.
pub async fn record(
    page: &Page,
    tx: &mut Tx,
    subject: (&str, &str),
    division_id: &str,
    asked: &str,
) -> Result<(), Problem> {
    page.record(tx, LOOKED, subject, division_id, asked).await
}

/// The actor's own search under this number, if it is of today.
pub async fn find(
    page: &Page,
    tx: &mut Tx,
    (subject, subject_id): (&str, &str),
    look: &str,
) -> Result<Option<Asked>, Problem> {
    let Ok(seq) = look.parse::<u32>().map(i64::from) else { return Ok(None) };
    let bounds = Reach::Division("/".into()).bounds();
    let account_id = page.actor.account_id.as_str();
    let filter = audit::Filter { bounds: &bounds, whole: true, account_id, subject, subject_id };
    let found = audit::list(tx, &filter, seq + 1, 1).await?.pop();
    let since = page.now.plus_hours(-HOURS).0;
    let own = found.filter(|it| it.seq == seq && it.action == LOOKED && it.at > since);
    Ok(own.map(|line| Asked { text: line.detail, at: line.at }))
}

async fn begin(
    page: &Page,
    mut tx: Tx,
    subject: (&str, &str),
    division_id: &str,
    asked: &str,
) -> Result<i64, Problem> {
    record(page, &mut tx, subject, division_id, asked).await?;
    let (seq, _) = audit::head(&mut tx).await?;
    tx.commit().await?;
    Ok(seq)
}

/// `POST /people`
pub async fn everywhere(page: Page, Form(form): Form<Search>) -> Result<Response, Problem> {
    let asked = clip(&form.q, LONGEST);
    if asked.is_empty() {
        return Ok(see_other("/people"));
    }
    let division = page.actor.post.division_id.as_str();
    let tx = page.app.db().write().await?;
    let look = begin(&page, tx, ("division", division), division, &asked).await?;
    Ok(see_other(&format!("/people?look={look}")))
}

/// `POST /enterprises/{id}/people`
pub async fn roster(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Search>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let e = find_enterprise(&page, &mut tx, &id, Action::ReadPeople).await?;
    let (asked, shown) = (clip(&form.q, LONGEST), encode(&form.shown));
    if asked.is_empty() {
        return Ok(see_other(&format!("/enterprises/{id}/people?shown={shown}")));
    }
    let look = begin(&page, tx, ("enterprise", &id), &e.division_id, &asked).await?;
    Ok(see_other(&format!("/enterprises/{id}/people?look={look}&shown={shown}")))
}
