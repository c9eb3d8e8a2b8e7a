//! The signed bundle of a gate: a manifest over parts that are built from one instant's data.
//!
//! A manifest is a function of the gate and the newest change: sequence number, time and audit
//! head come from that change's row, and Ed25519 is deterministic. So any process can make it at
//! any time, and nothing of it is stored. Parts are kept by digest while they are in use, for
//! deltas; a process that doesn't know an older part sends the whole one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use fugong_common::keys::Role;
use fugong_common::lang::Lang;
use fugong_common::manifest::Manifest;
use fugong_common::permit::SiteCode;
use fugong_common::records::{self, RecordSet};
use fugong_common::temperature::Thresholds;
use fugong_common::time::Millis;
use fugong_common::trust::Span;
use fugong_common::wire::{Guard, GuardRole, PartName, Settings};
use sha2::{Digest, Sha256};

use super::device::audience;
use super::moment::{self, Moment, Since};
use super::register;
use super::seen::Seen;
use super::shelf::{Kept, Sha, Shelf, delta_name};
use super::store;
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::{changes, divisions, keys, premises};

const NONE: Sha = [0; 32];

/// A manifest and the parts it names.
#[derive(Clone, Debug)]
pub struct Built {
    pub manifest: Bytes,
    pub seq: i64,
    parts: BTreeMap<String, Sha>,
    /// Whose changes concern this gate: enterprises, sites, the gate itself.
    scopes: Arc<HashSet<String>>,
    sites: Vec<SiteCode>,
    /// Of the newest change. What ends without a change is decided as of its hour, so that every
    /// process makes the same bytes under one number.
    at: Millis,
}

/// The hour in which an instant lies.
const fn hour_of(at: Millis) -> Millis {
    Millis(at.0 - at.0.rem_euclid(3_600_000))
}

/// What this process has built lately.
#[derive(Debug, Default)]
pub struct Bundles {
    inner: Mutex<Inner>,
    moment_turn: tokio::sync::Mutex<()>,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Inner {
    gates: HashMap<String, Built>,
    parts: Shelf,
    moment: Option<Arc<Moment>>,
    nonce_secret: Option<Vec<u8>>,
}

impl Bundles {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn nonce_secret(&self) -> Option<Vec<u8>> {
        self.inner().nonce_secret.clone()
    }

    pub(super) fn set_nonce_secret(&self, secret: Vec<u8>) {
        self.inner().nonce_secret = Some(secret);
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn moment(&self) -> Option<Arc<Moment>> {
        self.inner().moment.clone()
    }

    pub(super) async fn moment_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.moment_turn.lock().await
    }

    pub(super) fn set_moment(&self, moment: &Arc<Moment>) {
        let mut inner = self.inner();
        if inner.moment.as_ref().is_none_or(|known| known.newest.seq < moment.newest.seq) {
            inner.moment = Some(Arc::clone(moment));
        }
    }

    fn find(&self, gate_id: &str) -> Option<Built> {
        self.inner().gates.get(gate_id).cloned()
    }

    /// Of the parts that all gates are given, if it is the newest.
    fn find_common(&self, name: PartName, digest: &Sha) -> Option<Kept> {
        let (of, kept) = self.moment()?.common.get(&name.to_string()).cloned()?;
        (of == *digest).then_some(kept)
    }

    fn find_part(&self, name: &Sha) -> Option<Kept> {
        self.inner().parts.find(name)
    }

    fn keep(&self, name: Sha, bytes: Vec<u8>) -> Kept {
        self.inner().parts.keep(name, bytes)
    }

    /// Takes all the room there is, so that nothing else is kept.
    #[cfg(test)]
    pub(super) fn crowd_out(&self) {
        let bytes = vec![0; super::shelf::KEEP_BYTES];
        self.keep(Sha256::digest(&bytes).into(), bytes);
    }

    fn forget(&self, gate_id: &str) {
        self.inner().gates.remove(gate_id);
    }

