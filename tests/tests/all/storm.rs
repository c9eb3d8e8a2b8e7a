//! The storm: everything that can go wrong with a journal on its way, at random and under load.
//!
//! Every look-up at the gate that was answered "done" is noted here. After each round of kills, cuts,
//! lost answers, full disks, stepped clocks and restored databases it must stand at the issuer exactly
//! once, or, where a restored gate wrote a second history, with the disputed uploads that a person is
//! shown. One number decides the course: `FUGONG_STORM_SEED=… scripts/test storm` runs it again, and
//! `FUGONG_STORM_SECONDS` makes it longer.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use fugong_common::journal::{Batch, Sealed};
use fugong_common::keys::PublicKey;
use fugong_issuer::gates::store::{self as gates, disputes, scans};
use fugong_tests::dice::Dice;
use fugong_tests::ledger::{Ledger, load};
use fugong_tests::person::Person;
use fugong_tests::process::{free_port, run};
use fugong_tests::proxy::{Proxy, Weather};
use fugong_tests::scratch::Kind;
use fugong_tests::small_disk::SmallDisk;
use fugong_tests::stack::Stack;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use tokio::time::sleep;

const PATIENCE: Duration = Duration::from_secs(90);
const DAY: i64 = 86_400;
/// Uploads of a hundred that the network mishandles.
const FAULTS: u64 = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    KillGate,
    KillIssuer,
    CutNetwork,
    FillDisk,
    StepClock,
    Replay,
    RestoreGate,
    RestoreIssuer,
}

const BLOWS: [Blow; 8] = [
    Blow::KillGate,
    Blow::RestoreGate,
    Blow::FillDisk,
    Blow::StepClock,
    Blow::KillIssuer,
    Blow::RestoreIssuer,
    Blow::CutNetwork,
    Blow::Replay,
];

struct Storm {
    // Unmounted before the directory below it goes.
    disk: SmallDisk,
    stack: Stack,
    proxy: Proxy,
    dice: Dice,
    guard: Arc<RwLock<Person>>,
    ledger: Arc<Ledger>,
    /// Acknowledged between a copy of the gate's database and its restore: they may have gone with the disk.
    at_risk: HashSet<String>,
    /// Of this round: the gate's copy with the ledger's length then, and the issuer's archive.
    copy: Option<(PathBuf, usize)>,
    archive: Option<PathBuf>,
    round: u32,
}

/// What became of the ledger's entries.
#[derive(Debug, Default)]
struct Account {
    recorded: usize,
    disputed: usize,
    gone_with_the_disk: usize,
}

impl Storm {
    async fn begin(seed: u64, seconds: u64) -> Self {
        let front = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let kind = match std::env::var("FUGONG_STORM_DATABASE").as_deref() {
            Ok("postgres") => Kind::Postgres,
            _ => Kind::Sqlite,
        };
        let mut stack = Stack::behind(kind, front).await;
        let proxy = Proxy::start(front, stack.issuer_address, seed ^ 1).await;
        let disk = SmallDisk::mount(&stack.gate_data(), 64 + seconds / 2);
        stack.pull_seconds = Some(2);
        stack.set_gate_clock(0);
        stack.enrol().await;
        let guard = Arc::new(RwLock::new(stack.guard().await));
        let (ledger, dice) = (Arc::new(Ledger::default()), Dice::new(seed));
        Self {
            disk,
            stack,
            proxy,
            dice,
            guard,
            ledger,
            at_risk: HashSet::new(),
            copy: None,
            archive: None,
            round: 0,
        }
    }

    async fn pause(&mut self, least: u64, most: u64) {
        let millis = least + self.dice.below(most - least);
        sleep(Duration::from_millis(millis)).await;
    }

    /// A consistent copy of the gate's database, as a cautious operator makes one.
    async fn copy_gate(&mut self) {
        let file = self.stack.dir.path().join(format!("gate-{}.copy", self.round));
        let length = self.ledger.count();
        let options =
            SqliteConnectOptions::new().filename(self.stack.gate_data().join("gate.sqlite"));
        let mut connection = options.connect().await.unwrap();
        let statement = format!("VACUUM INTO '{}'", file.display());
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        self.copy = Some((file, length));
    }

    async fn back_up_issuer(&mut self) {
        let file = self.stack.dir.path().join(format!("issuer-{}.backup", self.round));
        self.stack.issuer_does(&["backup", "--out", &file.display().to_string()]).await;
        self.archive = Some(file);
    }

