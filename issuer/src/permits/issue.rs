//! Issuing and reissuing: everything is checked before anything is signed.

use std::fmt;

use axum::http::StatusCode;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Role};
use fugong_common::permit::{Approval, NoCode, Permit as Claims, Subject};
use fugong_common::person::{Name, NameError};
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::trust::Span;
use fugong_common::uscc::Uscc;

use super::facts::{By, Facts, IssueFacts, IssueRequest, Place, Terms, document_number};
use super::sheet;
use super::state::{Event, Refused, Standing};
use super::store::{self, Permit};
use crate::app::App;
use crate::audit::Act;
use crate::db::{DbError, Tx};
use crate::divisions::{self, RegimeSettings};
use crate::keys::{self, NoKey};
use crate::print::{FontError, PrintError, Sheet, placard_svg};
use crate::status::{self, StatusFault};

/// Why a permit was not issued.
#[derive(Debug)]
pub enum IssueError {
    Db(DbError),
    Key(NoKey),
    /// The division it lies in is not there.
    NoDivision,
    /// It would end before it begins, or has ended.
    Term,
    Name(NameError),
    Code,
    /// Nobody signed.
    NoApproval,
    /// The placard cannot be printed: characters that no font has, or too much text.
    Print(PrintError),
    Fonts(FontError),
    /// This application was issued already.
    Twice,
    /// The older permit is not in a state to be reissued.
    State(Refused),
    Status(StatusFault),
}

impl From<DbError> for IssueError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate => Self::Twice,
            other => Self::Db(other),
        }
    }
}

impl From<NoKey> for IssueError {
    fn from(error: NoKey) -> Self {
        Self::Key(error)
    }
}

impl From<StatusFault> for IssueError {
    fn from(fault: StatusFault) -> Self {
        Self::Status(fault)
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Db(error) => write!(f, "{error}"),
            Self::Key(error) => write!(f, "{error}"),
            Self::Status(fault) => write!(f, "{fault}"),
            Self::State(refused) => write!(f, "{refused}"),
            Self::Print(error) => write!(f, "{error}"),
            Self::Fonts(error) => write!(f, "{error}"),
            other => f.write_str(other.say().1),
        }
    }
}

impl std::error::Error for IssueError {}

impl IssueError {
    const fn say(&self) -> (&'static str, &'static str) {
        match self {
            Self::Term => (
                "有效期有误：截止日期须晚于开始日期和今天。请更正后再发牌。",
                "The term is wrong: the last day has to lie after the first day and today. Correct it, then issue.",
            ),
            Self::NoDivision => (
                "场所所在辖区不存在。请先在场所信息中更正网格或社区。",
                "The division of the site does not exist. Correct the site's grid or community first.",
            ),
            Self::Name(_) => (
                "单位名称过长或含不可见字符，无法写入许可。请在企业档案中更正。",
                "The enterprise's name is too long or holds invisible characters. Correct it in the file.",
            ),
            Self::Code => (
                "统一社会信用代码有误。请在企业档案中更正。",
                "The unified social credit code is wrong. Correct it in the file.",
            ),
            Self::NoApproval => {
                ("没有签字，不能发牌。请先完成会签。", "Nobody has signed. Have it signed first.")
            }
            Self::Twice => (
                "该申请已发牌，或该许可刚被他人换发。请刷新后查看。",
                "This was issued already, or somebody else has just reissued it. Reload and look.",
            ),
            Self::State(Refused { standing: Standing::Expired, .. }) => (
                "许可已到期，不能换发。请申请单位办理延续。",
                "The permit has expired and is not reissued: the enterprise files a renewal.",
            ),
            Self::State(_) => (
                "许可已暂停、已撤销或已换发，不能换发。请先恢复，或按新申请办理。",
                "A suspended, revoked or replaced permit is not reissued. Resume it first, or file anew.",
            ),
            Self::Db(_) | Self::Key(_) | Self::Status(_) | Self::Print(_) | Self::Fonts(_) => {
                ("请稍后重试。", "Try again later.")
            }
        }
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        let code = match error {
            IssueError::Db(error) => return error.into(),
            IssueError::Key(error) => return error.into(),
            IssueError::Status(fault) => return fault.into(),
            IssueError::Print(error) => return print_problem(&error),
            IssueError::Fonts(error) => return Self::internal(error),
            IssueError::Term => "term",
            IssueError::NoDivision => "no_division",
            IssueError::Name(_) => "name",
            IssueError::Code => "uscc",
            IssueError::NoApproval => "no_approval",
            IssueError::Twice => "issued_already",
            IssueError::State(_) => "state",
        };
        Self::new(StatusCode::CONFLICT, code, ("不能发牌", "It cannot be issued"))
            .detail(error.say())
    }
}

