//! What happens to an application until it rests: through the same acts as in the console.

use fugong_common::time::Millis;
use fugong_common::{entropy, hex};
use fugong_issuer::accounts::Role;
use fugong_issuer::applications::{self, Application, Fault, FilingForm};
use fugong_issuer::divisions::Scale;
use fugong_issuer::permits::{Event, Permit};

use super::cast::{Cast, Rest};
use crate::stage::{Stage, Stuck};

fn fill_in(form: &mut FilingForm, cast: &Cast, term_days: i64) {
    form.kind = "first".to_owned();
    form.term_days = term_days.to_string();
    form.people = cast.people.to_string();
    form.class = cast.class.0.to_owned();
    form.class_reason = cast.class.1.to_owned();
    form.mode = cast.mode.0.to_owned();
    form.cap = cast.mode.1.to_owned();
    form.conditions = cast.conditions.to_owned();
}

/// Files an enterprise's application and carries it to where it rests; the permit if there is one.
pub async fn file(
    stage: &Stage,
    cast: &Cast,
    enterprise_id: &str,
    now: Millis,
    n: i64,
) -> Result<Option<Permit>, Stuck> {
    // What is open was filed these days; what is issued has been for a while.
    if cast.rest.has_permit() {
        stage.later(120);
    } else {
        stage.set(now.plus_hours(-30).plus_minutes(n * 61));
    }
    let term = if cast.rest == Rest::Expired { 7 } else { 30 };
    let by = if n == 0 { "responsible" } else { "intake" };
    let (draft, form) = stage.draft(by, enterprise_id, |form| fill_in(form, cast, term)).await?;
    if cast.rest == Rest::Draft {
        return Ok(None);
    }
    stage.later(12);
    let case = stage.submit(by, &draft, &form).await?;
    stage.later(25);
    match cast.rest {
        Rest::Submitted => return Ok(None),
        Rest::Returned => return send_back(stage, &case).await,
        Rest::Withdrawn => return withdraw(stage, enterprise_id, &case).await,
        _ => {}
    }
    let Some(case) = decide(stage, cast, case).await? else { return Ok(None) };
    let permit = stage.issue("intake", &case).await?;
    if cast.rest == Rest::Replaced {
        return replace(stage, cast, enterprise_id).await;
    }
    stop(stage, cast, &permit, now, n).await?;
    Ok(Some(permit))
}

async fn send_back(stage: &Stage, case: &Application) -> Result<Option<Permit>, Stuck> {
    let fault = |note: &str| Fault { phrase: String::new(), note: note.to_owned() };
    let faults = vec![fault("花名册缺返岗人员行程。"), fault("应急预案未写明隔离观察场所。")];
    let page = stage.page("intake").await?;
    applications::return_for_correction(&page, &case.id, &case.seen(), faults).await?;
    Ok(None)
}

/// Takes an application in, checks the site and signs; the approved one, unless it rests before.
async fn decide(
    stage: &Stage,
    cast: &Cast,
    submitted: Application,
) -> Result<Option<Application>, Stuck> {
    let mut case = stage.accept("intake", "checker", &submitted).await?;
    if cast.rest == Rest::SiteCheck {
        return Ok(None);
    }
    stage.later(95);
    case = stage.check("checker", &case, cast.rest != Rest::CheckFailed).await?;
    if cast.rest == Rest::CheckFailed {
        return Ok(None);
    }
    stage.later(40);
    if cast.rest == Rest::Refused {
        let why = (
            "负责人不重视，防控方案与现场不符。".to_owned(),
            "辖区企业开复工指南第四条".to_owned(),
            "如有异议，可向街道办事处申诉。".to_owned(),
        );
        let page = stage.page("secretary").await?;
        applications::refuse(&page, &case.id, &case.seen(), why).await?;
        return Ok(None);
    }
    let signers: &[&str] = match cast.scale {
        Scale::Above => &["secretary", "department", "leading"],
        Scale::Below => &["secretary", "director"],
        Scale::Small => &["director"],
    };
    let given = if cast.rest == Rest::Signing { signers.len() - 1 } else { signers.len() };
    for signer in signers.iter().take(given) {
        case = stage.sign(signer, &case).await?;
        stage.later(22);
    }
    Ok((!matches!(cast.rest, Rest::Signing | Rest::Approved)).then_some(case))
}

/// Suspends or revokes the permits that are told so.
async fn stop(
    stage: &Stage,
    cast: &Cast,
    permit: &Permit,
    now: Millis,
    n: i64,
) -> Result<(), Stuck> {
    let (event, by, reason) = match cast.rest {
        Rest::Suspended => {
            (Event::Suspend { lapses_at: None }, "director", "车间未落实消毒，责令整改。")
        }
        Rest::Temporarily => {
            let lapses_at = Some(now.plus_hours(40));
            (Event::Suspend { lapses_at }, "inspector", "入口未测温，人员未登记。")
        }
        Rest::Revoked => (Event::Revoke, "secretary", "瞒报返岗人员行程。"),
        _ => return Ok(()),
    };
    stage.set(now.plus_hours(-8).plus_minutes(n));
    stage.act(by, permit, event, reason).await
}

/// More staff is an expansion: the new permit takes the older one's place in the same line.
async fn replace(stage: &Stage, cast: &Cast, enterprise_id: &str) -> Result<Option<Permit>, Stuck> {
    stage.later(3 * 24 * 60);
    let (draft, form) = stage
        .draft("intake", enterprise_id, |form| {
            fill_in(form, cast, 30);
            form.kind = "expansion".to_owned();
            form.people = "180".to_owned();
        })
        .await?;
    let mut case = stage.submit("intake", &draft, &form).await?;
    stage.later(30);
    case = stage.accept("intake", "checker", &case).await?;
    stage.later(60);
    case = stage.check("checker", &case, true).await?;
    for signer in ["secretary", "department", "leading"] {
        stage.later(15);
        case = stage.sign(signer, &case).await?;
    }
    stage.issue("intake", &case).await.map(Some)
}

/// Only the applicant withdraws; the town's shopkeeper has an account for it.
async fn withdraw(
    stage: &Stage,
    enterprise_id: &str,
    case: &Application,
) -> Result<Option<Permit>, Stuck> {
    let secret: [u8; 12] = entropy::bytes(stage.app.entropy());
    let password = hex::encode(&secret);
    stage
        .hire(("shopkeeper", "卫民", &password), Role::Contact, "yuhuangding", enterprise_id, "")
        .await?;
    let page = stage.page("shopkeeper").await?;
    applications::withdraw(&page, &case.id, &case.seen(), "近期不开业。".to_owned()).await?;
    Ok(None)
}
