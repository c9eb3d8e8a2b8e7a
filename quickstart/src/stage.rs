//! A stage on which invented people do what real ones do: through the same acts, with the same
//! checks, at times of the past.

use std::sync::Arc;

use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Clock, ManualClock, Millis, Zone};
use fugong_issuer::accounts::{Actor, Role, hash_password, store as accounts};
use fugong_issuer::app::App;
use fugong_issuer::applications::{
    self, ActError, Application, CHECK_GROUPS, CHECK_LIST_VERSION, CheckItem, FilingForm, Person,
    Recorded,
};
use fugong_issuer::permits::{self, Permit};
use fugong_issuer::web::Page;

/// An issuer whose clock we move.
#[derive(Debug)]
pub struct Stage {
    pub app: App,
    clock: Arc<ManualClock>,
    zone: Zone,
}

/// The play cannot go on.
#[derive(Debug)]
pub struct Stuck(pub String);

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the sample town cannot be built: {}", self.0)
    }
}

impl std::error::Error for Stuck {}

impl From<fugong_issuer::db::DbError> for Stuck {
    fn from(error: fugong_issuer::db::DbError) -> Self {
        Self(error.to_string())
    }
}

impl From<Problem> for Stuck {
    fn from(problem: Problem) -> Self {
        let fields: Vec<_> =
            problem.fields().iter().map(|(name, text)| format!("{name}: {}", text.en)).collect();
        let advice = problem.advice().map(|text| text.en.to_string()).unwrap_or_default();
        Self(format!("{} {advice} {}", problem.title().en, fields.join("; ")))
    }
}

impl From<ActError> for Stuck {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Problem(problem) => problem.into(),
            other => Self(format!("{other:?}")),
        }
    }
}

impl Stage {
    /// A stage on the database of `app`, at `begin`.
    pub fn new(app: &App, zone: Zone, begin: Millis) -> Result<Self, Stuck> {
        let clock = Arc::new(ManualClock::new(begin));
        let handle: Arc<dyn Clock> = clock.clone();
        let app = App::new(app.db().clone(), handle, app.entropy_handle(), app.config().clone());
        app.keys().load().map_err(|error| Stuck(error.to_string()))?;
        Ok(Self { app, clock, zone })
    }

    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    pub fn set(&self, at: Millis) {
        self.clock.set(at);
    }

    pub fn later(&self, minutes: i64) {
        self.clock.advance_millis(minutes * 60_000);
    }

    pub fn today(&self) -> String {
        self.zone.date(self.now())
    }

