//! Composition: opens the gate, listens, and keeps up with the issuer.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::Entropy;
use fugong_common::service::serve::{BindError, Limits, Shutdown, bind};
use fugong_common::service::tls;
use fugong_common::time::Clock;
use tokio::task::JoinHandle;

use crate::config::{Config, ConfigError};
use crate::engine::Gate;
use crate::issuer::{Issuer, client};
use crate::store::StoreError;
use crate::{pages, sync};

/// Sessions are tidied and the time is kept so often.
const TIDY: Duration = Duration::from_secs(15);

/// Why the gate doesn't serve.
#[derive(Debug)]
pub enum StartError {
    Store(StoreError),
    Config(ConfigError),
    Bind(BindError),
    Tls(tls::TlsError),
    Client(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Config(error) => write!(f, "{error}"),
            Self::Bind(error) => write!(f, "{error}"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::Client(error) => write!(f, "requests to the issuer cannot be made: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<BindError> for StartError {
    fn from(error: BindError) -> Self {
        Self::Bind(error)
    }
}

/// A gate that answers.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the port that was found for port 0.
    pub address: SocketAddr,
    pub gate: Gate,
    servers: Vec<JoinHandle<std::io::Result<()>>>,
    background: Vec<JoinHandle<()>>,
}

impl Running {
    /// Waits until a stop was asked for and the requests under way are answered.
    pub async fn finished(self) -> std::io::Result<()> {
        let mut result = Ok(());
        for server in self.servers {
            let ended = server.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            result = result.and(ended);
        }
        for task in self.background {
            task.abort();
        }
        if let Err(error) = self.gate.keep_time().await {
            tracing::warn!(%error, "the time was not stored");
        }
        self.gate.journal().close().await;
        self.gate.store().close().await;
        result
    }
}

/// Opens the gate of `config` and serves it until `shutdown` begins.
///
/// # Errors
/// [`StartError`], which says what to do.
pub async fn run(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<Running, StartError> {
    let config = config.check()?;
    let tls = match (&config.tls_certificate, &config.tls_key) {
        (Some(chain), Some(key)) => Some(tls::from_pem_files(chain, key).map_err(StartError::Tls)?),
        _ => None,
    };
    let gate = Gate::open(config.clone(), clock, Arc::clone(&entropy)).await?;
    let listening = bind(config.listen).await?;
    let address = listening.address();
    let routes = pages::app(&gate, entropy, shutdown.clone())?;
    let issuer = Arc::new(Issuer::new(client(&config).map_err(StartError::Client)?));
    let limits = Limits { proxies: config.proxies()?, ..Limits::default() };
    let mut servers = Vec::new();
    if let Some(local) = config.listen_local {
        let local = bind(local).await?;
        let run = local.run(routes.clone(), None, limits.clone(), shutdown.clone());
        servers.push(tokio::spawn(run));
    }
    let run = listening.run(routes, tls, limits, shutdown.clone());
    servers.push(tokio::spawn(run));
    let background = vec![
        tokio::spawn(sync::keep_up(gate.clone(), Arc::clone(&issuer), shutdown.clone())),
        tokio::spawn(sync::listen(gate.clone(), issuer, shutdown.clone())),
        tokio::spawn(keep_tidy(gate.clone(), shutdown)),
    ];
    Ok(Running { address, gate, servers, background })
}

async fn keep_tidy(gate: Gate, shutdown: Shutdown) {
    let mut turn = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            _ = turn.tick() => gate.tidy().await,
        }
    }
}
