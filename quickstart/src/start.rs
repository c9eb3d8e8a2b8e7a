//! Starts issuer and gate in one process; builds the sample town on the first start.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::{self, Entropy};
use fugong_common::hex;
use fugong_common::keys::{Fingerprint, Signer as _};
use fugong_common::service::serve::Shutdown;
use fugong_common::service::site_authority::site_certificate;
use fugong_common::service::tls::TlsError;
use fugong_common::time::Clock;
use fugong_issuer::app::App;
use fugong_issuer::cli::serve as issuing;
use fugong_issuer::{changes, gates, keys, passes, people, permits, print};
use fugong_verifier::enrol::{Enrolled, enrol};
use fugong_verifier::issuer::client;
use fugong_verifier::store::{DirLock, Store};

use crate::stage::Stuck;
use crate::town::{self, Town};

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Options {
    pub data: PathBuf,
    pub issuer_port: u16,
    pub gate_port: u16,
    /// Listen on the local network too, over TLS under an authority of this site's own.
    pub lan: bool,
}

/// Both services answer.
#[derive(Debug)]
pub struct Started {
    pub issuer: issuing::Running,
    pub issuer_origin: String,
    pub gate: Gate,
    /// Opens every sample account.
    pub password: String,
    pub placard: PathBuf,
    pub passes: PathBuf,
    /// Certificate that phones install, with `lan`.
    pub authority: Option<PathBuf>,
}

/// The gate answers.
#[derive(Debug)]
pub struct Gate {
    pub running: fugong_verifier::Running,
    pub origin: String,
    pub pairing_link: String,
}

/// Why it did not start.
#[derive(Debug)]
pub enum NotStarted {
    Io(PathBuf, std::io::Error),
    Issuer(issuing::StartError),
    Gate(fugong_verifier::StartError),
    Town(Stuck),
    Tls(TlsError),
    /// There is no address by which phones could come.
    NoNetwork,
    /// There is no town in this directory yet.
    NoTown(PathBuf),
    Said(String),
}