/// What cannot be printed, and what to do about it.
pub fn print_problem(error: &PrintError) -> Problem {
    if let PrintError::Renderer(cause) = error {
        return Problem::internal(cause.clone());
    }
    Problem::new(
        StatusCode::CONFLICT,
        "not_printable",
        ("公示牌无法打印", "The placard can't be printed"),
    )
    .detail((error.zh(), error.to_string()))
}

/// What the division says at this moment.
struct Office {
    facts: IssueFacts,
    zone: Zone,
    pattern: String,
    /// Whose count of document numbers is taken.
    numbering_id: String,
}

async fn office(tx: &mut Tx, place: &Place, by: &By, now: Millis) -> Result<Office, IssueError> {
    let chain = divisions::store::ancestry(tx, &place.division_path).await?;
    let nearest = chain.last().ok_or(IssueError::NoDivision)?;
    let zone = Zone::parse(&nearest.zone)
        .map_err(|_| DbError::corrupt("divisions", "zone", &nearest.id))?;
    // The nearest node that numbers documents issues them; else the uppermost.
    let numbering = chain
        .iter()
        .rev()
        .find(|division| !division.document_pattern.is_empty())
        .or(chain.first())
        .unwrap_or(nearest);
    let hotline = chain.iter().rev().map(|d| d.hotline.as_str()).find(|phone| !phone.is_empty());
    let regime = divisions::store::find_regime(tx, &place.division_path, now).await?;
    let settings = regime.as_ref().map_or_else(RegimeSettings::default, |r| r.settings.clone());
    Ok(Office {
        facts: IssueFacts {
            title: settings.placard_title,
            authority: numbering.name.clone(),
            hotline: hotline.unwrap_or_default().to_owned(),
            zone: nearest.zone.clone(),
            rule_version: regime.map_or(0, |regime| regime.rule_version),
            issued_by: by.name.clone(),
            issued_as: by.post.clone(),
        },
        zone,
        pattern: numbering.document_pattern.clone(),
        numbering_id: numbering.id.clone(),
    })
}

fn validity(terms: &Terms, now: Millis) -> Result<Validity, IssueError> {
    Validity::new(terms.valid_from.seconds(), terms.valid_to.seconds())
        .filter(|validity| validity.expires() > now.seconds())
        .ok_or(IssueError::Term)
}

async fn subject(
    app: &App,
    tx: &mut Tx,
    place: &Place,
    facts: &Facts,
) -> Result<Subject, IssueError> {
    if facts.uscc.is_empty() {
        let fresh = NoCode::new(app.entropy());
        return Ok(store::no_code(tx, &place.enterprise_id, fresh).await?);
    }
    Uscc::parse(&facts.uscc).map(Subject::Coded).map_err(|_| IssueError::Code)
}

/// What a new permit takes over from an older one.
struct Line<'a> {
    lineage: Lineage,
    document_number: String,
    replaces: &'a Permit,
}

/// Signs and stores a permit. The one order of locks is: permits, status list, audit, changes.
async fn sign(
    app: &App,
    tx: &mut Tx,
    request: IssueRequest,
    line: Option<Line<'_>>,
    office: Office,
) -> Result<Permit, IssueError> {
    let now = app.now();
    let IssueRequest { application_id, place, terms, mut facts } = request;
    if facts.approvers.is_empty() {
        return Err(IssueError::NoApproval);
    }
    let validity = validity(&terms, now)?;
    let name = Name::parse(&facts.name).map_err(IssueError::Name)?;
    let trust = keys::store::require(tx).await??;
    let span = Span::from(validity);
    let signing = keys::choose(&trust, app.keys(), Role::Permit, span, &[place.site], now)?;
    facts.issue = office.facts;
    let serial = Serial::new(app.entropy());
    let subject = subject(app, tx, &place, &facts).await?;
    let key_id = signing.entry.id().to_string();
    let (lineage, document, replaces) = if let Some(line) = line {
        (line.lineage, line.document_number, line.replaces.serial.to_hex())
    } else {
        let year = office.zone.year(now);
        let numbering = &office.numbering_id;
        let number = divisions::store::next_document_number(tx, numbering, i64::from(year)).await?;
        let document = document_number(&office.pattern, year, number);
        (Lineage::starting_with(serial), document, String::new())
    };
    // A permit whose placard can't be printed is never signed.
    let fonts = app.fonts().map_err(IssueError::Fonts)?;
    let specimen = sheet::specimen(&document, &terms, &facts, app.config().demo);
    placard_svg(&fonts, Sheet::A4, &specimen).map_err(IssueError::Print)?;
    let status_index = status::take_index(tx, &key_id).await?;
    let claims = Claims {
        subject,
        serial,
        validity,
        name,
        site: place.site,
        category: terms.category,
        status_index: u32::try_from(status_index)
            .map_err(|_| DbError::corrupt("status_lists", "next_index", &key_id))?,
        mode: terms.mode,
        approval: Approval {
            route: terms.route,
            posts: facts.approvers.iter().map(|approver| approver.post).collect(),
            rule_version: terms.rule_version,
        },
        evidence: terms.evidence,
    };
    let token = envelope::seal(Kind::Permit, &*signing.key, &claims.encode())
        .map_err(|error| NoKey::Failed(error.to_string()))?;
    let permit = Permit {
        id: app.new_id(),
        serial,
        lineage,
        application_id,
        place,
        document_number: document,
        facts,
        claims,
        key_id,
        status_index,
        token,
        state: super::State::Issued,
        replaces,
        issued_at: now,
        copies: 0,
        revision: 1,
    };
    store::insert(tx, &permit).await?;
    Ok(permit)
}

