//! The tree's pages: one node at a time, with what lies directly below it.

use askama::Template;
use axum::extract::{Form, Multipart, Path};
use axum::http::StatusCode;
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::node::{self, NodeForm, below, fill_pattern, parse_texts, place_below};
use super::store::{self, Division, NewDivision};
use super::words::TreeWords;
use super::{Level, import, tree};
use crate::accounts::manage;
use crate::authz::{Action, Bounds, Place, Reach};
use crate::db::{DbError, Tx};
use crate::fields::Errors;
use crate::web::{Frame, Nav, Page, Refused, Routes, Tone, conflict, html_again, see_other};
use crate::{enterprises, premises};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/settings/divisions", Action::ManageDivisions, root)
        .get("/settings/divisions/{id}", Action::ManageDivisions, show)
        .post("/settings/divisions/{id}", Action::ManageDivisions, edit)
        .post("/settings/divisions/{id}/below", Action::ManageDivisions, add)
        .post("/settings/divisions/{id}/end", Action::ManageDivisions, end)
        .post("/settings/divisions/{id}/import", Action::ManageDivisions, import_list);
    super::regime::pages::routes(routes)
}

/// What is typed of a new node.
#[derive(Clone, Debug, Default, Deserialize)]
struct ChildForm {
    #[serde(default)]
    level: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    child_name: String,
}

struct Child {
    id: String,
    name: String,
    level: &'static str,
    code: String,
    below: i64,
    enterprises: i64,
}

struct LevelOption {
    code: &'static str,
    title: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "divisions/node.html")]
struct NodePage {
    frame: Frame,
    w: &'static TreeWords,
    id: String,
    name: String,
    level: &'static str,
    code: String,
    zone: String,
    since: String,
    ended: bool,
    is_root: bool,
    crumbs: Vec<(String, String)>,
    hotline: String,
    pattern: String,
    example: String,
    enterprises: i64,
    posts: i64,
    children: Vec<Child>,
    levels: Vec<LevelOption>,
    may_import: bool,
    import_why: String,
    form: NodeForm,
    child: ChildForm,
    errors: Errors,
    faults: Vec<String>,
}

/// What a node's page shows beyond its rows.
#[derive(Default)]
struct Shown {
    form: Option<NodeForm>,
    child: ChildForm,
    errors: Errors,
    faults: Vec<String>,
    notice: Option<String>,
    refused: Option<Refused>,
    kept: String,
}

async fn root(page: Page) -> Result<Response, Problem> {
    let id = page.actor.post.division_id.clone();
    show_node(&page, &id, Shown::default()).await
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_node(&page, &id, Shown::default()).await
}

async fn find(page: &Page, tx: &mut Tx, id: &str) -> Result<Division, Problem> {
    let division = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ManageDivisions, Place::in_division(&division.path))?;
    Ok(division)
}

/// The nearest value above that isn't empty, and what is said where there is none.
fn or_above(
    w: &'static TreeWords,
    own: &str,
    above: &[Division],
    value: impl Fn(&Division) -> &str,
) -> String {
    if !own.is_empty() {
        return own.to_owned();
    }
    above
        .iter()
        .rev()
        .map(value)
        .find(|text| !text.is_empty())
        .map_or_else(|| w.missing.to_owned(), |text| fill(w.inherited, &[("value", &text)]))
}

async fn count_enterprises(tx: &mut Tx, bounds: &Bounds) -> Result<i64, DbError> {
    let filter = enterprises::store::Filter { bounds, search: "", kind: "", scale: "", survey: "" };
    enterprises::store::count(tx, &filter).await
}

async fn list_children(page: &Page, tx: &mut Tx, id: &str) -> Result<Vec<Child>, Problem> {
    let mut children = Vec::new();
    for child in tree::list_children(tx, id, page.now).await? {
        let bounds = Reach::Division(child.path.clone()).bounds();
        children.push(Child {
            below: tree::count_below(tx, &child.path, page.now).await?,
            enterprises: count_enterprises(tx, &bounds).await?,
            level: child.level()?.title(page.lang),
            code: child.code,
            name: child.name,
            id: child.id,
        });
    }
    Ok(children)
}

