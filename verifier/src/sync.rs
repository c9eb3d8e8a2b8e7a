//! Keeping up with the issuer: bundles down, journal up. Nothing here stands in the way of a scan.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::clock::ClockState;
use fugong_common::hex;
use fugong_common::journal::{Batch, EntryKind, Sealed};
use fugong_common::keys::KeyId;
use fugong_common::manifest::Manifest;
use fugong_common::records::{Delta, RecordSet, apply};
use fugong_common::service::serve::Shutdown;
use fugong_common::time::Millis;
use fugong_common::wire::{MANIFEST_EVENT, PartName, part_path, problem};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::bundle::{Bundle, BundleError, Part, Recipient};
use crate::config::Config;
use crate::engine::Gate;
use crate::enrol::{Enrolled, Standing, demo_roots};
use crate::issuer::{Fetched, Issuer, IssuerError};
use crate::journal::{Standing as JournalStanding, signed};
use crate::store::{Store, StoreError};

/// Entries of one batch.
const BATCH: usize = 1000;
/// Rows kept beside the bundle: a status list scanned from paper.
const SCANNED: &str = "scanned/";
/// A gate that waits for its confirmation asks so often.
const WAITING_SECONDS: u64 = 5;
/// Entries are gathered so long before they are sent.
const GATHER: Duration = Duration::from_millis(500);

/// How the last contact went.
#[derive(Clone, Debug, Default)]
pub struct Link {
    pub online: bool,
    /// Since when it is as `online` says.
    pub since: Option<Millis>,
    pub trouble: Option<String>,
    pub last_sync: Option<Millis>,
}