    /// Whether a change concerns a gate that this process has served.
    pub(super) fn concerns(&self, gate_id: &str, change: &changes::Change) -> bool {
        let scopes = self.inner().gates.get(gate_id).map(|built| Arc::clone(&built.scopes));
        scopes.is_none_or(|scopes| is_about(change, &scopes))
    }
}

/// Status and trust lists concern every gate; the rest whom it names.
fn is_about(change: &changes::Change, scopes: &HashSet<String>) -> bool {
    matches!(change.kind.as_str(), "status" | "trust" | "regime")
        || change.scope.is_empty()
        || scopes.contains(&change.scope)
}

/// Builds what a gate is given now, from a snapshot.
pub async fn build(app: &App, mut tx: Tx, gate_id: &str) -> Result<Option<Built>, DbError> {
    let Some(moment) = moment::now(app, &mut tx).await? else { return Ok(None) };
    let (newest, trust) = (&moment.newest, &moment.trust);
    let held = app.bundles().find(gate_id);
    if let Some(held) = &held
        && held.seq == newest.seq
    {
        return Ok(Some(held.clone()));
    }
    let since = match &held {
        Some(held) => Some(moment.since(&mut tx, held.seq, held.at).await?),
        None => None,
    };
    let before = held.as_ref().zip(since.as_deref());
    let Some(parts) = build_parts(app, &mut tx, gate_id, &moment, before).await? else {
        return Ok(None);
    };
    drop(tx);
    let (parts, scopes, sites) = parts;
    let longest =
        trust.list.keys.iter().filter(|key| key.role == Role::Manifest).map(|key| key.exp).max();
    let (iat, exp) = (newest.at.seconds(), newest.at.plus_hours(MANIFEST_HOURS).seconds());
    let exp = longest.map_or(exp, |longest| exp.min(longest));
    let manifest = Manifest {
        audience: audience(app, gate_id),
        seq: u64::try_from(newest.seq).unwrap_or(0),
        iat,
        exp,
        parts: parts.clone(),
        audit_head: newest.audit_sha256.as_slice().try_into().unwrap_or(NONE),
    };
    let signing = keys::choose(
        &trust.list,
        app.keys(),
        Role::Manifest,
        Span { nbf: iat, exp },
        &sites,
        newest.at,
    );
    let manifest = match signing.map(|signing| manifest.seal(signing.key.as_ref())) {
        Ok(Ok(manifest)) => manifest,
        other => {
            tracing::error!(?other, "cannot sign a manifest");
            return Ok(None);
        }
    };
    let built =
        Built { manifest: manifest.into(), seq: newest.seq, parts, scopes, sites, at: newest.at };
    app.bundles().inner().gates.insert(gate_id.to_owned(), built.clone());
    Ok(Some(built))
}

/// A manifest older than this is worth nothing: status lists decide long before.
const MANIFEST_HOURS: i64 = 10 * 24;

type Parts = (BTreeMap<String, Sha>, Arc<HashSet<String>>, Vec<SiteCode>);

struct Collected<'a> {
    bundles: &'a Bundles,
    parts: BTreeMap<String, Sha>,
}

impl Collected<'_> {
    fn put(&mut self, name: PartName, bytes: Vec<u8>) {
        let digest: Sha = Sha256::digest(&bytes).into();
        self.bundles.keep(digest, bytes);
        self.parts.insert(name.to_string(), digest);
    }

    /// Takes over what changes of status leave as it is; false if some of it is no longer kept.
    fn reuse(&mut self, held: &Built) -> bool {
        [PartName::Settings, PartName::Roster, PartName::Register].into_iter().all(|name| {
            let name = name.to_string();
            let kept =
                held.parts.get(&name).filter(|digest| self.bundles.find_part(digest).is_some());
            kept.is_some_and(|digest| {
                self.parts.insert(name, *digest);
                true
            })
        })
    }
}