async fn show_node(page: &Page, id: &str, shown: Shown) -> Result<Response, Problem> {
    let w = TreeWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let division = find(page, &mut tx, id).await?;
    let level = division.level()?;
    let mut above = store::ancestry(&mut tx, &division.path).await?;
    above.pop();
    let bounds = Reach::Division(division.path.clone()).bounds();
    let children = list_children(page, &mut tx, id).await?;
    let enterprises = count_enterprises(&mut tx, &bounds).await?;
    let posts = manage::store::count_posts_below(&mut tx, &bounds, page.now).await?;
    drop(tx);
    let zone = page.zone_named(&division.zone);
    let pattern = or_above(w, &division.document_pattern, &above, |d| &d.document_pattern);
    let nearest = [&division].into_iter().chain(above.iter().rev());
    let example = nearest.map(|d| d.document_pattern.as_str()).find(|text| !text.is_empty());
    let year = i64::from(zone.year(page.now));
    let mut frame = page.frame(Nav::Settings);
    let done = match page.done.as_deref() {
        Some("added") => Some(w.done_added.to_owned()),
        Some("saved") => Some(w.done_saved.to_owned()),
        Some("ended") => Some(w.done_ended.to_owned()),
        _ => None,
    };
    if let Some(done) = shown.notice.or(done) {
        frame = frame.notice(Tone::Ok, done);
    }
    let faulty = !shown.errors.is_empty() || !shown.faults.is_empty();
    let refused = shown.refused.or_else(|| faulty.then(|| Refused::fields(page.lang)));
    let reach = page.reach();
    let node = NodePage {
        frame: frame.refused(refused.as_ref()).kept(shown.kept),
        w,
        crumbs: above
            .iter()
            .filter(|d| reach.covers(Place::in_division(&d.path)))
            .map(|d| (d.id.clone(), d.name.clone()))
            .collect(),
        hotline: or_above(w, &division.hotline, &above, |d| &d.hotline),
        example: example.map_or(String::new(), |text| {
            fill(w.pattern_next, &[("example", &fill_pattern(text, year, 12))])
        }),
        pattern,
        since: fill(
            w.since,
            &[("from", &zone.say_day(page.lang, Millis(division.valid_from), page.now))],
        ),
        ended: division.valid_to.is_some_and(|end| end <= page.now.0),
        is_root: division.id == page.actor.post.division_id,
        enterprises,
        posts,
        children,
        levels: below(level)
            .iter()
            .map(|level| LevelOption {
                code: level.code(),
                title: level.title(page.lang),
                chosen: level.code() == shown.child.level,
            })
            .collect(),
        may_import: matches!(level, Level::City | Level::District | Level::Street),
        import_why: fill(w.import_why, &[("rows", &import::MOST_ROWS)]),
        form: shown.form.unwrap_or(NodeForm {
            name: division.name.clone(),
            hotline: division.hotline,
            pattern: division.document_pattern,
            revision: division.revision,
        }),
        child: shown.child,
        errors: shown.errors,
        faults: shown.faults,
        level: level.title(page.lang),
        id: division.id,
        name: division.name,
        code: division.code,
        zone: division.zone,
    };
    html_again(&node, refused.as_ref())
}

async fn edit(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<NodeForm>,
) -> Result<Response, Problem> {
    let mut errors = Errors::default();
    let Some(texts) = parse_texts(&form, page.lang, &mut errors) else {
        return show_node(&page, &id, Shown { form: Some(form), errors, ..Shown::default() }).await;
    };
    let mut tx = page.app.db().write().await?;
    let old = find(&page, &mut tx, &id).await?;
    let saved =
        store::update(&mut tx, &id, form.revision, &texts.name, &texts.hotline, &texts.pattern)
            .await?;
    if !saved {
        let what = ("该辖区刚被他人修改", "Somebody else has just edited this division");
        let refused = Some(Refused::quicker(page.lang, what));
        drop(tx);
        let form = Some(NodeForm { revision: old.revision, ..form });
        return show_node(&page, &id, Shown { form, refused, ..Shown::default() }).await;
    }
    let changes = [
        (&old.name, &texts.name),
        (&old.hotline, &texts.hotline),
        (&old.document_pattern, &texts.pattern),
    ];
    let changes = changes.iter().filter(|(old, new)| old != new);
    let detail: Vec<_> = changes.map(|(old, new)| format!("{old} → {new}")).collect();
    page.record(&mut tx, "division.edit", ("division", &id), &id, &detail.join("; ")).await?;
    // Gates show names and hotlines.
    let change = page.app.note_change(&mut tx, "division", "").await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/settings/divisions/{id}?done=saved")))
}

