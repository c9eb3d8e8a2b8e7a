//! The bundle: from the issuer, and on disk.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fugong_common::clock::ClockState;
use fugong_common::hex;
use fugong_common::journal::{EntryKind, Sealed};
use fugong_common::keys::{Fingerprint, KeyId};
use fugong_common::manifest::Manifest;
use fugong_common::records::{Delta, apply_to_bytes};
use fugong_common::status::StatusError;
use fugong_common::time::Millis;
use fugong_common::wire::{PartName, held_path, part_path};
use sha2::{Digest as _, Sha256};

use crate::bundle::{Bundle, BundleError, Part, Recipient};
use crate::clock::Reading;
use crate::config::Config;
use crate::engine::Gate;
use crate::enrol::{Enrolled, Standing, demo_roots};
use crate::issuer::{Fetched, Issuer, IssuerError};
use crate::journal::signed;
use crate::store::{Store, StoreError};
use crate::sync::SyncError;

/// The issuer is asked for the time at most so often.
const ASK_TIME_MILLIS: i64 = 10_000;
/// Issuer and gate are never set alike to the second.
const AHEAD_MILLIS: i64 = 120_000;

/// Rows kept beside the bundle: a status list scanned from paper, or sent along with a hint.
const BY_ITSELF: &str = "scanned/";