    async fn strike(&mut self, blow: Blow) {
        match blow {
            Blow::KillGate => {
                self.stack.kill_gate().await;
                self.pause(50, 800).await;
                self.stack.start_gate().await;
            }
            Blow::KillIssuer => {
                self.stack.kill_issuer().await;
                self.pause(50, 800).await;
                self.stack.start_issuer().await;
            }
            Blow::CutNetwork => {
                self.proxy.set(Weather { cut: true, faults_percent: FAULTS });
                self.pause(500, 2500).await;
                self.proxy.set(Weather { cut: false, faults_percent: FAULTS });
            }
            Blow::FillDisk => {
                self.disk.fill();
                self.pause(500, 1500).await;
                // Power fails while it is full, now and then.
                if self.dice.chance(50) {
                    self.stack.kill_gate().await;
                    self.disk.empty();
                    self.stack.start_gate().await;
                }
                self.disk.empty();
            }
            Blow::StepClock => {
                let steps = [-3 * DAY, -900, 1200];
                let step = steps[usize::try_from(self.dice.below(3)).unwrap()];
                self.stack.set_gate_clock(step);
                self.pause(500, 2000).await;
            }
            Blow::Replay => {
                self.proxy.replay().await;
            }
            Blow::RestoreGate => self.restore_gate().await,
            Blow::RestoreIssuer => self.restore_issuer().await,
        }
    }