    /// Adds somebody with one post.
    pub async fn hire(
        &self,
        (sign_in, name, password): (&str, &str, &str),
        role: Role,
        division_id: &str,
        enterprise_id: &str,
        line: &str,
    ) -> Result<(), Stuck> {
        let hash = hash_password(self.app.entropy(), sign_in, password)
            .map_err(|fault| Stuck(format!("password of {sign_in}: {fault:?}")))?;
        let (account_id, post_id) = (self.app.new_id(), self.app.new_id());
        let mut tx = self.app.db().write().await?;
        accounts::insert(&mut tx, &account_id, sign_in, name, &hash, self.now()).await?;
        let post = accounts::NewPost {
            id: &post_id,
            account_id: &account_id,
            role,
            division_id,
            enterprise_id,
            title: "",
            line,
            valid_from: self.now(),
        };
        accounts::insert_post(&mut tx, post).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The page that somebody has before them now.
    pub async fn page(&self, sign_in: &str) -> Result<Page, Stuck> {
        let mut tx = self.app.db().read().await?;
        let account = accounts::find_by_sign_in(&mut tx, sign_in)
            .await?
            .ok_or_else(|| Stuck(format!("nobody signs in as {sign_in}")))?;
        let posts = accounts::list_posts(&mut tx, &account.id, Lang::Zh, self.now()).await?;
        let post =
            posts.first().cloned().ok_or_else(|| Stuck(format!("{sign_in} holds no post")))?;
        Ok(Page {
            app: self.app.clone(),
            actor: Actor {
                account_id: account.id,
                sign_in: account.sign_in,
                name: account.name,
                post,
                posts,
            },
            lang: Lang::Zh,
            now: self.now(),
            here: "/".to_owned(),
            done: None,
        })
    }

    /// Somebody fills the form in and keeps it as a draft.
    pub async fn draft(
        &self,
        by: &str,
        enterprise_id: &str,
        change: impl FnOnce(&mut FilingForm),
    ) -> Result<(Application, FilingForm), Stuck> {
        let page = self.page(by).await?;
        let mut tx = self.app.db().read().await?;
        let mut form = applications::Draft::open(&page, &mut tx, enterprise_id, "").await?.form();
        drop(tx);
        // It is submitted some minutes later, which may be the next day.
        form.planned_on = self.zone.date(self.now().plus_minutes(30));
        change(&mut form);
        let application = applications::draft(&page, enterprise_id, Some(form.clone())).await?;
        Ok((application, form))
    }

    pub async fn submit(
        &self,
        by: &str,
        application: &Application,
        form: &FilingForm,
    ) -> Result<Application, Stuck> {
        let page = self.page(by).await?;
        Ok(applications::submit(&page, &application.id, &application.seen(), form).await?)
    }

    /// Intake takes the case on and sends a checker today.
    pub async fn accept(
        &self,
        intake: &str,
        checker: &str,
        application: &Application,
    ) -> Result<Application, Stuck> {
        let sent = self.page(checker).await?.actor;
        let person = Person { account_id: sent.account_id, name: sent.name, post: sent.post.title };
        let page = self.page(intake).await?;
        let visit = Some((person, self.today()));
        Ok(applications::accept(&page, &application.id, &application.seen(), visit).await?)
    }

    /// The checker finds everything in place, and the responsible person there.
    pub async fn check(
        &self,
        checker: &str,
        application: &Application,
        meets: bool,
    ) -> Result<Application, Stuck> {
        let page = self.page(checker).await?;
        let items = CHECK_GROUPS.iter().map(|group| check_item(group, meets)).collect();
        let recorded = Recorded {
            items,
            note: if meets { String::new() } else { "口罩储备不足三天。".to_owned() },
            attended: true,
            meeting_note: "负责人到场，措施说明清楚。".to_owned(),
        };
        Ok(applications::record_check(&page, &application.id, &application.seen(), &recorded)
            .await?)
    }

    pub async fn sign(&self, by: &str, application: &Application) -> Result<Application, Stuck> {
        let page = self.page(by).await?;
        let mut tx = self.app.db().read().await?;
        let revision =
            applications::store::find_revision(&mut tx, &application.id, application.case.revision)
                .await?
                .ok_or_else(|| Stuck("a submitted application has a revision".to_owned()))?;
        drop(tx);
        Ok(applications::sign(&page, &application.id, &application.seen(), &revision.sha256)
            .await?)
    }

    pub async fn issue(&self, by: &str, application: &Application) -> Result<Permit, Stuck> {
        let page = self.page(by).await?;
        Ok(permits::issuing::issue_approved(&page, &application.id, &application.seen()).await?)
    }

    /// Does one act with a permit.
    pub async fn act(
        &self,
        by: &str,
        permit: &Permit,
        event: permits::Event,
        reason: &str,
    ) -> Result<(), Stuck> {
        let page = self.page(by).await?;
        let mut tx = self.app.db().write().await?;
        let found = permits::store::find(&mut tx, &permit.id)
            .await?
            .ok_or_else(|| Stuck("no such permit".to_owned()))?;
        let by = permits::By::from(&page.actor);
        let (_, change) = permits::act(&self.app, &mut tx, &found, event, &by, reason)
            .await
            .map_err(|error| Stuck(format!("{error:?}")))?;
        self.app.commit(tx, change).await?;
        Ok(())
    }
}

fn check_item(group: &str, meets: bool) -> CheckItem {
    let fails = !meets && group == "materials";
    CheckItem {
        group_code: group.to_owned(),
        item_code: group.to_owned(),
        list_version: CHECK_LIST_VERSION,
        result: if fails { "fails" } else { "meets" }.to_owned(),
        note: String::new(),
    }
}