/// The bundle on disk, checked anew; `None` before the first pull.
pub(crate) async fn stored_bundle(
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
    let (mut parts, mut by_themselves) = (BTreeMap::new(), Vec::new());
    for (name, bytes, received_elapsed) in rows {
        if name.starts_with(BY_ITSELF) {
            by_themselves.push((bytes, received_elapsed));
        } else {
            parts.insert(name, Part { bytes: bytes.into(), received_elapsed });
        }
    }
    let bundle = Bundle::assemble(recipient, &manifest, parts, None).map(|mut bundle| {
        for (bytes, elapsed) in by_themselves {
            // One that the bundle has overtaken is no fault.
            if let Ok((Some(newer), _)) = bundle.with_list(&bytes, recipient.now, elapsed) {
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
            if !bundle.parts.contains_key(name) && !name.starts_with(BY_ITSELF) {
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

    /// Takes a status list that came by itself, on paper or along with a hint, into use and keeps it.
    ///
    /// # Errors
    /// Nothing changes: not of a listed key, older than what is held, or no status list.
    pub(crate) async fn take_list(&self, bytes: &[u8]) -> Result<KeyId, StatusError> {
        let _turn = self.bundle_turn().await;
        let held = self.bundle().ok_or(StatusError::UnknownKey)?;
        let Reading { now, elapsed, .. } = self.time();
        let (bundle, key) = held.with_list(bytes, now.max(self.floor()), elapsed)?;
        if let Some(bundle) = bundle {
            self.set_bundle(Some(bundle));
            if let Err(error) = self.store_list(key, bytes, elapsed).await {
                // In use all the same: it is signed, and a restart only asks for it again.
                tracing::error!(%error, "a status list was not stored");
            }
        }
        Ok(key)
    }

    async fn store_list(&self, key: KeyId, bytes: &[u8], elapsed: i64) -> Result<(), StoreError> {
        let mut transaction = self.store().begin().await?;
        let part = Part { bytes: bytes.into(), received_elapsed: elapsed };
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        store_part(&mut transaction, &format!("{BY_ITSELF}{key}"), &digest, &part).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Asks for the newest manifest and fetches what changed; says whether anything did.
    pub(crate) async fn pull(&self, issuer: &Issuer) -> Result<bool, SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(false) };
        self.compare_clocks(issuer, &enrolled).await?;
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
                    before => match self.came_by_itself(part_name, digest) {
                        Some(part) => part,
                        None => {
                            let bytes =
                                self.fetch(issuer, &enrolled, part_name, digest, before).await?;
                            Part { bytes: bytes.into(), received_elapsed: elapsed }
                        }
                    },
                };
                parts.insert(name.clone(), part);
            }
            let (text, digest, root) = self.take_bundle(manifest_bytes, parts, &enrolled).await?;
            let root_changed = root != enrolled.root;
            if enrolled.standing != Standing::Confirmed || root_changed {
                let standing = Standing::Confirmed;
                self.set_enrolled(Some(Enrolled { root, standing, ..(*enrolled).clone() }));
            }
            // The gate bears witness to the issuer's audit head, which the manifest carries.
            let sealed = Sealed { text: Some(text), ..Sealed::default() };
            self.note(EntryKind::Bundle, Some(digest), sealed).await;
            if root_changed {
                let text = Some(format!("root {root}"));
                self.note(EntryKind::Note, None, Sealed { text, ..Sealed::default() }).await;
            }
        }
        if let Some(bundle) = self.bundle() {
            for (key, list) in bundle.forgotten() {
                if !unchanged {
                    // The bundle on disk holds the forgetful list alone.
                    self.store_list(key, &list.bytes, list.received_elapsed).await?;
                    let number = list.claims.seq;
                    let text = format!(
                        "list {number} of key {key} stays: a newer one takes back what was final"
                    );
                    let sealed = Sealed { text: Some(text), ..Sealed::default() };
                    self.note(EntryKind::Note, None, sealed).await;
                }
                let path = held_path(PartName::Status(key));
                issuer.tell_held(&enrolled, &path, &list.bytes).await?;
            }
        }
        if self.time().state == ClockState::Uncertain {
            let said = issuer.fresh_nonce(&enrolled).await?;
            self.take_time(said, "issuer").await;
        }
        Ok(!unchanged)
    }

    /// The list that this digest names, if it came ahead of its manifest.
    fn came_by_itself(&self, name: PartName, digest: &[u8; 32]) -> Option<Part> {
        let PartName::Status(key) = name else { return None };
        let bundle = self.bundle()?;
        let list = bundle.lists.get(&key).filter(|list| fits(&list.bytes, digest))?;
        Some(Part { bytes: Arc::clone(&list.bytes), received_elapsed: list.received_elapsed })
    }

    /// Checks what was pulled, writes it and takes it into use; what is said of it in the journal,
    /// the manifest's digest, and the root that holds from now on.
    async fn take_bundle(
        &self,
        manifest_bytes: Vec<u8>,
        parts: BTreeMap<String, Part>,
        enrolled: &Enrolled,
    ) -> Result<(String, [u8; 32], Fingerprint), SyncError> {
        // While this was fetched, a list may have come by itself: what is held now counts.
        let _turn = self.bundle_turn().await;
        let held = self.bundle();
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
        let (text, root) = (format!("manifest {}", bundle.manifest.seq), bundle.trust.root());
        self.set_bundle(Some(bundle));
        Ok((text, digest, root))
    }

    /// A clock that is ahead makes every list too old and every term end early; it comes about when somebody sets a
    /// machine's clock right after the issuer had told the gate by how much it was wrong. One that is behind is seen by
    /// the floor.
    async fn compare_clocks(&self, issuer: &Issuer, enrolled: &Enrolled) -> Result<(), SyncError> {
        let reading = self.time();
        let asked = self.link().time_asked;
        if asked.is_some_and(|asked| reading.elapsed - asked < ASK_TIME_MILLIS) {
            return Ok(());
        }
        let said = issuer.fresh_nonce(enrolled).await?;
        self.link().time_asked = Some(reading.elapsed);
        if reading.state == ClockState::Trusted && self.now().since(said) > AHEAD_MILLIS {
            tracing::warn!("this machine's clock is ahead of the issuer's; it is set right");
            self.take_time(said, "issuer").await;
        }
        Ok(())
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
}

fn damaged(name: PartName) -> SyncError {
    let fault = fugong_common::manifest::ManifestError::PartDigest(name.to_string());
    BundleError::Manifest(fault).into()
}

fn fits(bytes: &[u8], digest: &[u8; 32]) -> bool {
    Sha256::digest(bytes).as_slice() == digest
}

fn patched(held: &[u8], delta: &[u8]) -> Result<Vec<u8>, fugong_common::records::RecordsError> {
    apply_to_bytes(held, &Delta::from_bytes(delta)?)
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
