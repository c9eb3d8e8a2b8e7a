//! From an approved application to its permit: a second, separate act (domain A40).

use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::permit::PostKind;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};

use super::facts::{Approver, By, Contact, Facts, IssueFacts, IssueRequest, Place, Terms};
use super::{Changes, Permit, issue, reissue, store};
use crate::accounts::{self, Role};
use crate::applications::pages::SeenFields;
use crate::applications::{self, Approved, Seen};
use crate::approvals::Given;
use crate::authz::{self, Action};
use crate::db::{DbError, Tx};
use crate::divisions;
use crate::enterprises;
use crate::web::{Page, Routes, conflict, see_other};

pub fn routes(routes: Routes) -> Routes {
    routes.post("/applications/{id}/issue", Action::IssuePermits, issue_page)
}

async fn issue_page(
    page: Page,
    Path(id): Path<String>,
    Form(fields): Form<SeenFields>,
) -> Result<Response, Problem> {
    let permit = issue_approved(&page, &id, &fields.seen()).await?;
    Ok(see_other(&format!("/permits/{}?done=issued", permit.id)))
}

/// Issues the permit of an approved application; where the enterprise has one at the same site
/// already, the new one takes its place in the same line.
///
/// # Errors
/// A problem that says what to do; nothing was signed then.
pub async fn issue_approved(
    page: &Page,
    application_id: &str,
    seen: &Seen,
) -> Result<Permit, Problem> {
    let mut tx = page.app.db().write().await?;
    // The enterprise, then the application, and the audit's end after both, as every other act takes
    // them: two cases of one enterprise are issued one after the other, and whoever acts on this one
    // at the same moment waits or is waited for, but never both.
    if let Some(found) = applications::store::find(&mut tx, application_id).await? {
        enterprises::store::lock(&mut tx, &found.enterprise_id).await?;
        applications::store::lock(&mut tx, application_id).await?;
    }
    let approved = applications::approved_facts(&mut tx, application_id)
        .await?
        .filter(|approved| approved.revision == seen.revision)
        .ok_or_else(|| {
            conflict((
                "该申请未获批准、已发牌或已变更，请重新打开后再办",
                "The application is not approved, is issued already or has changed: open it again",
            ))
        })?;
    page.require(
        Action::IssuePermits,
        authz::Place {
            division_path: &approved.division_path,
            enterprise_id: Some(&approved.filing.enterprise.id),
        },
    )?;
    let by = By::from(&page.actor);
    let mut request = request(&mut tx, &approved, page.now).await?;
    let current = store::list_current_of(&mut tx, &request.place.enterprise_id, page.now).await?;
    let current = current.into_iter().find(|permit| permit.place.site == request.place.site);
    if current.is_some() {
        // The older one ends as this is signed: a plan for next week must not leave a gap.
        request.terms.valid_from = page.now;
    }
    let (permit, change) = match current {
        Some(old) => {
            let changes = Changes {
                application_id: Some(request.application_id),
                terms: Some(request.terms),
                facts: Some(request.facts),
            };
            reissue(&page.app, &mut tx, &old, changes, &by, &approved.receipt).await?
        }
        None => issue(&page.app, &mut tx, request, &by).await?,
    };
    applications::mark_issued(page, &mut tx, application_id, &permit.id).await?;
    page.app.commit(tx, change).await?;
    Ok(permit)
}

