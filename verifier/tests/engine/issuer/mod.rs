//! A small issuer that signs with keys in memory and speaks the gate protocol.

mod line;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use fugong_common::base64url;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope::seal;
use fugong_common::journal::{Head, JournalId, Record};
use fugong_common::keys::{Kind, PublicKey, Role, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{
    Approval, Category, Mode, NoCode, Permit, PostKind, Route, SiteCode, Subject,
};
use fugong_common::person::Name;
use fugong_common::placard::{Origin, pass_text, placard_url, status_text};
use fugong_common::records::RecordSet;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::{Status, StatusClaims, StatusList};
use fugong_common::temperature::Thresholds;
use fugong_common::time::{Clock, ManualClock, Millis};
use fugong_common::trust::{TrustChain, TrustLink, TrustList, TrustedKey};
use fugong_common::wire::{
    self, Enrolment, Guard, GuardRole, PartName, PassLink, PermitRecord, PersonRecord, Settings,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{broadcast, watch};

pub const SITE: SiteCode = SiteCode(4_403_090_040_010_001);
pub const LINEAGE: Lineage = Lineage([7; 8]);
pub const PERMIT: Serial = Serial([1; 8]);
pub const NOON: Millis = Millis(1_581_220_800_000);
pub const PIN: &str = "190725";
const CODE: &str = "one-time-code";
const DAY: u64 = 86_400;

pub struct State {
    root: SoftwareKey,
    permit: SoftwareKey,
    pass: SoftwareKey,
    status: SoftwareKey,
    manifest: SoftwareKey,
    pub settings: Settings,
    pub roster: RecordSet,
    register: RecordSet,
    pub permits: StatusList,
    pub passes: StatusList,
    seq: u64,
    signed: Vec<u8>,
    parts: HashMap<[u8; 32], Vec<u8>>,
    pub device: Option<PublicKey>,
    pub confirmed: bool,
    pub cut_off: bool,
    /// Entries that came after the cut-off, with their personal part or without.
    pub quarantined: Vec<Record>,
    /// Journal posts are lost on the way.
    pub line_broken: bool,
    pub journals: BTreeMap<JournalId, (Head, Vec<Record>)>,
    /// Entries of histories that contradict these.
    pub branches: Vec<Record>,
    /// Nobody is reached.
    pub away: bool,
    /// It was set back, and asks what gates hold instead of giving them anything.
    pub restored: bool,
    /// What they told, by the names of parts.
    pub held: BTreeMap<String, Vec<u8>>,
    pub deltas: u32,
    pub wholes: u32,
    clock: Arc<ManualClock>,
    /// Everything is valid around this instant.
    base: Millis,
}

#[derive(Clone)]
pub struct Issuer {
    state: Arc<Mutex<State>>,
    /// Events as they go over the line.
    hints: broadcast::Sender<String>,
    /// While true, whoever asks for a part waits.
    hold: watch::Sender<bool>,
    pub url: String,
}

pub fn pin_hash(pin: &str) -> String {
    use argon2::PasswordHasher as _;
    use argon2::{Algorithm, Argon2, Params, Version};
    let cheap = Params::new(64, 1, 1, None).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap)
        .hash_password_with_salt(pin.as_bytes(), b"sixteen byte salt")
        .unwrap()
        .to_string()
}

fn validity(base: Millis) -> Validity {
    Validity::new(base.seconds() - DAY, base.seconds() + 30 * DAY).unwrap()
}

impl State {
    fn new(clock: Arc<ManualClock>) -> Self {
        let key = |n: u8| SoftwareKey::from_seed(&[n; 32]);
        let guard = |id: &str, role| Guard {
            id: id.to_owned(),
            name: format!("值守 {id}"),
            role,
            pin_hash: pin_hash(PIN),
        };
        let settings = Settings {
            gate_name: "3 号门".to_owned(),
            sites: vec![SITE],
            division: "440309004001".to_owned(),
            division_name: "示例街道".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            regime: "sample".to_owned(),
            rule_version: 3,
            temperature: Thresholds::USUAL,
            offline_grace_seconds: 7 * DAY,
            capacity: None,
            issuer_hosts: vec!["permits.example".to_owned()],
            guards: vec![guard("g1", GuardRole::Guard), guard("g2", GuardRole::ShiftLeader)],
            offline_order: "按离线值守规定办理。".to_owned(),
            sample: false,
        };
        let mut state = Self {
            root: key(1),
            permit: key(2),
            pass: key(3),
            status: key(4),
            manifest: key(5),
            settings,
            roster: RecordSet::new(),
            register: RecordSet::new(),
            permits: StatusList::new(64),
            passes: StatusList::new(64),
            seq: 0,
            signed: Vec::new(),
            parts: HashMap::new(),
            device: None,
            confirmed: false,
            cut_off: false,
            quarantined: Vec::new(),
            line_broken: false,
            journals: BTreeMap::new(),
            branches: Vec::new(),
            away: false,
            restored: false,
            held: BTreeMap::new(),
            deltas: 0,
            wholes: 0,
            base: clock.now(),
            clock,
        };
        let record = PermitRecord {
            serial: PERMIT,
            enterprise_id: "e1".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            lineage: LINEAGE,
            status_index: 1,
            key: state.permit.key_id(),
            validity: validity(state.base),
            site: SITE,
            mode: Mode::OnSite,
        };
        state.register.put(record.key(), record.to_bytes());
        for n in 1..=20 {
            state.put_person(n, |_| ());
        }
        state.publish();
        state
    }

    pub fn put_person(&mut self, n: u32, change: impl FnOnce(&mut PersonRecord)) {
        let mut person = PersonRecord {
            worker: format!("W{n}"),
            name: format!("王{}明", char::from_u32(0x4e00 + n).unwrap()),
            last_four: Some(format!("{n:04}")),
            role: "缝制工".to_owned(),
            enterprise_id: "e1".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            lineage: LINEAGE,
            not_before: None,
            isolating_until: None,
            reference: Some(PassReference(u64::from(n).to_be_bytes())),
            pass: Some(PassLink {
                serial: Serial(u64::from(n).to_be_bytes()),
                status_index: n,
                key: self.pass.key_id(),
            }),
            sites: Vec::new(),
            left: false,
        };
        change(&mut person);
        self.roster.put(person.key(), person.to_bytes());
    }

    fn uri(key: &SoftwareKey) -> String {
        format!("https://permits.example/status/{}", key.key_id())
    }

    fn list(&self, of: &SoftwareKey, list: &StatusList, seq: u64) -> Vec<u8> {
        let iat = self.clock.now().seconds();
        let claims = StatusClaims {
            uri: Self::uri(of),
            iat,
            exp: iat + 3 * DAY,
            ttl: 300,
            seq,
            list: list.clone(),
        };
        claims.seal(&self.status).unwrap()
    }

    pub fn trust(&self) -> Vec<u8> {
        let from = self.base.seconds() - 10 * DAY;
        let entry = |key: &SoftwareKey, role, listed: bool| TrustedKey {
            public: key.public_key(),
            role,
            nbf: from,
            sign_until: from + 400 * DAY,
            exp: from + 800 * DAY,
            revoked: None,
            scope: vec![(0, u64::MAX)],
            list_uri: listed.then(|| Self::uri(key)),
        };
        let mut keys = vec![
            entry(&self.permit, Role::Permit, true),
            entry(&self.pass, Role::Pass, true),
            entry(&self.status, Role::Status, false),
            entry(&self.manifest, Role::Manifest, false),
        ];
        keys.sort_by_key(TrustedKey::id);
        let list = TrustList {
            version: 1,
            iat: from,
            exp: from + 400 * DAY,
            hosts: vec!["permits.example".to_owned()],
            keys,
            root: self.root.public_key(),
            root_number: 0,
            previous_root: None,
            demo: false,
        };
        let link = TrustLink::sign(&list, &self.root).unwrap();
        TrustChain::default().with(link).unwrap().to_bytes()
    }

    /// Signs a new manifest over everything as it is now.
    pub fn publish(&mut self) -> u64 {
        self.seq += 1;
        let status = |key: &SoftwareKey| PartName::Status(key.key_id()).to_string();
        let parts = [
            (PartName::Trust.to_string(), self.trust()),
            (PartName::Settings.to_string(), self.settings.to_bytes().unwrap()),
            (PartName::Roster.to_string(), self.roster.to_bytes()),
            (PartName::Register.to_string(), self.register.to_bytes()),
            (status(&self.permit), self.list(&self.permit, &self.permits, self.seq)),
            (status(&self.pass), self.list(&self.pass, &self.passes, self.seq)),
        ];
        let mut digests = BTreeMap::new();
        for (name, bytes) in parts {
            let digest: [u8; 32] = Sha256::digest(&bytes).into();
            digests.insert(name, digest);
            self.parts.insert(digest, bytes);
        }
        let iat = self.clock.now().seconds();
        let manifest = Manifest {
            audience: "gate-1".to_owned(),
            seq: self.seq,
            iat,
            exp: iat + 7 * DAY,
            parts: digests,
            audit_head: [9; 32],
        };
        self.signed = manifest.seal(&self.manifest).unwrap();
        self.seq
    }

    pub fn placard(&self) -> String {
        let permit = Permit {
            subject: Subject::Uncoded(NoCode::new(&fugong_common::entropy::SeededEntropy::new(1))),
            serial: PERMIT,
            validity: validity(self.base),
            name: Name::parse("云锦服饰（示例）").unwrap(),
            site: SITE,
            category: Category::Ordinary,
            status_index: 1,
            mode: Mode::OnSite,
            approval: Approval {
                route: Route::DualSignature,
                posts: [PostKind::Secretary, PostKind::Director].into(),
                rule_version: 3,
            },
            evidence: [0; 16],
        };
        let token = seal(Kind::Permit, &self.permit, &permit.encode()).unwrap();
        placard_url(&Origin::parse("https://permits.example").unwrap(), &token)
    }

    pub fn pass(&self, n: u32) -> String {
        let pass = Pass {
            worker: WorkerNumber::parse(&format!("W{n}")).unwrap(),
            serial: Serial(u64::from(n).to_be_bytes()),
            validity: validity(self.base),
            name: Name::parse("王某明").unwrap(),
            role: Name::parse("缝制工").unwrap(),
            status_index: n,
            lineage: LINEAGE,
            sites: [SITE].into(),
        };
        pass_text(&seal(Kind::Pass, &self.pass, &pass.encode()).unwrap())
    }

    /// Today's status code of the permit key, a number ahead of the published one.
    pub fn status_code(&self) -> String {
        status_text(&self.list(&self.permit, &self.permits, self.seq + 1))
    }

    /// The status list of the permit key, as anybody may download it.
    pub fn permit_list(&self) -> Vec<u8> {
        self.list(&self.permit, &self.permits, self.seq)
    }

    /// Names of parts of the newest manifest.
    pub fn parts_named(&self, prefix: &'static str) -> impl Iterator<Item = String> + use<> {
        let manifest = Manifest::peek(&self.signed).unwrap();
        manifest.parts.into_keys().filter(move |name| name.starts_with(prefix))
    }

    pub fn permit_status(&mut self, status: Status) {
        self.permits.set(1, status).unwrap();
    }
}

impl Issuer {
    pub async fn start(clock: Arc<ManualClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::new(clock)));
        let (hints, hold) = (broadcast::Sender::new(16), watch::Sender::new(false));
        let issuer = Self { state, hints, hold, url };
        let routes = Router::new().fallback(line::answer).with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        issuer
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn enrolment(&self) -> Enrolment {
        let root = self.state().root.public_key().fingerprint();
        Enrolment { issuer: self.url.clone(), code: CODE.to_owned(), root }
    }

    /// Gates that hear hints now.
    pub fn listeners(&self) -> usize {
        self.hints.receiver_count()
    }

    /// Changes something, publishes it, and tells connected gates.
    pub fn change(&self, change: impl FnOnce(&mut State)) -> u64 {
        let seq = self.publish(change);
        self.say(&format!("event: {}\ndata: {seq}\n\n", wire::MANIFEST_EVENT));
        seq
    }

    /// The same, of which gates are told nothing.
    pub fn publish(&self, change: impl FnOnce(&mut State)) -> u64 {
        let mut state = self.state();
        change(&mut state);
        state.publish()
    }

    /// Sends a status list along to connected gates.
    pub fn send_list(&self, list: &[u8]) {
        let text = base64url::encode(list);
        self.say(&format!("event: {}\ndata: {text}\n\n", wire::STATUS_EVENT));
    }

    fn say(&self, event: &str) {
        let _ = self.hints.send(event.to_owned());
    }

    /// Lets nobody have a part until told otherwise.
    pub fn hold_parts(&self, hold: bool) {
        self.hold.send_replace(hold);
    }

    /// How many wait for a part.
    pub fn waiting(&self) -> usize {
        self.hold.receiver_count()
    }
}
