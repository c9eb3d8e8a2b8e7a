//! Filing: drafts, submission, edits. By the enterprise itself or at a counter on its behalf.

use fugong_common::permit::Category;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;

use super::super::deeds::Deeds;
use super::super::filing::{ClassChoice, Filing, PremisesFacts};
use super::super::form::{Against, FieldFault, FilingForm};
use super::super::state::{Case, Event, State};
use super::super::store::{self, Application, Seen, Stages};
use super::super::terms::class_rank;
use super::super::words::ApplicationWords;
use super::super::{clock, files, place, waits};
use super::{
    ActError, Done, apply, insert_revision, is_on_behalf, open, permit, require_regime, say,
};
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::divisions::{self, Regime, RegimeKind};
use crate::enterprises::{self, store::Enterprise};
use crate::fields::name_key;
use crate::web::Page;

/// A form before it is submitted, with everything its page shows.
#[derive(Clone, Debug)]
pub struct Draft {
    pub enterprise: Enterprise,
    pub premises: Vec<PremisesFacts>,
    /// The rules and the calendar of where the chosen premises lie: a permit is for premises, and the
    /// enterprise's own seat may be in another division.
    pub regime: Regime,
    pub zone: Zone,
}

/// Where a form's division is looked up: that of the chosen premises; until some are chosen that of the
/// first, and without any that of the enterprise.
fn division_of<'a>(
    enterprise: &'a Enterprise,
    premises: &'a [PremisesFacts],
    chosen: &str,
) -> &'a str {
    let place = premises.iter().find(|place| place.id == chosen).or(premises.first());
    place.map_or(&enterprise.division_id, |place| &place.division_id)
}

impl Draft {
    /// What an enterprise's form for these premises is held against now; empty: none are chosen yet.
    ///
    /// # Errors
    /// Outside the actor's reach; no rules in the division; approval abolished wherever it works.
    pub async fn open(
        page: &Page,
        tx: &mut Tx,
        enterprise_id: &str,
        chosen: &str,
    ) -> Result<Self, Problem> {
        let enterprise =
            enterprises::store::find(tx, enterprise_id).await?.ok_or_else(Problem::not_found)?;
        page.require(Action::FileApplications, enterprise.place())?;
        let premises = files::list_premises(tx, enterprise_id, page.now).await?;
        let division_id = division_of(&enterprise, &premises, chosen);
        let division = divisions::store::find(tx, division_id)
            .await?
            .ok_or_else(|| DbError::corrupt("enterprises", "division_id", enterprise_id))?;
        let regime = require_regime(tx, &division.path, page.now).await?;
        // Where there are other premises, they may be chosen instead: then it is said at that field.
        if regime.kind == RegimeKind::Abolished && premises.len() <= 1 {
            return Err(say("regime_abolished", |w| w.regime_abolished));
        }
        let zone = page.zone_named(&division.zone);
        Ok(Self { enterprise, premises, regime, zone })
    }

    /// The form with what the file knows.
    pub fn form(&self) -> FilingForm {
        files::form(&self.enterprise, &self.premises, self.regime.settings.permit_days)
    }

    fn read(
        &self,
        page: &Page,
        form: &FilingForm,
        set_class: Option<&ClassChoice>,
    ) -> Result<Filing, ActError> {
        let facts = files::facts(&self.enterprise)?;
        let today = self.zone.date(page.now);
        let last_day = self.zone.date(self.zone.start_of_day(page.now, Against::AHEAD_DAYS));
        let against = Against {
            enterprise: &facts,
            premises: &self.premises,
            today: &today,
            last_day: &last_day,
            permit_days: self.regime.settings.permit_days,
            set_class,
        };
        let w = ApplicationWords::of(page.lang);
        let read = form.read(&against, w);
        if self.regime.kind == RegimeKind::Abolished {
            let mut faults = read.err().unwrap_or_default();
            let message = w.regime_abolished.to_owned();
            faults.insert(0, FieldFault { field: "premises", message });
            return Err(ActError::Fields(faults));
        }
        read.map_err(ActError::Fields)
    }

    fn due_at(&self, class: Category, now: Millis) -> Millis {
        let settings = &self.regime.settings;
        let days = match class {
            Category::Green => settings.decide_green_within_days,
            _ => settings.decide_within_days,
        };
        clock::due_at(&self.zone, now, days)
    }
}

