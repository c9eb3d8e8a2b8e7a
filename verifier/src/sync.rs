//! Keeping up with the issuer: bundles down, journal up. Nothing here stands in the way of a scan.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::service::serve::Shutdown;
use fugong_common::time::Millis;
use fugong_common::wire::problem;
use futures_util::StreamExt as _;

use crate::bundle::BundleError;
use crate::engine::Gate;
use crate::enrol::{Enrolled, Standing};
use crate::hints::{Hint, Reader};
use crate::issuer::{Issuer, IssuerError};
use crate::store::StoreError;

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
    /// Running time at which the issuer was last asked what time it is.
    pub time_asked: Option<i64>,
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

impl Gate {
    /// This gate was cut off: hands over what the issuer lacks, as evidence, and forgets what the issuer gave. What could
    /// not be handed over stays whole, with the key that signs it, and is tried again at the next turn; the rest of the
    /// journal loses its personal parts and keeps its chain, for whoever looks into it.
    async fn cut_off(&self, issuer: &Issuer) -> Result<(), StoreError> {
        if let Err(error) = self.hand_over_evidence(issuer).await {
            tracing::warn!(%error, "entries could not be handed over; they stay until they can");
        }
        self.wipe().await?;
        if !self.holds_evidence().await? {
            crate::store::remove_device_key(self.store().dir())?;
        }
        Ok(())
    }

    /// Whether entries wait that the issuer never saw, of any journal.
    async fn holds_evidence(&self) -> Result<bool, StoreError> {
        Ok(!self.journal().list_incomplete().await?.is_empty())
    }

    /// What remains to be done for a gate that was cut off while the line broke.
    async fn finish_cut_off(&self, issuer: &Issuer) -> Result<(), StoreError> {
        if self.holds_evidence().await? { self.cut_off(issuer).await } else { Ok(()) }
    }

    /// Forgets what the issuer gave, and the personal part of entries that the issuer has.
    async fn wipe(&self) -> Result<(), StoreError> {
        let _turn = self.bundle_turn().await;
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
        let partial = self.store().dir().join("partial");
        match std::fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Directory(partial, error));
            }
            _ => {}
        }
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
        let pulled = self.pull(issuer).await;
        // A bundle that cannot be used must not keep the journal here.
        let sent = match &pulled {
            Err(SyncError::Issuer(
                IssuerError::Unreachable(_) | IssuerError::CutOff | IssuerError::Waiting,
            )) => Ok(()),
            Err(SyncError::Issuer(IssuerError::Problem { code, .. }))
                if code == problem::ISSUER_RESTORED =>
            {
                self.answer_restored(issuer).await
            }
            _ => self.upload(issuer).await,
        };
        let result = match (pulled, sent) {
            (_, Err(cut_off @ SyncError::Issuer(IssuerError::CutOff))) => Err(cut_off),
            (Err(error), _) => Err(error),
            (Ok(_), sent) => sent,
        };
        self.note_link(&result);
        if let Err(SyncError::Issuer(IssuerError::CutOff)) = &result {
            self.cut_off(issuer).await?;
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

fn is_ours(gate: &Gate) -> Option<Arc<Enrolled>> {
    gate.enrolled().filter(|enrolled| enrolled.standing != Standing::CutOff)
}

/// Looks at the issuer every `pull_seconds`, on every hint, and when entries wait to be sent.
pub async fn keep_up(gate: Gate, issuer: Arc<Issuer>, shutdown: Shutdown) {
    let mut changes = gate.changes();
    loop {
        // Before the work: what is written during it must be seen afterwards.
        changes.mark_unchanged();
        let mut works = false;
        if gate.enrolled().is_some_and(|enrolled| enrolled.standing == Standing::CutOff)
            && let Err(error) = gate.finish_cut_off(&issuer).await
        {
            tracing::warn!(%error, "what is left of a gate that was cut off could not be wiped");
        }
        if is_ours(&gate).is_some() {
            let done = gate.sync(&issuer).await;
            works = done.is_ok();
            if let Err(error) = done {
                tracing::info!(%error, "not in step with the issuer");
            }
        }
        let waiting = is_ours(&gate).is_some_and(|e| e.standing == Standing::Waiting);
        let seconds = if waiting { WAITING_SECONDS } else { gate.config().pull_seconds };
        let turn = tokio::time::sleep(Duration::from_secs(seconds));
        tokio::pin!(turn);
        loop {
            tokio::select! {
                () = shutdown.begun() => return,
                () = &mut turn => break,
                () = gate.sync_wanted().notified() => break,
                told = changes.changed() => {
                    if told.is_err() {
                        return;
                    }
                    tokio::time::sleep(GATHER).await;
                    changes.mark_unchanged();
                    // Only over a line that works; otherwise the next turn tries again.
                    if works && gate.to_send() > 0
                        && let Err(error) = gate.upload(&issuer).await
                    {
                        let cut_off = matches!(error, SyncError::Issuer(IssuerError::CutOff));
                        works = false;
                        gate.note_link(&Err::<(), _>(error));
                        if cut_off {
                            break;
                        }
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
        if is_ours(&gate).is_none_or(|enrolled| enrolled.standing != Standing::Confirmed) {
            // Nothing to hear yet; once confirmed, the first hint must not wait for a long pause.
            tokio::select! {
                () = shutdown.begun() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => continue,
            }
        }
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
    let (mut reader, mut heard) = (Reader::default(), false);
    while let Some(Ok(chunk)) = stream.next().await {
        heard = true;
        for hint in reader.take(&chunk) {
            match hint {
                Hint::Manifest => gate.sync_now(),
                Hint::List(bytes) => {
                    // The pull that follows finds out what the matter is.
                    if let Err(error) = gate.take_list(&bytes).await {
                        tracing::info!(%error, "a list that came with a hint is not used");
                    }
                }
            }
        }
    }
    // The issuer ends streams of gates that it cuts off.
    gate.sync_now();
    heard
}
