//! Who is on duty where: paired browsers, guards signed on with a PIN, shifts handed over.

use std::collections::HashMap;

use fugong_common::entropy::Entropy;
use fugong_common::journal::{EntryKind, Sealed};
use fugong_common::time::Millis;
use fugong_common::wire::GuardRole;
use sqlx::{Sqlite, Transaction};

use crate::engine::{Gate, Guard, GuardName, Pair, PairingCode};
use crate::error::{GateError, PinError};
use crate::guards::{LockOut, Tries, pin_fits};
use crate::pairing::{self, Attempt, CODE_MINUTES, CODE_TRIES, OpenCode};
use crate::scan::clean;
use crate::store::{Store, StoreError};
use crate::view::PairRow;

/// A paired browser in memory.
#[derive(Clone, Debug)]
struct Paired {
    id: i64,
    label: String,
    since: Millis,
    guard: Option<String>,
    signed_on_at: Option<Millis>,
}

/// Everything about duty that requests ask for.
#[derive(Debug, Default)]
pub struct Duty {
    pairs: HashMap<[u8; 32], Paired>,
    tries: LockOut,
}

impl Duty {
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        type Row = (i64, Vec<u8>, String, i64, Option<String>, Option<i64>);
        let rows: Vec<Row> =
            sqlx::query_as("SELECT id, secret, label, paired_at, guard, signed_on_at FROM pairs")
                .fetch_all(store.pool())
                .await?;
        let mut pairs = HashMap::new();
        for (id, secret, label, paired_at, guard, signed_on_at) in rows {
            let secret = secret
                .try_into()
                .map_err(|_| StoreError::Corrupt { table: "pairs", column: "secret" })?;
            let signed_on_at = signed_on_at.map(Millis);
            let paired = Paired { id, label, since: Millis(paired_at), guard, signed_on_at };
            pairs.insert(secret, paired);
        }
        let tries: Vec<(String, i64, i64)> =
            sqlx::query_as("SELECT guard, wrong, locked_until FROM pin_tries")
                .fetch_all(store.pool())
                .await?;
        let tries = tries.into_iter().map(|(guard, wrong, locked_until)| {
            let wrong = u32::try_from(wrong).unwrap_or(u32::MAX);
            (guard, Tries { wrong, locked_until: Millis(locked_until) })
        });
        Ok(Self { pairs, tries: LockOut::new(tries) })
    }

    /// Nobody is paired: a code has to be made at this machine.
    pub fn is_bare(&self) -> bool {
        self.pairs.is_empty()
    }

    fn of(&self, pair: &Pair) -> Option<&Paired> {
        self.pairs.values().find(|known| known.id == pair.id)
    }

    fn of_mut(&mut self, id: i64) -> Option<&mut Paired> {
        self.pairs.values_mut().find(|known| known.id == id)
    }
}

fn disk(error: impl std::fmt::Display) -> GateError {
    tracing::error!(%error, "duty was not stored");
    GateError::NotRecorded
}

/// Makes a pairing code good in this store; earlier ones die. `serve` reads it at every try, so that
/// one made beside it (`verifier pair`) works at once.
///
/// # Errors
/// The database refuses.
pub async fn make_code(
    store: &Store,
    entropy: &dyn Entropy,
    now: Millis,
) -> Result<PairingCode, StoreError> {
    let code = pairing::new_code(entropy);
    let expires_at = now.plus_minutes(CODE_MINUTES);
    let open = OpenCode { hash: pairing::code_hash(&code), expires_at, wrong_tries: 0 };
    let mut transaction = store.begin().await?;
    keep_code(&mut transaction, &open).await?;
    transaction.commit().await?;
    Ok(PairingCode { code, expires_at })
}

async fn keep_code(
    transaction: &mut Transaction<'static, Sqlite>,
    open: &OpenCode,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO pairing_code (one, code, expires_at, wrong_tries) VALUES (1, $1, $2, $3) \
         ON CONFLICT (one) DO UPDATE SET code = excluded.code, expires_at = excluded.expires_at, \
         wrong_tries = excluded.wrong_tries",
    )
    .bind(open.hash.as_slice())
    .bind(open.expires_at.0)
    .bind(i64::from(open.wrong_tries))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Tries a code, and counts it or uses it up before anybody else can try: one code pairs one browser.