fn concerns_sites(change: &changes::Change, scopes: &HashSet<String>) -> bool {
    !matches!(change.kind.as_str(), "status" | "trust") && is_about(change, scopes)
}

async fn build_parts(
    app: &App,
    tx: &mut Tx,
    gate_id: &str,
    moment: &Moment,
    before: Option<(&Built, &Since)>,
) -> Result<Option<Parts>, DbError> {
    let at = moment.newest.at;
    let common = moment.common.iter().map(|(name, (digest, _))| (name.clone(), *digest));
    let mut parts = Collected { bundles: app.bundles(), parts: common.collect() };
    // Only what concerns people and permits of this gate's sites makes the large parts anew.
    if let Some((held, since)) = before
        && let Some(changes) = &since.changes
        && hour_of(held.at) == hour_of(at)
        && !since.regime_begins
        && !changes.iter().any(|change| concerns_sites(change, &held.scopes))
        && parts.reuse(held)
    {
        return Ok(Some((parts.parts, Arc::clone(&held.scopes), held.sites.clone())));
    }
    let hour = hour_of(at);
    let Some((settings, sites)) = settings(app, tx, gate_id, at).await? else { return Ok(None) };
    let Ok(settings) = settings.to_bytes() else { return Ok(None) };
    parts.put(PartName::Settings, settings);
    let mut scopes: HashSet<String> = sites.iter().map(|site| site.0.to_string()).collect();
    scopes.insert(gate_id.to_owned());
    let (register, roster) = register::read(tx, &sites, hour).await?;
    parts.put(PartName::Register, register.to_bytes());
    parts.put(PartName::Roster, roster.to_bytes());
    Ok(Some((parts.parts, Arc::new(scopes), sites)))
}

/// The sites a gate serves: its premises and, for a container, everything inside.
pub(super) async fn sites_of(tx: &mut Tx, premises_id: &str) -> Result<Vec<SiteCode>, DbError> {
    let Some(own) = premises::store::find(tx, premises_id).await? else { return Ok(Vec::new()) };
    let mut sites = vec![own.site_code];
    let mut containers = vec![own.id];
    for _ in 0..CONTAINER_DEPTH {
        let inside = premises::store::list_inside(tx, &containers).await?;
        let codes = inside.iter().map(|(_, site_code)| *site_code);
        sites.extend(codes);
        containers = inside.into_iter().map(|(id, _)| id).collect();
    }
    sites.sort_unstable();
    sites.dedup();
    Ok(sites.into_iter().filter_map(|site| u64::try_from(site).ok()).map(SiteCode).collect())
}

/// A shop in a mall in a park.
const CONTAINER_DEPTH: usize = 3;

/// What an administrator and the regime decided for one gate, and the sites it serves.
async fn settings(
    app: &App,
    tx: &mut Tx,
    gate_id: &str,
    at: Millis,
) -> Result<Option<(Settings, Vec<SiteCode>)>, DbError> {
    let Some(gate) = store::find(tx, gate_id).await? else { return Ok(None) };
    let Some(division) = divisions::store::find(tx, &gate.division_id).await? else {
        return Ok(None);
    };
    let regime = divisions::store::find_regime(tx, &division.path, at).await?;
    let (regime_id, rule_version, rules) = match regime {
        Some(regime) => (regime.id, regime.rule_version, regime.settings),
        None => (String::new(), 0, divisions::RegimeSettings::default()),
    };
    let sites = sites_of(tx, &gate.premises_id).await?;
    let mut guards = Vec::new();
    for guard in store::guards::list(tx, gate_id).await? {
        let role =
            if guard.role == "shift_leader" { GuardRole::ShiftLeader } else { GuardRole::Guard };
        guards.push(Guard { id: guard.id, name: guard.name, role, pin_hash: guard.pin_hash });
    }
    // A gate's own hours may be stricter than its division's rule, never laxer (domain D20).
    let most = rules.offline_grace_hours;
    let hours = gate.grace_hours.map_or(most, |own| own.min(most));
    let order =
        Lang::Zh.of(rules.offline_order_zh.as_str(), rules.offline_order_en.as_str()).to_owned();
    let settings = Settings {
        gate_name: gate.name,
        sites: sites.clone(),
        division: division.code,
        division_name: division.name,
        time_zone: division.zone,
        regime: regime_id,
        rule_version,
        temperature: Thresholds::of(
            rules.plausible_low_tenths,
            rules.low_tenths,
            rules.fever_tenths,
            rules.plausible_high_tenths,
        )
        .unwrap_or(Thresholds::USUAL),
        offline_grace_seconds: u64::try_from(hours.saturating_mul(3600)).unwrap_or(0),
        capacity: gate.capacity.and_then(|n| u32::try_from(n).ok()),
        issuer_hosts: vec![app.config().host().to_owned()],
        guards,
        offline_order: order,
        sample: app.config().demo,
    };
    Ok(Some((settings, sites)))
}

