//! Which list a verifier believes: signed by the root it was told, never an older one, and new roots one change at a time.
//!
//! What travels is a chain: every list that changed the root, and the newest list. A verifier that slept through two changes
//! follows them one by one; it never jumps to a root that the one it knows hasn't signed.

use std::fmt;

use super::{ListFault, TrustList};
use crate::cbor::{CborError, Value};
use crate::envelope::{self, EnvelopeError, Unverified};
use crate::keys::{Fingerprint, Kind, PublicKey, SignError, Signer};

/// One list with the signature of its root, and in a root change also of the root before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustLink(Vec<Vec<u8>>);

/// Links in rising order of version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustChain(pub Vec<TrustLink>);

/// Why a list or chain isn't believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustError {
    /// Not the CBOR expected, or another form.
    Form(CborError),
    /// A signature doesn't hold.
    Envelope(EnvelopeError),
    /// The list itself is faulty.
    Fault(ListFault),
    /// No list in the chain leads to the root that this verifier was told.
    OtherRoot,
    /// The chain lacks the list that changed the root: ask for the whole chain.
    RootChangeMissing {
        /// Number of the root held.
        held: u32,
        /// Number of the root offered.
        got: u32,
    },
    /// A root change needs the old root's signature and the new one's.
    SignatureMissing,
    /// The two signatures cover different lists.
    SignaturesDisagree,
    /// A lower version than the one held.
    Older {
        /// Held version.
        held: u64,
        /// Offered version.
        got: u64,
    },
    /// Two different lists with one version: a person has to know.
    SameVersionOtherList(u64),
    /// The list of a sample town.
    Demo,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => write!(f, "not a trust list: {error}"),
            Self::Envelope(error) => write!(f, "trust list: {error}"),
            Self::Fault(fault) => write!(f, "trust list: {fault}"),
            Self::OtherRoot => f.write_str("this trust list belongs to another root; compare the fingerprint with the administrator"),
            Self::RootChangeMissing { held, got } => write!(f, "the list that changed the root is missing (held {held}, offered {got}); fetch the whole chain"),
            Self::SignatureMissing => f.write_str("a change of root needs the signatures of the old and the new root"),
            Self::SignaturesDisagree => f.write_str("the signatures of old and new root cover different lists"),
            Self::Older { held, got } => write!(f, "trust list {got} is older than {held}, which is held"),
            Self::SameVersionOtherList(version) => write!(f, "two different trust lists carry version {version}: tell the administrator"),
            Self::Demo => f.write_str("this is the list of a sample town; an enrolled gate does not take it"),
        }
    }
}

impl std::error::Error for TrustError {}

impl From<CborError> for TrustError {
    fn from(error: CborError) -> Self {
        Self::Form(error)
    }
}

impl From<EnvelopeError> for TrustError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl TrustLink {
    /// Signs a list with its root. A root change must then be [countersigned](TrustLink::countersign) by the root before.
    ///
    /// # Errors
    /// A faulty list is never signed.
    pub fn sign(list: &TrustList, root: &dyn Signer) -> Result<Self, SealError> {
        list.check().map_err(SealError::Fault)?;
        if root.public_key() != list.root {
            return Err(SealError::OtherRoot);
        }
        Ok(Self(vec![envelope::seal(Kind::Trust, root, &list.to_bytes()).map_err(SealError::Key)?]))
    }

    /// Adds the signature of the root that is being replaced.
    ///
    /// # Errors
    /// The list names no previous root, or another one.
    pub fn countersign(mut self, previous: &dyn Signer) -> Result<Self, SealError> {
        let (list, unverified) = self.newest_signature().map_err(|_| SealError::OtherRoot)?;
        if list.previous_root != Some(previous.public_key()) {
            return Err(SealError::OtherRoot);
        }
        self.0.push(
            envelope::seal(Kind::Trust, previous, unverified.payload()).map_err(SealError::Key)?,
        );
        Ok(self)
    }

    /// The list as it claims to be. Decide nothing by it.
    ///
    /// # Errors
    /// [`TrustError`] where the form is wrong.
    pub fn unverified_list(&self) -> Result<TrustList, TrustError> {
        self.newest_signature().map(|(list, _)| list)
    }

    fn newest_signature(&self) -> Result<(TrustList, Unverified), TrustError> {
        let first = self.0.first().ok_or(TrustError::SignatureMissing)?;
        let unverified = Unverified::parse(Kind::Trust, first)?;
        Ok((TrustList::from_bytes(unverified.payload())?, unverified))
    }

    fn check_previous(
        &self,
        unverified: &Unverified,
        previous: &PublicKey,
    ) -> Result<(), TrustError> {
        let second =
            Unverified::parse(Kind::Trust, self.0.get(1).ok_or(TrustError::SignatureMissing)?)?;
        let payload = second.verify(previous)?;
        if payload == unverified.payload() { Ok(()) } else { Err(TrustError::SignaturesDisagree) }
    }
}

/// Why a list wasn't signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The list is faulty.
    Fault(ListFault),
    /// The key offered isn't the root that the list names.
    OtherRoot,
    /// The key didn't sign.
    Key(SignError),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "not signed: {fault}"),
            Self::OtherRoot => {
                f.write_str("not signed: the list names another root than the key given")
            }
            Self::Key(error) => write!(f, "not signed: {error}"),
        }
    }
}