async fn add(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<ChildForm>,
) -> Result<Response, Problem> {
    let w = TreeWords::of(page.lang);
    let mut errors = Errors::default();
    let name = fugong_common::person::clean_name(&form.child_name).ok();
    if name.is_none() {
        errors.add("child_name", w.bad_name);
    }
    let mut tx = page.app.db().write().await?;
    let parent = find(&page, &mut tx, &id).await?;
    if parent.valid_to.is_some() {
        drop(tx);
        let what = ("该辖区已停用", "This division has ended");
        let refused = Some(Refused::quicker(page.lang, what));
        let kept = format!("{} {}", form.child_name, form.code);
        return show_node(&page, &id, Shown { refused, kept, ..Shown::default() }).await;
    }
    let level = Level::parse(&form.level);
    let mut code = None;
    match level {
        None => errors.add("level", w.bad_level),
        Some(level) => {
            let head = parent.code.get(..parent.level()?.code_digits()).unwrap_or_default();
            let known = tree::list_codes(&mut tx, level, head, page.now).await?;
            let taken: Vec<&str> = known.iter().map(|(code, _, _)| code.as_str()).collect();
            match place_below(&parent, parent.level()?, level, &form.code, &taken) {
                Ok(placed) => code = Some((level, placed)),
                Err(fault) => {
                    let field = if fault == node::PlaceFault::Level { "level" } else { "code" };
                    errors.add(field, fault.say(page.lang));
                }
            }
        }
    }
    let siblings = tree::list_children(&mut tx, &id, page.now).await?;
    if let Some(name) = &name
        && siblings.iter().any(|child| child.name == name.as_str())
    {
        errors.add("child_name", w.same_name);
    }
    let (Some((level, code)), Some(name), true) = (code, name, errors.is_empty()) else {
        drop(tx);
        return show_node(&page, &id, Shown { child: form, errors, ..Shown::default() }).await;
    };
    let child_id = page.app.new_id();
    let new = NewDivision {
        id: &child_id,
        parent: Some(&parent),
        level,
        code: &code,
        name: name.as_str(),
        zone: &parent.zone,
        hotline: "",
        document_pattern: "",
        valid_from: page.now,
    };
    store::insert(&mut tx, new).await?;
    let detail = format!("{} {code}", name.as_str());
    page.record(&mut tx, "division.add", ("division", &child_id), &id, &detail).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/divisions/{id}?done=added")))
}

async fn end(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    if id == page.actor.post.division_id {
        let title = TreeWords::both(|w| w.is_root);
        return Err(Problem::new(StatusCode::CONFLICT, "own_division", title));
    }
    let mut tx = page.app.db().write().await?;
    let division = find(&page, &mut tx, &id).await?;
    let bounds = Reach::Division(division.path.clone()).bounds();
    page.record(&mut tx, "division.end", ("division", &id), &id, &division.name).await?;
    if !store::end(&mut tx, &id, page.now).await? {
        return Err(conflict(("该辖区已停用", "This division has ended already")));
    }
    let below = tree::count_below(&mut tx, &division.path, page.now).await?;
    let posts = manage::store::count_posts_below(&mut tx, &bounds, page.now).await?;
    let enterprises = count_enterprises(&mut tx, &bounds).await?;
    let premises = premises::store::list(&mut tx, &bounds, "", "", 0, page.now, 1000).await?.len();
    if below + posts + enterprises > 0 || premises > 0 {
        let counts: [(&str, &dyn std::fmt::Display); 4] = [
            ("below", &below),
            ("posts", &posts),
            ("enterprises", &enterprises),
            ("premises", &premises),
        ];
        let title = TreeWords::both(|w| w.in_use);
        return Err(Problem::new(StatusCode::CONFLICT, "division_in_use", title)
            .detail(TreeWords::both(|w| fill(w.in_use_why, &counts))));
    }
    tx.commit().await?;
    let parent = division.parent_id.unwrap_or_default();
    Ok(see_other(&format!("/settings/divisions/{parent}?done=ended")))
}

/// How many faults of a file are shown at once.
const SHOWN_FAULTS: usize = 20;

async fn import_list(
    page: Page,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Result<Response, Problem> {
    let w = TreeWords::of(page.lang);
    let refuse = |faults: Vec<String>| Shown { faults, ..Shown::default() };
    let mut bytes = None;
    while let Some(field) = form.next_field().await.map_err(|_| Problem::invalid())? {
        if field.name() == Some("file") {
            bytes = Some(
                field
                    .bytes()
                    .await
                    .map_err(|_| Problem::for_status(StatusCode::PAYLOAD_TOO_LARGE))?,
            );
        }
    }
    let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
        return show_node(&page, &id, refuse(vec![w.no_file.to_owned()])).await;
    };
    let mut tx = page.app.db().write().await?;
    let division = find(&page, &mut tx, &id).await?;
    let bounds = Reach::Division(division.path.clone()).bounds();
    let known = import::tree(&mut tx, &bounds, page.now).await?;
    let plan = match import::parse(&bytes).and_then(|rows| import::plan(rows, &known)) {
        Ok(plan) => plan,
        Err(faults) => {
            drop(tx);
            let more = faults.len().saturating_sub(SHOWN_FAULTS);
            let mut lines: Vec<String> = faults
                .into_iter()
                .take(SHOWN_FAULTS)
                .map(|(line, fault)| {
                    fill(w.row_fault, &[("row", &line), ("what", &fault.say(page.lang))])
                })
                .collect();
            if more > 0 {
                lines.push(fill(w.more_faults, &[("count", &more)]));
            }
            return show_node(&page, &id, refuse(lines)).await;
        }
    };
    import::apply(&page.app, &mut tx, &plan, &known, page.now).await?;
    let detail = format!("+{} ={}", plan.added.len(), plan.kept);
    page.record(&mut tx, "division.import", ("division", &id), &id, &detail).await?;
    tx.commit().await?;
    let notice = fill(w.imported, &[("added", &plan.added.len()), ("kept", &plan.kept)]);
    show_node(&page, &id, Shown { notice: Some(notice), ..Shown::default() }).await
}