/// Why the gate isn't up to date.
#[derive(Debug)]
pub enum SyncError {
    Issuer(IssuerError),
    Bundle(BundleError),
    Store(StoreError),
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(error) => write!(f, "{error}"),
            Self::Bundle(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for SyncError {}

impl From<IssuerError> for SyncError {
    fn from(error: IssuerError) -> Self {
        Self::Issuer(error)
    }
}

impl From<BundleError> for SyncError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<sqlx::Error> for SyncError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<StoreError> for SyncError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The bundle on disk, checked anew; `None` before the first pull.
async fn stored_bundle(
    store: &Store,
    recipient: Recipient<'_>,
) -> Result<Option<Result<Bundle, BundleError>>, StoreError> {
    let manifest: Option<Vec<u8>> = sqlx::query_scalar("SELECT bytes FROM manifest WHERE one = 1")
        .fetch_optional(store.pool())
        .await?;
    let Some(manifest) = manifest else { return Ok(None) };
    let rows: Vec<(String, Vec<u8>, i64)> =
        sqlx::query_as("SELECT name, bytes, received_elapsed FROM parts")
            .fetch_all(store.pool())
            .await?;
    let (mut parts, mut scanned) = (BTreeMap::new(), Vec::new());
    for (name, bytes, received_elapsed) in rows {
        if name.starts_with(SCANNED) {
            scanned.push((bytes, received_elapsed));
        } else {
            parts.insert(name, Part { bytes: bytes.into(), received_elapsed });
        }
    }
    let bundle = Bundle::assemble(recipient, &manifest, parts, None).map(|mut bundle| {
        for (bytes, elapsed) in scanned {
            // One that the bundle has overtaken is no fault.
            if let Ok((newer, _)) = bundle.with_scanned_list(&bytes, recipient.now, elapsed) {
                bundle = newer;
            }
        }
        bundle
    });
    Ok(Some(bundle))
}

/// Reads a gate's bundle beside a running `serve`, for checks on the command line.
///
/// # Errors
/// Not enrolled, nothing pulled yet, or a bundle that doesn't stand.
pub async fn read_bundle(config: &Config, now: Millis) -> Result<Bundle, ReadError> {
    let store = Store::open_existing(&config.data_dir).await?;
    let enrolled = Enrolled::load(&store).await?.ok_or(ReadError::Nothing)?;
    let floor = crate::clock::load(&store).await?.floor;
    let recipient = Recipient {
        root: enrolled.root,
        demo: demo_roots(config),
        audience: &enrolled.audience,
        now: now.max(floor),
    };
    let bundle = stored_bundle(&store, recipient).await?;
    store.close().await;
    bundle.ok_or(ReadError::Nothing)?.map_err(ReadError::Bundle)
}

/// Why a gate's bundle can't be read.
#[derive(Debug)]
pub enum ReadError {
    Store(StoreError),
    Bundle(BundleError),
    Nothing,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Bundle(error) => write!(f, "{error}"),
            Self::Nothing => f.write_str(
                "this data directory holds no bundle; enrol and serve once, or give --root, --trust and --status",
            ),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Gate {
    /// Takes up the bundle on disk. One that no longer stands is fetched anew; the gate starts without it.
    pub(crate) async fn load_bundle(&self) -> Result<(), StoreError> {
        let Some(enrolled) = self.enrolled() else { return Ok(()) };
        let recipient = Recipient {
            root: enrolled.root,
            demo: demo_roots(self.config()),
            audience: &enrolled.audience,
            now: self.now().max(self.floor()),
        };
        match stored_bundle(self.store(), recipient).await? {
            Some(Ok(bundle)) => self.set_bundle(Some(bundle)),
            Some(Err(error)) => {
                tracing::error!(%error, "the bundle on disk cannot be used; it is fetched anew");
            }
            None => {}
        }
        Ok(())
    }

    /// Writes a bundle: all of it or nothing.
    async fn store_bundle(&self, bundle: &Bundle) -> Result<(), StoreError> {
        let mut transaction = self.store().begin().await?;
        sqlx::query(
            "INSERT INTO manifest (one, seq, bytes, received_at) VALUES (1, $1, $2, $3) \
             ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes, \
             received_at = excluded.received_at",
        )
        .bind(signed(bundle.manifest.seq))
        .bind(&bundle.manifest_bytes)
        .bind(self.now().0)
        .execute(&mut *transaction)
        .await?;
        let held: Vec<(String, Vec<u8>)> =
            sqlx::query_as("SELECT name, digest FROM parts").fetch_all(&mut *transaction).await?;
        for (name, _) in &held {
            if !bundle.parts.contains_key(name) && !name.starts_with(SCANNED) {
                sqlx::query("DELETE FROM parts WHERE name = $1")
                    .bind(name)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        for (name, part) in &bundle.parts {
            let digest = bundle.manifest.parts.get(name).copied().unwrap_or_default();
            if held.iter().any(|(known, of)| known == name && of.as_slice() == digest) {
                continue;
            }
            store_part(&mut transaction, name, &digest, part).await?;
        }
        sqlx::query("UPDATE enrolment SET root = $1, state = 'confirmed' WHERE one = 1")
            .bind(bundle.trust.root().0.as_slice())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn store_scanned_list(
        &self,
        key: KeyId,
        bytes: &[u8],
        elapsed: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.store().begin().await?;
        let part = Part { bytes: bytes.into(), received_elapsed: elapsed };
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        store_part(&mut transaction, &format!("{SCANNED}{key}"), &digest, &part).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Asks for the newest manifest and fetches what changed; says whether anything did.
    pub(crate) async fn pull(&self, issuer: &Issuer) -> Result<bool, SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(false) };
        let manifest_bytes = issuer.manifest(&enrolled).await?;
        let held = self.bundle();
        let unchanged = held.as_ref().is_some_and(|held| held.manifest_bytes == manifest_bytes);
        if !unchanged {
            let elapsed = self.time().elapsed;
            let planned = Manifest::peek(&manifest_bytes).map_err(BundleError::Manifest)?;
            let mut parts = BTreeMap::new();
            for (name, digest) in &planned.parts {
                // A part that a newer issuer invented is none of this gate's business.
                let Ok(part_name) = name.parse::<PartName>() else { continue };
                let before = held
                    .as_ref()
                    .and_then(|held| Some((held.manifest.parts.get(name)?, held.parts.get(name)?)));
                let part = match before {
                    Some((known, part)) if known == digest => part.clone(),
                    before => {
                        let bytes =
                            self.fetch(issuer, &enrolled, part_name, digest, before).await?;
                        Part { bytes: bytes.into(), received_elapsed: elapsed }
                    }
                };
                parts.insert(name.clone(), part);
            }
            let now = self.now().max(self.floor());
            let demo = demo_roots(self.config());
            let (root, audience) = (enrolled.root, enrolled.audience.clone());
            let checked = tokio::task::spawn_blocking(move || {
                let recipient = Recipient { root, demo, audience: &audience, now };
                Bundle::assemble(recipient, &manifest_bytes, parts, held.as_deref())
            });
            let bundle =
                checked.await.map_err(|error| IssuerError::Unexpected(error.to_string()))??;
            self.store_bundle(&bundle).await?;
            let digest: [u8; 32] = Sha256::digest(&bundle.manifest_bytes).into();
            let text = format!("manifest {}", bundle.manifest.seq);
            let root = bundle.trust.root();
            let root_changed = root != enrolled.root;
            self.set_bundle(Some(bundle));
            if enrolled.standing != Standing::Confirmed || root_changed {
                let standing = Standing::Confirmed;
                self.set_enrolled(Some(Enrolled { standing, root, ..(*enrolled).clone() }));
            }
            // The gate bears witness to the issuer's audit head, which the manifest carries.
            let sealed = Sealed { text: Some(text), ..Sealed::default() };
            self.note(EntryKind::Bundle, Some(digest), sealed).await;
            if root_changed {
                let text = Some(format!("root {root}"));
                self.note(EntryKind::Note, None, Sealed { text, ..Sealed::default() }).await;
            }
        }
        if self.time().state == ClockState::Uncertain {
            let said = issuer.fresh_nonce(&enrolled).await?;
            self.take_time(said, "issuer").await;
        }
        Ok(!unchanged)
    }

    async fn fetch(
        &self,
        issuer: &Issuer,
        enrolled: &Enrolled,
        name: PartName,
        digest: &[u8; 32],
        held: Option<(&[u8; 32], &Part)>,
    ) -> Result<Vec<u8>, SyncError> {
        let partial = self.store().dir().join("partial").join(hex::encode(digest));
        let path = part_path(name, digest, held.map(|(known, _)| known));
        let bytes = match issuer.part(enrolled, &path, &partial).await? {
            Fetched::Whole(bytes) => bytes,
            Fetched::Delta(delta) => {
                let patched = held.map(|(_, part)| patched(&part.bytes, &delta));
                match patched {
                    Some(Ok(bytes)) if fits(&bytes, digest) => bytes,
                    _ => {
                        tracing::warn!(%name, "the delta doesn't fit; the whole part is fetched");
                        let path = part_path(name, digest, None);
                        match issuer.part(enrolled, &path, &partial).await? {
                            Fetched::Whole(bytes) => bytes,
                            Fetched::Delta(_) => return Err(damaged(name)),
                        }
                    }
                }
            }
        };
        if fits(&bytes, digest) { Ok(bytes) } else { Err(damaged(name)) }
    }

    /// Sends what the issuer lacks. Heads are compared first.
    pub(crate) async fn upload(&self, issuer: &Issuer) -> Result<(), SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(()) };
        for unsent in self.journal().list_unsent().await? {
            self.upload_journal(issuer, &enrolled, unsent).await?;
        }
        Ok(())
    }

    async fn upload_journal(
        &self,
        issuer: &Issuer,
        enrolled: &Enrolled,
        standing: JournalStanding,
    ) -> Result<(), SyncError> {
        let (number, id) = (standing.number, standing.head.id);
        let theirs = issuer.journal_head(enrolled, &id.0).await?;
        let ours = standing.head.next_seq;
        let current = self.journal().standing().is_some_and(|now| now.number == number);
        if theirs.next_seq > ours {
            // This machine was set back to an earlier day: what it writes now would have numbers that are taken.
            tracing::warn!(
                ours,
                theirs = theirs.next_seq,
                "the journal was restored; a new one is opened"
            );
            if current {
                let _ = self.new_journal("restored").await;
            }
            self.journal().set_sent(number, ours).await?;
            return Ok(());
        }
        let before = match theirs.next_seq.checked_sub(1) {
            None => None,
            Some(seq) => self.journal().list_records(number, seq, 1).await?.pop(),
        };
        let agrees = before.as_ref().is_none_or(|record| record.hash() == theirs.head.0);
        if !agrees {
            return self.forked(number, current).await;
        }
        let mut next = theirs.next_seq;
        self.journal().set_sent(number, next).await?;
        loop {
            let records = self.journal().list_records(number, next, BATCH).await?;
            if records.is_empty() {
                return Ok(());
            }
            let batch = Batch { id, records }
                .seal(&*enrolled.device)
                .map_err(|error| IssuerError::Key(error.to_string()))?;
            match issuer.send_batch(enrolled, &batch).await {
                Ok(answer) if answer.next_seq > next => next = answer.next_seq,
                Ok(_) => {
                    return Err(IssuerError::Unexpected("the journal doesn't move".into()).into());
                }
                Err(IssuerError::Problem { code, .. }) if code == problem::JOURNAL_FORK => {
                    return self.forked(number, current).await;
                }
                Err(IssuerError::Problem { code, journal: Some(head), .. })
                    if code == problem::JOURNAL_GAP && head.next_seq < next =>
                {
                    next = head.next_seq;
                }
                Err(error) => return Err(error.into()),
            }
            self.journal().set_sent(number, next).await?;
        }
    }

    /// The issuer holds another history under this name. Both are kept; a person is told; a new journal goes on.
    async fn forked(&self, number: i64, current: bool) -> Result<(), SyncError> {
        tracing::error!("the issuer holds another history of this journal; a new one is opened");
        metrics::counter!("verifier_journal_forks_total").increment(1);
        self.journal().mark_forked(number).await?;
        if current {
            let _ = self.new_journal("fork").await;
        }
        Ok(())
    }

    /// Forgets what the issuer gave: this gate was cut off. The journal stays, for whoever looks into it.
    pub(crate) async fn wipe(&self) -> Result<(), StoreError> {
        self.set_bundle(None);
        self.sessions().clear();
        let mut transaction = self.store().begin().await?;
        for statement in [
            "DELETE FROM parts",
            "DELETE FROM manifest",
            "DELETE FROM inside",
            "DELETE FROM pairs",
            "DELETE FROM pairing_code",
            "DELETE FROM pin_tries",
            "UPDATE entries SET sealed = NULL WHERE seq < \
             (SELECT sent_seq FROM journals WHERE journals.number = entries.journal)",
            "UPDATE enrolment SET state = 'cut_off' WHERE one = 1",
        ] {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        // The log still holds pages of before; the file itself is overwritten by `secure_delete`.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(self.store().pool()).await?;
        let _ = std::fs::remove_dir_all(self.store().dir().join("partial"));
        *self.duty() = crate::duty::Duty::default();
        self.journal().forget_people();
        if let Some(enrolled) = self.enrolled() {
            let standing = Standing::CutOff;
            self.set_enrolled(Some(Enrolled { standing, ..(*enrolled).clone() }));
        }
        tracing::error!("this gate was cut off; roster and lists are wiped");
        Ok(())
    }

    /// One look at the issuer: bundle, then journal. Says whether it went well.
    pub(crate) async fn sync(&self, issuer: &Issuer) -> Result<(), SyncError> {
        let result = async {
            self.pull(issuer).await?;
            self.upload(issuer).await
        };
        let result = result.await;
        self.note_link(&result);
        if let Err(SyncError::Issuer(IssuerError::CutOff)) = &result {
            self.wipe().await?;
        }
        result
    }

    fn note_link<T>(&self, result: &Result<T, SyncError>) {
        let now = self.now();
        // An issuer that answers, whatever it says, is there.
        let online = !matches!(result, Err(SyncError::Issuer(IssuerError::Unreachable(_))));
        let mut link = self.link();
        if link.online != online || link.since.is_none() {
            link.since = Some(now);
        }
        link.online = online;
        link.trouble = result.as_ref().err().map(ToString::to_string);
        if result.is_ok() {
            link.last_sync = Some(now);
        }
        drop(link);
        self.changed();
    }
}

fn damaged(name: PartName) -> SyncError {
    let fault = fugong_common::manifest::ManifestError::PartDigest(name.to_string());
    BundleError::Manifest(fault).into()
}

fn fits(bytes: &[u8], digest: &[u8; 32]) -> bool {
    Sha256::digest(bytes).as_slice() == digest
}

fn patched(held: &[u8], delta: &[u8]) -> Result<Vec<u8>, fugong_common::records::RecordsError> {
    apply(&RecordSet::from_bytes(held)?, &Delta::from_bytes(delta)?).map(|set| set.to_bytes())
}

async fn store_part(
    transaction: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    name: &str,
    digest: &[u8; 32],
    part: &Part,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO parts (name, digest, bytes, received_elapsed) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes, \
         received_elapsed = excluded.received_elapsed",
    )
    .bind(name)
    .bind(digest.as_slice())
    .bind(&*part.bytes)
    .bind(part.received_elapsed)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn is_ours(gate: &Gate) -> Option<Arc<Enrolled>> {
    gate.enrolled().filter(|enrolled| enrolled.standing != Standing::CutOff)
}

/// Looks at the issuer every `pull_seconds`, on every hint, and when entries wait to be sent.
pub async fn keep_up(gate: Gate, issuer: Arc<Issuer>, shutdown: Shutdown) {
    let mut changes = gate.changes();
    loop {
        if is_ours(&gate).is_some()
            && let Err(error) = gate.sync(&issuer).await
        {
            tracing::info!(%error, "not in step with the issuer");
        }
        changes.mark_unchanged();
        let waiting = is_ours(&gate).is_some_and(|e| e.standing == Standing::Waiting);
        let seconds = if waiting { WAITING_SECONDS } else { gate.config().pull_seconds };
        let turn = tokio::time::sleep(Duration::from_secs(seconds));
        tokio::pin!(turn);
        loop {
            tokio::select! {
                () = shutdown.begun() => return,
                () = &mut turn => break,
                () = gate.sync_wanted().notified() => break,
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep(GATHER).await;
                    changes.mark_unchanged();
                    // Only over a line that works; otherwise the next turn tries again.
                    if gate.link().online && gate.to_send() > 0
                        && let Err(error) = gate.upload(&issuer).await
                    {
                        gate.note_link(&Err::<(), _>(error));
                    }
                }
            }
        }
    }
}

/// Listens for hints, and reconnects with growing pauses.
pub async fn listen(gate: Gate, issuer: Arc<Issuer>, shutdown: Shutdown) {
    let mut pause = 1;
    loop {
        let heard = tokio::select! {
            () = shutdown.begun() => return,
            heard = hear(&gate, &issuer) => heard,
        };
        // A line that carried something was good: begin with short pauses again.
        pause = if heard { 1 } else { (pause * 2).min(60) };
        tokio::select! {
            () = shutdown.begun() => return,
            () = tokio::time::sleep(Duration::from_secs(pause)) => {}
        }
    }
}

/// Follows one stream to its end; says whether it carried anything.
async fn hear(gate: &Gate, issuer: &Issuer) -> bool {
    let Some(enrolled) = is_ours(gate).filter(|e| e.standing == Standing::Confirmed) else {
        return false;
    };
    let mut stream = match issuer.events(&enrolled).await {
        Ok(response) => response.bytes_stream(),
        Err(IssuerError::CutOff) => {
            gate.sync_now();
            return false;
        }
        Err(_) => return false,
    };
    // What changed between the last pull and this connection had nobody to tell.
    gate.sync_now();
    let (mut line, mut heard) = (Vec::new(), false);
    while let Some(Ok(chunk)) = stream.next().await {
        heard = true;
        for byte in chunk {
            if byte != b'\n' {
                if line.len() < 200 {
                    line.push(byte);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&line);
            let event = text.trim_end().strip_prefix("event:").map(str::trim);
            if event == Some(MANIFEST_EVENT) {
                gate.sync_now();
            }
            line.clear();
        }
    }
    // The issuer ends streams of gates that it cuts off.
    gate.sync_now();
    heard
}
