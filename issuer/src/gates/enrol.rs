//! How a verifier becomes a gate: a one-time code, its own key, and a person who compares.

use fugong_common::entropy::{self, Entropy};
use fugong_common::hex;
use fugong_common::keys::{Fingerprint, PublicKey};
use fugong_common::time::Millis;
use fugong_common::wire::{
    Base64Url, ENROLMENT_SECONDS, ENROLMENT_TRIES, EnrolAnswer, EnrolRequest, Enrolment,
    GateState as WireState,
};
use sha2::{Digest, Sha256};

use super::{device, store};
use crate::app::App;
use crate::audit::Act;
use crate::db::{DbError, Tx};
use crate::keys;

/// Hexadecimal, so that no code begins with a dash and is taken for an option on a command line.
const LOCATOR_CHARACTERS: usize = 12;

/// A code as it is shown once, and what is stored of it.
#[derive(Debug)]
struct Code {
    text: String,
    locator: String,
    sha256: Vec<u8>,
}

impl Code {
    /// 48 bits that say which code is meant, 128 that prove it.
    fn new(entropy: &dyn Entropy) -> Self {
        let bytes: [u8; 22] = entropy::bytes(entropy);
        Self::of(&hex::encode(&bytes))
    }

    fn of(text: &str) -> Self {
        let text = text.trim().to_owned();
        let locator = text.chars().take(LOCATOR_CHARACTERS).collect();
        Self { locator, sha256: Sha256::digest(text.as_bytes()).to_vec(), text }
    }
}

/// Makes a code for a gate in the caller's transaction; it is good for 15 minutes.
pub async fn invite(
    app: &App,
    tx: &mut Tx,
    gate_id: &str,
    root: Fingerprint,
) -> Result<Enrolment, DbError> {
    let code = Code::new(app.entropy());
    let expires_at = app.now().plus_seconds(ENROLMENT_SECONDS);
    store::secrets::put_code(tx, gate_id, &code.locator, &code.sha256, expires_at).await?;
    Ok(Enrolment { issuer: app.config().origin.clone(), code: code.text, root })
}

/// Why a verifier was not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// Unknown, used, expired, tried too often: all look alike.
    Code,
    /// There is no signed trust list to give it.
    NoTrustList,
    Db(DbError),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Takes a verifier's key for the gate that the code was made for.
pub(super) async fn present(app: &App, request: &EnrolRequest) -> Result<EnrolAnswer, Refused> {
    let now: Millis = app.now();
    let code = Code::of(&request.code);
    let software: String = request.software.chars().filter(|c| !c.is_control()).take(80).collect();
    let key: &PublicKey = &request.device_key;
    let mut tx = app.db().write().await?;
    let taken = store::secrets::take_code(
        &mut tx,
        &code.locator,
        &code.sha256,
        i64::from(ENROLMENT_TRIES),
        now,
    )
    .await?;
    let Some(gate_id) = taken else {
        tx.commit().await?;
        return Err(Refused::Code);
    };
    if !store::present_device(&mut tx, &gate_id, key.as_bytes(), &software).await? {
        return Err(Refused::Code);
    }
    let gate = store::find(&mut tx, &gate_id).await?.ok_or(Refused::Code)?;
    let trust = keys::store::newest(&mut tx).await?.ok_or(Refused::NoTrustList)?;
    let act = Act {
        at: now,
        account_id: "",
        post_id: "",
        action: "gate.present",
        subject: "gate",
        subject_id: &gate_id,
        division_id: &gate.division_id,
        detail: &software,
    };
    app.record(&mut tx, act).await?;
    tx.commit().await?;
    Ok(EnrolAnswer {
        audience: device::audience(app, &gate_id),
        gate_name: gate.name,
        gate_id,
        root_key: trust.list.root,
        trust_list: Base64Url(trust.chain),
        state: WireState::Waiting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::entropy::SeededEntropy;

    #[test]
    fn a_code_is_stored_as_its_hash_and_found_by_its_beginning() {
        let code = Code::new(&SeededEntropy::new(3));
        assert_eq!(code.locator.len(), LOCATOR_CHARACTERS);
        assert!(code.text.starts_with(&code.locator) && code.text.len() == 44);
        let typed = Code::of(&format!(" {} ", code.text));
        assert_eq!((typed.locator, typed.sha256), (code.locator, code.sha256));
    }
}