async fn record(
    app: &App,
    tx: &mut Tx,
    action: &str,
    permit: &Permit,
    by: &By,
    detail: &str,
) -> Result<(), DbError> {
    let act = Act {
        at: app.now(),
        account_id: &by.account_id,
        post_id: &by.post_id,
        action,
        subject: "permit",
        subject_id: &permit.id,
        division_id: &permit.place.division_id,
        detail,
    };
    app.record(tx, act).await
}

/// Issues a permit in the caller's transaction: number, signature, history, timeline, audit and the
/// change that its gates follow. Commit with the change returned.
///
/// # Errors
/// [`IssueError`]; nothing was signed. Drop the transaction then.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    request: IssueRequest,
    by: &By,
) -> Result<(Permit, i64), IssueError> {
    let now = app.now();
    let office = office(tx, &request.place, by, now).await?;
    let permit = sign(app, tx, request, None, office).await?;
    store::note_act(tx, &permit.id, &app.new_id(), now, "issue", by, "").await?;
    super::note_timeline(app, tx, &permit, "permit.issued", "", by).await?;
    record(app, tx, "permit.issue", &permit, by, &permit.document_number).await?;
    let scope = permit.place.site.0.to_string();
    let change = app.note_change(tx, "register", &scope).await?;
    Ok((permit, change))
}

/// What a reissue changes; whatever is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The application that asked for it.
    pub application_id: Option<String>,
    pub terms: Option<Terms>,
    pub facts: Option<Facts>,
}

/// The terms that a permit was issued under.
pub fn terms_of(permit: &Permit) -> Terms {
    let claims = &permit.claims;
    Terms {
        category: claims.category,
        mode: claims.mode,
        route: claims.approval.route,
        rule_version: claims.approval.rule_version,
        valid_from: Millis::from_seconds(claims.validity.not_before()),
        valid_to: Millis::from_seconds(claims.validity.expires()),
        evidence: claims.evidence,
    }
}

/// Signs a permit anew under the newest key: same line and document number, new serial; the older
/// serial is replaced in the same transaction, so that never two of them count.
///
/// # Errors
/// [`IssueError`]; drop the transaction then.
pub async fn reissue(
    app: &App,
    tx: &mut Tx,
    old: &Permit,
    changes: Changes,
    by: &By,
    reason: &str,
) -> Result<(Permit, i64), IssueError> {
    let now = app.now();
    let next = old.after(Event::Supersede, now).map_err(IssueError::State)?;
    let mut terms = changes.terms.unwrap_or_else(|| terms_of(old));
    // A new key cannot sign into the time before it was listed.
    if terms.valid_from < now && old.claims.validity.not_before() < now.seconds() {
        terms.valid_from = now;
    }
    let request = IssueRequest {
        application_id: changes.application_id.unwrap_or_else(|| old.application_id.clone()),
        place: old.place.clone(),
        terms,
        facts: changes.facts.unwrap_or_else(|| old.facts.clone()),
    };
    if !store::move_on(tx, old, next, now).await? {
        return Err(IssueError::Twice);
    }
    let office = office(tx, &request.place, by, now).await?;
    let line =
        Line { lineage: old.lineage, document_number: old.document_number.clone(), replaces: old };
    let permit = sign(app, tx, request, Some(line), office).await?;
    // A list whose key is withdrawn or gone is read by nobody any more.
    if keys::store::require(tx).await??.keys.iter().any(|key| {
        key.id().to_string() == old.key_id && key.revoked.is_none() && key.exp > now.seconds()
    }) {
        status::set(app, tx, &old.key_id, old.status_index, next.status()).await?;
    }
    store::note_act(tx, &old.id, &app.new_id(), now, "supersede", by, reason).await?;
    store::note_act(tx, &permit.id, &app.new_id(), now, "reissue", by, reason).await?;
    super::note_timeline(app, tx, &permit, "permit.reissued", reason, by).await?;
    let detail = format!("{} → {} {reason}", old.serial, permit.serial);
    record(app, tx, "permit.reissue", &permit, by, &detail).await?;
    app.note_change(tx, "status", &old.key_id).await?;
    let scope = permit.place.site.0.to_string();
    let change = app.note_change(tx, "register", &scope).await?;
    Ok((permit, change))
}