    async fn restore_gate(&mut self) {
        let (copy, from) = self.copy.take().unwrap();
        self.stack.kill_gate().await;
        // What was answered just before is noted by now.
        sleep(Duration::from_millis(100)).await;
        let gone = self.ledger.acknowledged(from);
        self.at_risk.extend(gone);
        let file = self.stack.gate_data().join("gate.sqlite");
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
        }
        std::fs::copy(&copy, &file).unwrap();
        // Offline for a while, so that numbers are given twice.
        if self.dice.chance(60) {
            self.proxy.set(Weather { cut: true, faults_percent: FAULTS });
        }
        self.stack.start_gate().await;
        self.pause(300, 1500).await;
        self.proxy.set(Weather { cut: false, faults_percent: FAULTS });
    }

    async fn restore_issuer(&mut self) {
        let archive = self.archive.take().unwrap();
        self.stack.lose_issuer(&archive).await;
        self.stack.start_issuer().await;
        let begun = Instant::now();
        while !self.issuer_says(&["restore", "--status"]).await.contains("1 gates have told") {
            assert!(begun.elapsed() < PATIENCE, "the gate never tells:\n{}", self.logs());
            sleep(Duration::from_millis(200)).await;
        }
        let root = self.stack.root_key().display().to_string();
        self.stack.issuer_does(&["trust", "sign", "--root", &root]).await;
        self.stack.issuer_does(&["restore", "--finish"]).await;
    }

    async fn issuer_says(&self, args: &[&str]) -> String {
        self.stack.issuer_command(args).await.1
    }

    fn logs(&self) -> String {
        let log = |name: &str| {
            let text = std::fs::read_to_string(self.stack.dir.path().join(name));
            let text = text.unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(40).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        format!("-- gate\n{}\n-- issuer\n{}", log("gate.log"), log("issuer.log"))
    }

    /// One round: some blows in the dark, then light.
    async fn round(&mut self, blows: &[Blow]) {
        self.round += 1;
        println!("round {}: {blows:?}", self.round);
        if blows.contains(&Blow::RestoreGate) {
            self.copy_gate().await;
        }
        if blows.contains(&Blow::RestoreIssuer) {
            self.back_up_issuer().await;
        }
        self.proxy.set(Weather { cut: false, faults_percent: FAULTS });
        self.pause(300, 1200).await;
        for blow in blows {
            self.strike(*blow).await;
            self.pause(100, 900).await;
        }
        self.proxy.set(Weather::default());
        self.stack.set_gate_clock(0);
        self.settle().await;
    }

    /// Waits until the gate is well and everything has arrived; then nothing may be missing or double.
    async fn settle(&mut self) {
        let begun = Instant::now();
        // The load goes on: what is answered from now on is the next round's.
        let due = self.ledger.count();
        loop {
            let why = match self.wellness().await {
                Ok(()) => match self.account(due).await {
                    Ok(account) => {
                        println!("  {due} acknowledged: {account:?}");
                        if account.disputed > 0 {
                            self.a_person_is_told().await;
                        }
                        break;
                    }
                    Err(missing) => missing,
                },
                Err(why) => why,
            };
            assert!(begun.elapsed() < PATIENCE, "{why}\n{}", self.logs());
            sleep(Duration::from_millis(250)).await;
        }
        let data = self.stack.gate_data().display().to_string();
        let (status, said) = run("verifier", &["journal", "verify", "--data", &data], &[]).await;
        assert_eq!(status, 0, "{said}");
        self.stack.issuer_does(&["audit", "verify"]).await;
    }

    async fn wellness(&mut self) -> Result<(), String> {
        let guard = self.guard.read().unwrap().clone();
        let looked = guard.try_post_json("/api/lookup", &json!({ "query": "平静" })).await;
        match looked {
            Some((status, _)) if status.is_success() => {}
            Some((status, body)) if status.as_u16() == 401 || status.as_u16() == 403 => {
                // The restored copy knows nothing of this browser, or of the shift.
                println!("  signing on again: {body}");
                let again = self.stack.on_duty(1).await;
                *self.guard.write().unwrap() = again;
                return Err("just signed on".to_owned());
            }
            other => return Err(format!("the gate records nothing: {other:?}")),
        }
        let status: Value =
            serde_json::from_str(&guard.open("/api/status").await.body).unwrap_or(Value::Null);
        let well = status["online"] == true
            && status["clock"] == "trusted"
            && status["trouble"].is_null()
            && status["status_age_seconds"].as_i64().is_some_and(|age| age < 1800);
        if well { Ok(()) } else { Err(format!("the gate is not well: {status}")) }
    }

    /// Counts the first `due` entries of the ledger at the issuer.
    async fn account(&self, due: usize) -> Result<Account, String> {
        let mut acknowledged = self.ledger.acknowledged(0);
        acknowledged.truncate(due);
        let mut tx = self.stack.inside.db().read().await.unwrap();
        let gate = gates::find(&mut tx, &self.stack.town.gate_id).await.unwrap().unwrap();
        let lines = scans::list_of_gate(&mut tx, &gate.id, i64::MAX, 10_000_000).await.unwrap();
        let mut recorded: HashMap<&str, usize> = HashMap::new();
        for line in &lines {
            *recorded.entry(line.scan.note.as_str()).or_default() += 1;
        }
        let key = PublicKey::from_bytes(&gate.device_key.unwrap().try_into().unwrap()).unwrap();
        let mut disputed = HashSet::new();
        for bytes in disputes::list_bytes(&mut tx, &gate.id).await.unwrap() {
            for record in Batch::open(&bytes, &key).unwrap().records {
                let sealed = record.sealed.map(|part| Sealed::from_bytes(&part.bytes).unwrap());
                disputed.extend(sealed.and_then(|sealed| sealed.text));
            }
        }
        drop(tx);
        let mut account = Account::default();
        let mut missing = Vec::new();
        for text in &acknowledged {
            match recorded.get(text.as_str()).copied().unwrap_or(0) {
                1 => account.recorded += 1,
                0 if disputed.contains(text) => account.disputed += 1,
                0 if self.at_risk.contains(text) => account.gone_with_the_disk += 1,
                0 => missing.push(text.clone()),
                n => panic!("{text} stands {n} times in the record\n{}", self.logs()),
            }
        }
        for text in &self.ledger.unknown() {
            let n = recorded.get(text.as_str()).copied().unwrap_or(0);
            assert!(n <= 1, "{text}, never answered, stands {n} times in the record");
        }
        match missing.len() {
            0 => Ok(account),
            n => Err(format!(
                "{n} entries that were acknowledged are not at the issuer: {missing:?}"
            )),
        }
    }

    async fn a_person_is_told(&self) {
        let admin = self.stack.officer("admin").await;
        let page = admin.open(&format!("/gates/{}", self.stack.town.gate_id)).await.body;
        assert!(page.contains("同一编号两份不同记录"), "{page}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

/// Which blows fall in which round: every kind comes before any comes again.
fn deal(dice: &mut Dice, deck: &mut Vec<Blow>) -> Vec<Blow> {
    let restores = |blow: &Blow| matches!(blow, Blow::RestoreGate | Blow::RestoreIssuer);
    let mut drawn: Vec<Blow> = Vec::new();
    while drawn.len() < 3 {
        // What one restore took away the other must still have.
        let fits =
            |blow: &Blow| !(drawn.contains(blow) || restores(blow) && drawn.iter().any(restores));
        if let Some(at) = deck.iter().rposition(fits) {
            drawn.push(deck.remove(at));
        } else {
            let mut more = BLOWS.to_vec();
            dice.shuffle(&mut more);
            more.append(deck);
            *deck = more;
        }
    }
    drawn
}

#[tokio::test(flavor = "multi_thread")]
async fn storm() {
    let seed = number("FUGONG_STORM_SEED").unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::from(since.subsec_nanos()) ^ since.as_secs()
    });
    let seconds = number("FUGONG_STORM_SECONDS").unwrap_or(60);
    println!("FUGONG_STORM_SEED={seed} scripts/test storm");
    let mut storm = Storm::begin(seed, seconds).await;
    let workers: Vec<_> = (0..4).map(|_| load(&storm.guard, &storm.ledger, seed)).collect();
    let begun = Instant::now();
    let mut deck = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) || storm.round < 3 {
        let blows = deal(&mut storm.dice, &mut deck);
        storm.round(&blows).await;
    }
    storm.ledger.end();
    for worker in workers {
        worker.await.unwrap();
    }
    storm.settle().await;
    let mishaps = storm.proxy.mishaps();
    println!("{} rounds in {:?}; {mishaps:?}", storm.round, begun.elapsed());
    assert!(storm.ledger.count() > 200, "hardly anything happened");
    assert!(mishaps.answers_lost + mishaps.answers_falsified > 0, "{mishaps:?}");
}