async fn try_code(store: &Store, typed: &str, now: Millis) -> Result<Attempt, StoreError> {
    let mut transaction = store.begin().await?;
    let row: Option<(Vec<u8>, i64, i64)> =
        sqlx::query_as("SELECT code, expires_at, wrong_tries FROM pairing_code WHERE one = 1")
            .fetch_optional(&mut *transaction)
            .await?;
    let Some((hash, expires_at, wrong)) = row else { return Ok(Attempt::Dead) };
    let hash = hash
        .try_into()
        .map_err(|_| StoreError::Corrupt { table: "pairing_code", column: "code" })?;
    let wrong_tries = u32::try_from(wrong).unwrap_or(u32::MAX);
    let mut open = OpenCode { hash, expires_at: Millis(expires_at), wrong_tries };
    let attempt = open.attempt(typed, now);
    match attempt {
        Attempt::Wrong => open.wrong_tries = open.wrong_tries.saturating_add(1),
        Attempt::Fits => open.expires_at = now,
        Attempt::Dead => return Ok(attempt),
    }
    keep_code(&mut transaction, &open).await?;
    transaction.commit().await?;
    Ok(attempt)
}

impl Gate {
    /// A fresh one-time code, good for ten minutes; earlier ones die. The first is printed at start while no browser is
    /// paired; later ones are asked for by a shift leader, or made at the machine by `verifier pair`.
    pub async fn pairing_code(&self) -> Result<PairingCode, GateError> {
        make_code(self.store(), self.entropy(), self.now()).await.map_err(disk)
    }