/// Begins a draft for an enterprise with a form as far as it is filled in.
pub async fn draft(page: &Page, enterprise_id: &str, form: Option<FilingForm>) -> Done {
    let mut tx = page.app.db().write().await?;
    let chosen = form.as_ref().map_or("", |form| form.premises.as_str());
    let draft = Draft::open(page, &mut tx, enterprise_id, chosen).await?;
    let enterprise = &draft.enterprise;
    let new = Application {
        id: page.app.new_id(),
        receipt: None,
        enterprise_id: enterprise.id.clone(),
        enterprise_name: enterprise.name.clone(),
        name_key: name_key(&enterprise.name),
        division_id: enterprise.division_id.clone(),
        division_path: enterprise.division_path.clone(),
        scale: enterprise.scale()?,
        class_rank: class_rank(Category::Ordinary),
        case: Case::draft(),
        state_at: page.now,
        step: 1,
        form: form.unwrap_or_else(|| draft.form()),
        on_behalf: is_on_behalf(page),
        created_by: page.actor.account_id.clone(),
        created_at: page.now,
        stages: Stages::default(),
    };
    store::insert(&mut tx, &new).await?;
    waits::rewrite(&mut tx, &new).await?;
    page.record(&mut tx, "application.draft", ("application", &new.id), &new.division_id, "")
        .await?;
    tx.commit().await?;
    Ok(new)
}

/// Keeps a form as far as it is filled in. `step` is the one that the form was opened with.
pub async fn save_draft(page: &Page, id: &str, step: i64, form: &FilingForm) -> Done {
    let mut tx = page.app.db().write().await?;
    let found = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::FileApplications, found.place())?;
    permit(Deeds::of(&found, &page.actor).edit.is_some())?;
    if !store::save_form(&mut tx, id, step, form).await? {
        return Err(ActError::Conflict(Box::new(found)));
    }
    let saved = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(saved)
}

/// Submits a draft, or what was returned: a new revision, checked as a whole. What was typed is
/// kept also when something is wrong with it.
pub async fn submit(page: &Page, id: &str, seen: &Seen, form: &FilingForm) -> Done {
    refile(page, id, seen, form, Event::Submit).await
}

/// An edit after submission: a new revision; signatures given so far become void.
pub async fn amend(page: &Page, id: &str, seen: &Seen, form: &FilingForm) -> Done {
    refile(page, id, seen, form, Event::Amend).await
}

async fn refile(page: &Page, id: &str, seen: &Seen, form: &FilingForm, event: Event) -> Done {
    let mut open = open(page, Action::FileApplications, id, seen).await?;
    let before = open.before.clone();
    permit(Deeds::of(&before, &page.actor).edit.is_some())?;
    let draft = Draft::open(page, &mut open.tx, &before.enterprise_id, &form.premises).await?;
    let former = store::find_revision(&mut open.tx, id, before.case.revision).await?;
    let set_class = former.map(|r| r.filing.class).filter(|class| !class.set_by.is_empty());
    let filing = match draft.read(page, form, set_class.as_ref()) {
        Ok(filing) => filing,
        Err(faults) => {
            if matches!(before.case.state, State::Draft | State::Returned { .. })
                && store::save_form(&mut open.tx, id, before.step, form).await?
            {
                open.tx.commit().await?;
            }
            return Err(faults);
        }
    };
    let division = divisions::store::find(&mut open.tx, &filing.premises.division_id)
        .await?
        .ok_or_else(|| DbError::corrupt("premises", "division_id", &filing.premises.id))?;
    let receipt = if let Some(receipt) = &before.receipt {
        receipt.clone()
    } else {
        let district: String = division.code.chars().take(6).collect();
        let day = draft.zone.date(page.now).replace('-', "");
        store::next_receipt(&mut open.tx, &format!("{district}-{day}")).await?
    };
    let due_at = draft.due_at(filing.class.class, page.now);
    let after = apply(&mut open.tx, page, &before, event, |after| {
        after.receipt = Some(receipt);
        after.enterprise_name.clone_from(&filing.enterprise.name);
        after.name_key = name_key(&filing.enterprise.name);
        after.scale = filing.enterprise.scale;
        after.division_id.clone_from(&division.id);
        after.division_path.clone_from(&division.path);
        after.class_rank = class_rank(filing.class.class);
        after.form = form.clone();
        after.stages = Stages { submitted_at: page.now, due_at, ..Stages::default() };
    })
    .await?;
    insert_revision(&mut open.tx, page, &after, &filing).await?;
    // Asked after the act has taken its place in the audit: whoever was sent twice at once has passed
    // there one after the other.
    if let Some(receipt) = place::find_rival(&mut open.tx, &after).await? {
        let w = ApplicationWords::of(page.lang);
        let message = fill(w.already_open, &[("receipt", &receipt)]);
        return Err(ActError::Fields(vec![FieldFault { field: "premises", message }]));
    }
    open.tx.commit().await?;
    Ok(after)
}