/// A part as a gate asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Whole(Kept),
    Delta(Kept),
    /// No longer kept here: pull the manifest again.
    Gone,
}

/// A part of a gate's present bundle, as a delta from the one it holds where that is shorter.
pub async fn part(
    app: &App,
    gate_id: &str,
    name: PartName,
    digest: &Sha,
    held: Option<&Sha>,
) -> Result<Part, DbError> {
    // What everybody may read is given as it was named, without a look at the database.
    if matches!(name, PartName::Trust | PartName::Status(_))
        && let Some(held) = app.bundles().find(gate_id)
        && held.parts.get(&name.to_string()) == Some(digest)
        && let Some(kept) = app.bundles().find_common(name, digest)
    {
        return Ok(Part::Whole(kept));
    }
    let now = app.db().snapshot().await?;
    let Some(built) = build(app, now, gate_id).await? else { return Ok(Part::Gone) };
    // Only what this gate's own manifest names: the digest of another gate's roster opens nothing.
    if built.parts.get(&name.to_string()) != Some(digest) {
        return Ok(Part::Gone);
    }
    let Some(whole) = find(app, gate_id, name, digest).await? else { return Ok(Part::Gone) };
    if let Some(held) = held.filter(|_| name.has_deltas())
        && let Some(delta) = delta(app, held, digest, &whole).await
        && delta.plain.len() < whole.plain.len()
    {
        return Ok(Part::Delta(delta));
    }
    Ok(Part::Whole(whole))
}

/// A part that a present manifest names, made again if there was no room to keep it.
async fn find(
    app: &App,
    gate_id: &str,
    name: PartName,
    digest: &Sha,
) -> Result<Option<Kept>, DbError> {
    let bundles = app.bundles();
    if let Some(kept) = bundles.find_common(name, digest) {
        return Ok(Some(kept));
    }
    if let Some(kept) = bundles.find_part(digest) {
        return Ok(Some(kept));
    }
    bundles.forget(gate_id);
    build(app, app.db().snapshot().await?, gate_id).await?;
    Ok(bundles.find_part(digest))
}

/// What leads from a part that is still kept to the present one; worked out once, off the threads that answer.
async fn delta(app: &App, from: &Sha, to: &Sha, whole: &Kept) -> Option<Kept> {
    let name = delta_name(from, to);
    if let Some(known) = app.bundles().find_part(&name) {
        return Some(known);
    }
    let (old, new) = (app.bundles().find_part(from)?.plain, whole.plain.clone());
    let compare = move || {
        let (old, new) = (RecordSet::from_bytes(&old).ok()?, RecordSet::from_bytes(&new).ok()?);
        Some(records::diff(&old, &new).to_bytes())
    };
    let bytes = tokio::task::spawn_blocking(compare).await.ok().flatten()?;
    Some(app.bundles().keep(name, bytes))
}
