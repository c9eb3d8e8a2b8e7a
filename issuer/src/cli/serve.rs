//! Composition: opens the database, starts background work, listens.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use fugong_common::entropy::Entropy;
use fugong_common::say;
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::origin::BadOrigin;
use fugong_common::service::serve::{BindError, Limits, Shutdown, bind};
use fugong_common::service::{logging, metrics, tls};
use fugong_common::time::Clock;
use tokio::task::JoinHandle;

use super::CommandError;
use super::backup::{self, ServeLock};
use crate::accounts;
use crate::app::App;
use crate::config::Config;
use crate::db::{Db, DbError};
use crate::{changes, divisions, gates, imports, permits, status, web};

/// Why the service did not start.
#[derive(Debug)]
pub enum StartError {
    Data(PathBuf, std::io::Error),
    Db(DbError),
    Bind(BindError),
    Origin(BadOrigin),
    Tls(tls::TlsError),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Data(path, error) => write!(f, "cannot use {}: {error}", path.display()),
            Self::Db(error) => write!(f, "{error}"),
            Self::Bind(error) => write!(f, "{error}"),
            Self::Origin(error) => write!(f, "{error}"),
            Self::Tls(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<DbError> for StartError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// A service that answers.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    pub app: App,
    server: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
}

impl Running {
    /// Waits until a stop was asked for and requests under way are answered.
    pub async fn finished(self) -> std::io::Result<()> {
        let result = self.server.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        for task in self.background {
            task.abort();
        }
        self.app.db().close().await;
        result
    }
}

/// Opens the database of a configuration without listening.
pub async fn open(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartError::Data(config.data_dir.clone(), error))?;
    let db = Db::open(config.database_url.as_deref(), &config.data_dir).await?;
    db.migrate().await?;
    let app = App::new(db, clock, entropy, config);
    backup::retire_keys(&app).await?;
    Ok(app)
}

/// Starts listening and the background work.
pub async fn start(app: App, shutdown: Shutdown) -> Result<Running, StartError> {
    let tls = match (&app.config().tls_certificate, &app.config().tls_key) {
        (Some(chain), Some(key)) => Some(tls::from_pem_files(chain, key).map_err(StartError::Tls)?),
        _ => None,
    };
    let listening = bind(app.config().listen).await.map_err(StartError::Bind)?;
    let address = listening.address();
    let router = web::router(&app, shutdown.clone()).map_err(StartError::Origin)?;
    if let Err(error) = app.keys().load() {
        tracing::error!(%error, "a signing key cannot be used");
    }
    let background = vec![
        tokio::spawn(changes::follow(app.clone())),
        tokio::spawn(status::keep_fresh(app.clone())),
        tokio::spawn(permits::acts::keep_sweeping(app.clone())),
        tokio::spawn(gates::keep_partitions_ahead(app.clone())),
        tokio::spawn(gates::keep_noting(app.clone())),
        tokio::spawn(imports::upkeep::keep_tidy(app.clone())),
        tokio::spawn(pass_on(shutdown.clone(), app.shutdown().clone())),
        tokio::spawn(divisions::follow(app.clone())),
    ];
    let limits = Limits { proxies: app.config().proxies(), ..Limits::default() };
    let server = tokio::spawn(listening.run(router, tls, limits, shutdown));
    Ok(Running { address, app, server, background })
}

/// Ends the streams of an application when its listener is asked to stop.
async fn pass_on(asked: Shutdown, app: Shutdown) {
    asked.begun().await;
    app.begin();
}

pub(super) async fn command(config: Config) -> Result<(), CommandError> {
    let style = if config.log_json { logging::Style::Json } else { logging::Style::Text };
    logging::start(style, std::env::var("RUST_LOG").ok().as_deref());
    // A second recorder in one process is refused; the first goes on counting.
    let _ = metrics::start();
    let app = open(config, Arc::new(SystemClock), Arc::new(SystemEntropy))
        .await
        .map_err(CommandError::Serve)?;
    let _serving = ServeLock::for_serving(app.config(), app.db())?;
    backup::admit(&app).await?;
    let shutdown = Shutdown::on_signals()
        .map_err(|error| CommandError::Io("cannot follow signals".into(), error))?;
    let running = start(app, shutdown).await.map_err(CommandError::Serve)?;
    say!(
        "The issuer answers at {} (listening on {}).",
        running.app.config().origin,
        running.address
    );
    let mut tx = running.app.db().read().await?;
    let first = accounts::store::count(&mut tx).await? == 0;
    drop(tx);
    if first {
        let link = accounts::pages::invite(&running.app, "").await?;
        say!(
            "Nobody has an account yet. Open this link once to name the first administrator:\n  {link}"
        );
    }
    running.finished().await.map_err(|error| CommandError::Io("the listener failed".into(), error))
}