impl std::fmt::Display for NotStarted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Issuer(error) => write!(f, "issuer: {error}"),
            Self::Gate(error) => write!(f, "gate: {error}"),
            Self::Town(error) => write!(f, "{error}"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::NoNetwork => f.write_str(
                "this machine has no address in a local network; connect it to one, or start without --lan",
            ),
            Self::NoTown(data) => write!(
                f,
                "there is no sample town in {} yet: start once without --gate-alone",
                data.display()
            ),
            Self::Said(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for NotStarted {}

impl From<Stuck> for NotStarted {
    fn from(error: Stuck) -> Self {
        Self::Town(error)
    }
}

impl From<fugong_issuer::db::DbError> for NotStarted {
    fn from(error: fugong_issuer::db::DbError) -> Self {
        Self::Town(error.into())
    }
}

fn said(error: impl std::fmt::Display) -> NotStarted {
    NotStarted::Said(error.to_string())
}

/// Where each thing lies below the data directory.
struct Places {
    issuer: PathBuf,
    gate: PathBuf,
    /// Apart from the issuer's own directory, as a real root is apart from the serving machine.
    root: PathBuf,
    placards: PathBuf,
    password: PathBuf,
    tls: PathBuf,
    /// Exists while the town is being built.
    building: PathBuf,
}

impl Places {
    fn below(data: &Path) -> Self {
        Self {
            issuer: data.join("issuer"),
            gate: data.join("gate"),
            root: data.join("root").join("sample-root.pem"),
            placards: data.join("placards"),
            password: data.join("sign-in.txt"),
            tls: data.join("tls"),
            building: data.join("unfinished"),
        }
    }

    /// A first start that was cut short left half a town, in which nobody has worked yet.
    fn clear_half_built(&self) -> Result<(), NotStarted> {
        if !self.building.exists() {
            return Ok(());
        }
        // The mark goes last: this may be cut short, too.
        for path in [&self.issuer, &self.gate, &self.placards, &self.root, &self.building] {
            remove(path)?;
        }
        Ok(())
    }
}

fn make_dir(path: &Path) -> Result<(), NotStarted> {
    std::fs::create_dir_all(path).map_err(|error| NotStarted::Io(path.to_owned(), error))
}

/// Removes what may be gone already.
fn remove(path: &Path) -> Result<(), NotStarted> {
    let done =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(NotStarted::Io(path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

const GATE_PORT: &str = "--gate-port";

/// Refuses a port that somebody listens on.
fn free(address: IpAddr, port: u16, flag: &str) -> Result<(), NotStarted> {
    std::net::TcpListener::bind((address, port)).map(drop).map_err(|error| {
        NotStarted::Said(format!(
            "port {port} cannot be used ({error}): stop what listens there, or choose another with {flag}"
        ))
    })
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), NotStarted> {
    std::fs::write(path, bytes).map_err(|error| NotStarted::Io(path.to_owned(), error))
}

/// The address by which other machines reach this one. Nothing is sent: connecting a UDP socket
/// only chooses a route.
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

struct Network {
    listen: IpAddr,
    scheme: &'static str,
    host: String,
    tls: Option<(PathBuf, PathBuf)>,
    authority: Option<PathBuf>,
}

impl Network {
    fn origin(&self, port: u16) -> String {
        format!("{}://{}:{port}", self.scheme, self.host)
    }
}

fn network(options: &Options, places: &Places, clock: &dyn Clock) -> Result<Network, NotStarted> {
    if !options.lan {
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        return Ok(Network {
            listen,
            scheme: "http",
            host: listen.to_string(),
            tls: None,
            authority: None,
        });
    }
    let address = lan_address().ok_or(NotStarted::NoNetwork)?;
    let hosts = [address.to_string(), "localhost".to_owned(), "127.0.0.1".to_owned()];
    let site = site_certificate(&places.tls, "Fugong sample town", &hosts, clock.now())
        .map_err(NotStarted::Tls)?;
    let authority = places.tls.join("install-on-phones.crt");
    write_file(&authority, site.authority_pem.as_bytes())?;
    Ok(Network {
        listen: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        scheme: "https",
        host: address.to_string(),
        tls: Some((site.chain, site.key)),
        authority: Some(authority),
    })
}

/// Starts everything. A second start finds its data again.
///
/// # Errors
/// [`NotStarted`]: a busy port, an unusable directory, no network for `--lan`.
pub async fn start(
    options: &Options,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<Started, NotStarted> {
    let places = Places::below(&options.data);
    places.clear_half_built()?;
    for dir in [&places.issuer, &places.gate, &places.placards] {
        make_dir(dir)?;
    }
    if let Some(dir) = places.root.parent() {
        make_dir(dir)?;
    }
    let network = network(options, &places, clock.as_ref())?;
    // Before anything is built: a town is printed and enrolled under these addresses.
    for (flag, port) in [("--issuer-port", options.issuer_port), (GATE_PORT, options.gate_port)] {
        free(network.listen, port, flag)?;
    }
    let issuer_origin = network.origin(options.issuer_port);
    let config = fugong_issuer::config::Config {
        data_dir: places.issuer.clone(),
        listen: SocketAddr::new(network.listen, options.issuer_port),
        origin: issuer_origin.clone(),
        hosts: vec![
            format!("localhost:{}", options.issuer_port),
            format!("127.0.0.1:{}", options.issuer_port),
        ],
        tls_certificate: network.tls.as_ref().map(|(chain, _)| chain.clone()),
        tls_key: network.tls.as_ref().map(|(_, key)| key.clone()),
        demo: true,
        ..fugong_issuer::config::Config::default()
    };
    let app = issuing::open(config, Arc::clone(&clock), Arc::clone(&entropy))
        .await
        .map_err(NotStarted::Issuer)?;
    if find_town(&app).await?.is_none() {
        write_file(&places.building, b"")?;
    }
    let password = password(&places.password, entropy.as_ref())?;
    let root = keys::bootstrap::bootstrap(&app, &places.root, true, town::BACK_DAYS + 10)
        .await
        .map_err(said)?
        .list
        .root
        .fingerprint();
    let town = find_town(&app).await?;
    let town = match town {
        Some(town) => town,
        None => town::settle(&app, &password).await?,
    };
    let issuer = issuing::start(app.clone(), shutdown.clone()).await.map_err(NotStarted::Issuer)?;
    let placard = print_placard(&app, &town, &places).await?;
    let passes = print_passes(&app, &town, &places).await?;
    let config = gate_config(options, &places, &network);
    enrol_gate(&app, &config, &town, root, clock.as_ref(), entropy.as_ref()).await?;
    let gate = open_gate(config, clock, entropy, shutdown).await?;
    wait_for_bundle(&gate.running).await;
    remove(&places.building)?;
    Ok(Started {
        issuer,
        issuer_origin,
        gate,
        password,
        placard,
        passes,
        authority: network.authority,
    })
}

/// Starts the gate of an earlier start, and no issuer: what a gate does whose network is gone.
///
/// # Errors
/// [`NotStarted`]: no town yet, a busy port, an unusable directory, no network for `--lan`.
pub async fn start_gate_alone(
    options: &Options,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<Gate, NotStarted> {
    let places = Places::below(&options.data);
    if places.building.exists() || !places.gate.exists() {
        return Err(NotStarted::NoTown(options.data.clone()));
    }
    let network = network(options, &places, clock.as_ref())?;
    free(network.listen, options.gate_port, GATE_PORT)?;
    open_gate(gate_config(options, &places, &network), clock, entropy, shutdown).await
}

fn gate_config(options: &Options, places: &Places, network: &Network) -> fugong_verifier::Config {
    let port = options.gate_port;
    fugong_verifier::Config {
        data_dir: places.gate.clone(),
        listen: SocketAddr::new(network.listen, port),
        origin: network.origin(port),
        more_origins: [format!("localhost:{port}"), format!("127.0.0.1:{port}")]
            .map(|host| format!("{}://{host}", network.scheme))
            .into(),
        tls_certificate: network.tls.as_ref().map(|(chain, _)| chain.clone()),
        tls_key: network.tls.as_ref().map(|(_, key)| key.clone()),
        issuer_ca: network.authority.clone(),
        accept_sample: true,
        ..fugong_verifier::Config::default()
    }
}

async fn open_gate(
    config: fugong_verifier::Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<Gate, NotStarted> {
    let origin = config.origin.clone();
    let running =
        fugong_verifier::run(config, clock, entropy, shutdown).await.map_err(NotStarted::Gate)?;
    let pairing = running
        .gate
        .pairing_code()
        .await
        .map_err(|error| NotStarted::Said(format!("{error:?}")))?;
    let pairing_link = format!("{origin}/pair?code={}", pairing.code);
    Ok(Gate { running, origin, pairing_link })
}

/// One password for all sample accounts, drawn once and kept beside the data.
fn password(path: &Path, entropy: &dyn Entropy) -> Result<String, NotStarted> {
    if let Ok(known) = std::fs::read_to_string(path) {
        return Ok(known.trim().to_owned());
    }
    let bytes: [u8; 6] = entropy::bytes(entropy);
    let text = hex::encode(&bytes);
    let words: Vec<String> =
        text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    let password = format!("town-{}", words.join("-"));
    let mut file = private_file(path).map_err(|error| NotStarted::Io(path.to_owned(), error))?;
    writeln!(file, "{password}").map_err(|error| NotStarted::Io(path.to_owned(), error))?;
    Ok(password)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::options().write(true).create_new(true).open(path)
}

/// The town of an earlier start.
async fn find_town(app: &App) -> Result<Option<Town>, NotStarted> {
    let everywhere = fugong_issuer::authz::Bounds {
        from: String::new(),
        to: "~".to_owned(),
        own: String::new(),
    };
    let mut tx = app.db().read().await?;
    let Some(gate) = gates::store::list(&mut tx, &everywhere, "", 1).await?.into_iter().next()
    else {
        return Ok(None);
    };
    let tenants =
        fugong_issuer::premises::store::list_tenants(&mut tx, &gate.premises_id, app.now(), 1)
            .await?;
    let Some(tenant) = tenants.into_iter().next() else { return Ok(None) };
    let current =
        permits::store::list_current_of(&mut tx, &tenant.enterprise_id, app.now()).await?;
    let permit_id = current.first().map(|permit| permit.id.clone()).unwrap_or_default();
    Ok(Some(Town { gate_id: gate.id, permit_id, enterprise_id: tenant.enterprise_id }))
}

/// Writes the first placard as PDF and PNG; where they are already, they stay as they were printed.
async fn print_placard(app: &App, town: &Town, places: &Places) -> Result<PathBuf, NotStarted> {
    let pdf = places.placards.join("placard.pdf");
    if pdf.exists() || town.permit_id.is_empty() {
        return Ok(pdf);
    }
    let mut tx = app.db().read().await?;
    let permit = permits::store::find(&mut tx, &town.permit_id)
        .await?
        .ok_or_else(|| NotStarted::Said("the sample permit is gone".to_owned()))?;
    drop(tx);
    let face = permits::sheet::placard(app, &permit).map_err(Stuck::from)?;
    let fonts = app.fonts().map_err(said)?;
    let png = print::placard_png(&fonts, print::Sheet::A4, &face).map_err(said)?;
    write_file(&places.placards.join("placard.png"), &png)?;
    write_file(&pdf, &print::placard_pdf(&fonts, print::Sheet::A4, &face).map_err(said)?)?;
    Ok(pdf)
}

/// Issues passes to the first enterprise's people and writes the sheet; once.
async fn print_passes(app: &App, town: &Town, places: &Places) -> Result<PathBuf, NotStarted> {
    let pdf = places.placards.join("passes.pdf");
    if pdf.exists() {
        return Ok(pdf);
    }
    let mut tx = app.db().write().await?;
    let people = people::store::list_on_roster(&mut tx, &town.enterprise_id).await?;
    let permits = permits::store::list_current_of(&mut tx, &town.enterprise_id, app.now()).await?;
    let (passes, change) = passes::issue(app, &mut tx, &people, &permits).await.map_err(said)?;
    app.commit(tx, change).await?;
    let grounds = passes::Grounds::of(&permits).map_err(said)?;
    let fonts = app.fonts().map_err(said)?;
    let cards = passes::cards(&grounds, &passes);
    write_file(&pdf, &print::pass_sheet_pdf(&fonts, "员工出入证", &cards).map_err(said)?)?;
    let pages = print::pass_sheet_png(&fonts, &cards).map_err(said)?;
    if let Some(first) = pages.first() {
        write_file(&places.placards.join("passes-1.png"), first)?;
    }
    Ok(pdf)
}

/// Enrols the gate over the issuer's own protocol, and confirms it as an administrator would.
async fn enrol_gate(
    app: &App,
    config: &fugong_verifier::Config,
    town: &Town,
    root: Fingerprint,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<(), NotStarted> {
    let _lock = DirLock::take(&config.data_dir).map_err(said)?;
    let store = Store::open(&config.data_dir).await.map_err(said)?;
    let known = Enrolled::load(&store).await.map_err(said)?;
    let mut tx = app.db().write().await?;
    let gate = gates::store::find(&mut tx, &town.gate_id)
        .await?
        .ok_or_else(|| NotStarted::Said("the sample gate is gone".to_owned()))?;
    if known.is_some() || gate.state != "new" {
        store.close().await;
        return Ok(());
    }
    let invitation = gates::enrol::invite(app, &mut tx, &town.gate_id, root).await?;
    tx.commit().await?;
    let http = client(config).map_err(said)?;
    let enrolled =
        enrol(&store, config, &http, entropy, &invitation, clock.now()).await.map_err(said)?;
    store.close().await;
    let mut tx = app.db().write().await?;
    gates::store::confirm(&mut tx, &town.gate_id, enrolled.device.public_key().as_bytes()).await?;
    let change = changes::record(&mut tx, "gate", &town.gate_id, app.now()).await?;
    app.commit(tx, change).await?;
    Ok(())
}

/// The gate answers from its first bundle; it comes within a second.
async fn wait_for_bundle(gate: &fugong_verifier::Running) {
    for _ in 0..100 {
        if gate.gate.status().status_age_seconds.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