/// What an approved application asks to be signed.
async fn request(tx: &mut Tx, approved: &Approved, now: Millis) -> Result<IssueRequest, Problem> {
    let filing = &approved.filing;
    let corrupt =
        |column| DbError::corrupt("application_revisions", column, &approved.application_id);
    let division = divisions::store::find(tx, &approved.division_id)
        .await?
        .ok_or_else(|| corrupt("division_id"))?;
    let zone = Zone::parse(&division.zone).unwrap_or_else(|_| Zone::utc());
    let planned = zone.start_of(&filing.planned_on).ok_or_else(|| corrupt("planned_on"))?;
    let (valid_from, valid_to) = term(&zone, planned, filing.term_days, now);
    let enterprise = enterprises::store::find(tx, &filing.enterprise.id)
        .await?
        .ok_or_else(|| corrupt("enterprise"))?;
    let grid_officer = grid_officer(tx, &approved.division_path, now).await?;
    let (evidence, _) =
        approved.content_sha256.split_first_chunk::<16>().ok_or_else(|| corrupt("content"))?;
    Ok(IssueRequest {
        application_id: approved.application_id.clone(),
        place: Place {
            enterprise_id: filing.enterprise.id.clone(),
            premises_id: filing.premises.id.clone(),
            site: fugong_common::permit::SiteCode(filing.premises.site_code),
            division_id: approved.division_id.clone(),
            division_path: approved.division_path.clone(),
        },
        terms: Terms {
            category: filing.class.class,
            mode: filing.mode,
            route: approved.approval.route,
            rule_version: approved.approval.rule_version,
            valid_from,
            valid_to,
            evidence: *evidence,
        },
        facts: Facts {
            name: filing.enterprise.name.clone(),
            uscc: filing.enterprise.uscc.clone().unwrap_or_default(),
            no_code_reason: enterprise.no_code_reason,
            address: filing.premises.address.clone(),
            entrance: filing.premises.entrance.clone(),
            responsible: filing.responsible.name.clone(),
            epidemic_officer: Contact {
                name: filing.epidemic_officer.name.clone(),
                phone: filing.epidemic_officer.phone.clone(),
            },
            grid_officer,
            conditions: conditions(&filing.conditions),
            approvers: approved.signatures.iter().filter_map(approver).collect(),
            issue: IssueFacts::default(),
        },
    })
}

/// From when until when a permit holds that is planned to begin on a day and to last so many days of the
/// calendar. A plan that has passed begins today; a permit never reaches back before its signature.
fn term(zone: &Zone, planned: Millis, days: u32, now: Millis) -> (Millis, Millis) {
    let first_day = planned.max(zone.start_of_day(now, 0));
    (first_day.max(now), zone.start_of_day(first_day, i64::from(days)))
}

/// The nearest grid officer of a division (domain A73); empty where nobody holds the post.
async fn grid_officer(tx: &mut Tx, path: &str, now: Millis) -> Result<Contact, DbError> {
    let holders = accounts::holders::list(tx, path, Role::GridOfficer, Lang::Zh, now).await?;
    let Some(nearest) = holders.first() else { return Ok(Contact::default()) };
    let account = accounts::store::find(tx, &nearest.account_id).await?;
    Ok(Contact {
        name: nearest.name.clone(),
        phone: account.map_or(String::new(), |account| account.phone),
    })
}

/// One condition a line, as they stand on the placard.
fn conditions(text: &str) -> Vec<String> {
    text.split(['\n', '；', ';'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn approver(given: &Given) -> Option<Approver> {
    let post = match Role::parse(&given.role)? {
        Role::Secretary => PostKind::Secretary,
        Role::Director => PostKind::Director,
        Role::Department => PostKind::Department,
        Role::LeadingGroup => PostKind::LeadingGroup,
        _ => return None,
    };
    Some(Approver { post, title: given.post.clone(), name: given.name.clone(), at: given.at })
}

#[cfg(test)]
mod tests {
    use fugong_common::time::Zone;

    use super::{conditions, term};

    #[test]
    fn a_term_has_as_many_days_as_were_asked_for_also_where_clocks_are_set() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let planned = berlin.start_of("2020-03-20").unwrap();
        let (from, to) = term(&berlin, planned, 14, planned.plus_hours(-50));
        assert_eq!((from, berlin.date(to.plus_millis(-1000))), (planned, "2020-04-02".to_owned()));
        assert_eq!(berlin.stamp(to), "2020-04-03 00:00");
        let autumn = berlin.start_of("2020-10-20").unwrap();
        assert_eq!(berlin.stamp(term(&berlin, autumn, 14, autumn).1), "2020-11-03 00:00");
        // What was planned for a day gone by counts from the day of its signature.
        let late = berlin.start_of("2020-03-27").unwrap().plus_hours(15);
        let (from, to) = term(&berlin, planned, 3, late);
        assert_eq!((from, berlin.stamp(to)), (late, "2020-03-30 00:00".to_owned()));
    }

    #[test]
    fn conditions_are_read_line_by_line() {
        assert_eq!(conditions("食堂分餐；每日消毒\n\n 限员 "), ["食堂分餐", "每日消毒", "限员"]);
        assert!(conditions("  ").is_empty());
    }
}