impl std::error::Error for SealError {}

impl TrustChain {
    /// CBOR array of links, each an array of one or two `COSE_Sign1` in byte strings.
    pub fn to_bytes(&self) -> Vec<u8> {
        let links = self.0.iter().map(|link| {
            Value::Array(link.0.iter().map(|signed| signed.as_slice().into()).collect())
        });
        Value::Array(links.collect()).encode()
    }

    /// Reads the form only.
    ///
    /// # Errors
    /// [`TrustError::Form`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrustError> {
        let links = Value::decode(bytes)?.array()?.into_iter();
        let links = links.map(|link| {
            Ok(TrustLink(
                link.array()?.into_iter().map(Value::bytes).collect::<Result<_, CborError>>()?,
            ))
        });
        Ok(Self(links.collect::<Result<_, CborError>>()?))
    }

    /// The chain after a new list: earlier lists stay only where they changed the root.
    ///
    /// # Errors
    /// A link that cannot be read.
    pub fn with(&self, newest: TrustLink) -> Result<Self, TrustError> {
        let mut links = Vec::new();
        for link in &self.0 {
            if link.unverified_list()?.previous_root.is_some() {
                links.push(link.clone());
            }
        }
        links.push(newest);
        Ok(Self(links))
    }
}

/// Whether lists of the sample town are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoRoots {
    /// Enrolled gates.
    Refuse,
    /// The sample town itself, and explicit checks.
    Accept,
}

/// The root that a verifier believes and the newest list under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustStore {
    root: Fingerprint,
    demo: DemoRoots,
    held: Option<TrustList>,
}

/// A store that took a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The store from now on. Persist [`TrustStore::root`] together with the chain's bytes.
    pub store: TrustStore,
    /// Whether the list is another than before.
    pub changed: bool,
    /// Whether the root is another than before: worth an entry in the journal.
    pub root_changed: bool,
}

impl TrustStore {
    /// A store that believes one root, compared by people at enrolment, and has no list yet.
    /// To restore one, give the root last believed and [accept](TrustStore::accept) the chain last kept.
    pub const fn new(root: Fingerprint, demo: DemoRoots) -> Self {
        Self { root, demo, held: None }
    }

    /// Fingerprint of the root believed now.
    pub const fn root(&self) -> Fingerprint {
        self.root
    }

    /// The newest list.
    pub const fn list(&self) -> Option<&TrustList> {
        self.held.as_ref()
    }

    /// Follows a chain from the list held to its newest. A chain is taken whole or not at all.
    ///
    /// # Errors
    /// [`TrustError`]; the store stays as it is.
    pub fn accept(&self, chain: &[u8]) -> Result<Accepted, TrustError> {
        let TrustChain(links) = TrustChain::from_bytes(chain)?;
        let mut store = self.clone();
        let mut newest = None;
        for link in &links {
            newest = Some(link.unverified_list()?.version);
            store.follow(link)?;
        }
        let Some(held) = &store.held else { return Err(TrustError::OtherRoot) };
        match newest {
            Some(got) if got < held.version => {
                return Err(TrustError::Older { held: held.version, got });
            }
            Some(_) => {}
            None => return Err(TrustError::OtherRoot),
        }
        let changed = store.held != self.held;
        let root_changed = store.root != self.root;
        Ok(Accepted { store, changed, root_changed })
    }

    fn follow(&mut self, link: &TrustLink) -> Result<(), TrustError> {
        let (list, unverified) = link.newest_signature()?;
        if let Some(held) = &self.held {
            if list.version < held.version {
                return Ok(());
            }
            if list.version == held.version {
                if list == *held {
                    return Ok(());
                }
                // The alarm is for lists that the root really signed, not for whatever somebody sends.
                unverified.verify(&held.root)?;
                return Err(TrustError::SameVersionOtherList(list.version));
            }
        }
        let changes_our_root =
            list.previous_root.filter(|previous| previous.fingerprint() == self.root);
        if list.root.fingerprint() != self.root && changes_our_root.is_none() {
            return match &self.held {
                // Before the first list: links of earlier roots may stand in front of ours.
                None => Ok(()),
                Some(held) if list.root_number > held.root_number => {
                    Err(TrustError::RootChangeMissing {
                        held: held.root_number,
                        got: list.root_number,
                    })
                }
                Some(_) => Err(TrustError::OtherRoot),
            };
        }
        unverified.verify(&list.root)?;
        if let Some(previous) = changes_our_root {
            link.check_previous(&unverified, &previous)?;
        }
        if let Some(held) = &self.held {
            let expected = held.root_number.saturating_add(u32::from(changes_our_root.is_some()));
            if list.root_number != expected {
                return Err(TrustError::RootChangeMissing {
                    held: held.root_number,
                    got: list.root_number,
                });
            }
        }
        list.check().map_err(TrustError::Fault)?;
        if list.demo && self.demo == DemoRoots::Refuse {
            return Err(TrustError::Demo);
        }
        self.root = list.root.fingerprint();
        self.held = Some(list);
        Ok(())
    }
}