    /// Whether a code waits that was made before and may still be used.
    pub async fn code_waits(&self) -> Result<bool, GateError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pairing_code WHERE expires_at > $1 AND wrong_tries < $2)",
        )
        .bind(self.now().0)
        .bind(i64::from(CODE_TRIES))
        .fetch_one(self.store().pool())
        .await
        .map_err(disk)
    }

    /// Pairs a browser; the secret goes into its cookie and is kept here only as a hash.
    pub async fn pair(&self, code: &str, label: &str) -> Result<(Pair, String), GateError> {
        let label = clean(label, 60)?;
        let now = self.now();
        if try_code(self.store(), code, now).await.map_err(disk)? != Attempt::Fits {
            return Err(PinError::NotPaired.into());
        }
        let (secret, hash) = pairing::new_secret(self.entropy());
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO pairs (secret, label, paired_at) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(hash.as_slice())
        .bind(&label)
        .bind(now.0)
        .fetch_one(self.store().pool())
        .await
        .map_err(disk)?;
        let paired =
            Paired { id, label: label.clone(), since: now, guard: None, signed_on_at: None };
        self.duty().pairs.insert(hash, paired);
        self.note_duty(EntryKind::Pairing, None, None, Some(format!("paired {label}"))).await;
        Ok((Pair { id, label }, secret))
    }

    /// The pair of this cookie secret.
    pub fn find_pair(&self, secret: &str) -> Option<Pair> {
        let duty = self.duty();
        let paired = duty.pairs.get(&pairing::secret_hash(secret))?;
        Some(Pair { id: paired.id, label: paired.label.clone() })
    }

    /// Paired browsers, oldest first.
    pub async fn pairs(&self) -> Result<Vec<PairRow>, GateError> {
        let duty = self.duty();
        let mut rows: Vec<_> = duty
            .pairs
            .values()
            .map(|paired| PairRow {
                id: paired.id,
                label: paired.label.clone(),
                paired_at: paired.since,
                guard: paired.guard.as_ref().and_then(|id| self.find_guard(id)).map(|g| g.name),
            })
            .collect();
        rows.sort_by_key(|row| row.id);
        Ok(rows)
    }

    /// A shift leader lets a browser go; its cookie is worth nothing from then on.
    pub async fn unpair(&self, guard: &Guard, pair: i64) -> Result<(), GateError> {
        if !guard.leader {
            return Err(GateError::LeaderNeeded);
        }
        sqlx::query("DELETE FROM pairs WHERE id = $1")
            .bind(pair)
            .execute(self.store().pool())
            .await
            .map_err(disk)?;
        self.duty().pairs.retain(|_, paired| paired.id != pair);
        let text = Some(format!("unpaired {pair}"));
        self.note_duty(EntryKind::Pairing, Some(&guard.id), None, text).await;
        Ok(())
    }

    /// Who may sign on here, by name.
    pub fn guards(&self) -> Vec<GuardName> {
        let Some(bundle) = self.bundle() else { return Vec::new() };
        bundle
            .settings
            .guards
            .iter()
            .map(|guard| GuardName {
                id: guard.id.clone(),
                name: guard.name.clone(),
                leader: guard.role == GuardRole::ShiftLeader,
            })
            .collect()
    }

    fn find_guard(&self, id: &str) -> Option<Guard> {
        let found = self.guards().into_iter().find(|guard| guard.id == id)?;
        Some(Guard { id: found.id, name: found.name, leader: found.leader })
    }

    /// Checks a PIN offline; wrong ones in a row lock the guard out for a while.
    pub(crate) async fn check_pin(&self, guard: &str, pin: &str) -> Result<Guard, GateError> {
        let now = self.now();
        let hash = self.bundle().and_then(|bundle| {
            let known = bundle.settings.guards.iter().find(|known| known.id == guard)?;
            Some(known.pin_hash.clone())
        });
        let hash = hash.ok_or(PinError::Wrong)?;
        {
            // Counted as wrong until it is seen to be right, so that tries sent side by side count too.
            let mut duty = self.duty();
            let tries = duty.tries.of(guard);
            tries.check(now)?;
            duty.tries.set(guard, tries.after_wrong(now));
        }
        let pin = pin.to_owned();
        let fits = tokio::task::spawn_blocking(move || pin_fits(&pin, &hash))
            .await
            .map_err(|_| PinError::Wrong)?;
        if fits {
            self.duty().tries.set(guard, Tries::default());
        }
        let tries = self.duty().tries.of(guard);
        sqlx::query(
            "INSERT INTO pin_tries (guard, wrong, locked_until) VALUES ($1, $2, $3) \
             ON CONFLICT (guard) DO UPDATE SET wrong = excluded.wrong, \
             locked_until = excluded.locked_until",
        )
        .bind(guard)
        .bind(i64::from(tries.wrong))
        .bind(tries.locked_until.0)
        .execute(self.store().pool())
        .await
        .map_err(disk)?;
        if fits {
            self.find_guard(guard).ok_or(PinError::Wrong.into())
        } else {
            Err(PinError::Wrong.into())
        }
    }

    async fn put_on_duty(&self, pair: &Pair, guard: Option<&str>) -> Result<(), GateError> {
        let now = self.now();
        let done = sqlx::query("UPDATE pairs SET guard = $1, signed_on_at = $2 WHERE id = $3")
            .bind(guard)
            .bind(guard.map(|_| now.0))
            .bind(pair.id)
            .execute(self.store().pool())
            .await
            .map_err(disk)?;
        if done.rows_affected() != 1 {
            return Err(PinError::NotPaired.into());
        }
        if let Some(paired) = self.duty().of_mut(pair.id) {
            paired.guard = guard.map(str::to_owned);
            paired.signed_on_at = guard.map(|_| now);
        }
        Ok(())
    }

    /// Signs a guard on at a browser; whoever was signed on there is signed off.
    pub async fn sign_on(&self, pair: &Pair, guard: &str, pin: &str) -> Result<Guard, GateError> {
        self.look()?;
        let guard = self.check_pin(guard, pin).await?;
        self.put_on_duty(pair, Some(&guard.id)).await?;
        let text = Some(pair.label.clone());
        self.note_duty(EntryKind::SignOn, Some(&guard.id), None, text).await;
        Ok(guard)
    }

    /// Who is signed on at this browser, if the issuer still names them.
    pub fn guard_of(&self, pair: &Pair) -> Option<Guard> {
        let id = self.duty().of(pair)?.guard.clone()?;
        self.find_guard(&id)
    }

    /// When the guard of this name signed on, at whichever browser was first.
    pub(crate) fn on_duty_since(&self, guard: &str) -> Option<Millis> {
        let duty = self.duty();
        let of_guard = duty.pairs.values().filter(|paired| paired.guard.as_deref() == Some(guard));
        of_guard.filter_map(|paired| paired.signed_on_at).min()
    }

    /// Ends the guard's duty at this browser.
    pub async fn sign_off(&self, pair: &Pair) -> Result<(), GateError> {
        let guard = self.guard_of(pair);
        self.put_on_duty(pair, None).await?;
        if let Some(guard) = guard {
            let text = Some(pair.label.clone());
            self.note_duty(EntryKind::SignOff, Some(&guard.id), None, text).await;
        }
        Ok(())
    }

    /// Hands the browser over to the next guard, who types the PIN; the note (at most 500 characters) is recorded.
    pub async fn hand_over(
        &self,
        pair: &Pair,
        to: &str,
        pin: &str,
        note: &str,
    ) -> Result<Guard, GateError> {
        let note = clean(&note.replace(['\r', '\n'], " "), 500)?;
        let from = self.guard_of(pair).ok_or(PinError::NotPaired)?;
        let next = self.check_pin(to, pin).await?;
        self.put_on_duty(pair, Some(&next.id)).await?;
        let text = (!note.is_empty()).then_some(note);
        self.note_duty(EntryKind::HandOver, Some(&from.id), Some(&next.id), text).await;
        Ok(next)
    }

    async fn note_duty(
        &self,
        kind: EntryKind,
        operator: Option<&str>,
        second: Option<&str>,
        text: Option<String>,
    ) {
        let sealed = Sealed {
            operator: operator.map(str::to_owned),
            second_operator: second.map(str::to_owned),
            text,
            ..Sealed::default()
        };
        // Duty goes on, recorded or not.
        self.note(kind, None, sealed).await;
        self.changed();
    }
}
