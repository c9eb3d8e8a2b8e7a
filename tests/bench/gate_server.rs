//! The gate as `verifier serve` composes it, with two routes beside its own to compare with: one answers a constant, one checks
//! a signature first. A process of its own, so that its memory and its processor time are its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::routing::post;
use axum::{Json, Router};
use fugong_common::keys::{Signer, SoftwareKey};
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::assets::{Assets, SHARED};
use fugong_common::service::origin::{Origin, Origins};
use fugong_common::service::serve::{Limits, Shutdown, bind};
use fugong_common::service::shell::Shell;
use fugong_common::service::{logging, metrics};
use fugong_verifier::engine::Gate;
use fugong_verifier::{Config, pages};
use serde_json::{Value, json};

pub const CONSTANT: &str = "/api/compare/constant";
pub const SIGNATURE: &str = "/api/compare/signature";

/// `gate-server DIR ADDRESS`
pub fn main(args: &[String]) -> ExitCode {
    let [_, dir, address] = args else { panic!("gate-server DIR ADDRESS") };
    let address: SocketAddr = address.parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runs");
    runtime.block_on(serve(dir, address));
    ExitCode::SUCCESS
}

async fn serve(dir: &str, address: SocketAddr) {
    logging::start(logging::Style::Text, None);
    drop(metrics::start());
    let origin = format!("http://{address}");
    let config = Config { data_dir: dir.into(), listen: address, origin, ..Config::default() };
    let entropy = Arc::new(SystemEntropy);
    let gate = Gate::open(config.clone(), Arc::new(SystemClock), entropy.clone())
        .await
        .expect("the gate opens");
    let assets = Assets::new(&[SHARED, pages::ASSETS].concat());
    let site = pages::Site::new(gate, assets.clone(), false);
    let origins = Origins::new(vec![Origin::parse(&config.origin).expect("an origin")]);
    let shell = Shell::new("verifier", origins, assets, entropy);
    let routes = shell.around(pages::routes(site).merge(compared()));
    let listening = bind(address).await.expect("the address is free");
    let shutdown = Shutdown::on_signals().expect("signals");
    listening.run(routes, None, Limits::default(), shutdown).await.expect("it serves");
}

/// The same server, the same body read, and next to nothing done.
fn compared() -> Router {
    let key = SoftwareKey::from_seed(&[77; 32]);
    let message = [7_u8; 180];
    let signature = key.sign(&message).expect("a key signs");
    let public = Arc::new(key.public_key());
    let constant = || json!({ "verdict": "measure" });
    Router::new()
        .route(CONSTANT, post(move |Json(_): Json<Value>| async move { Json(constant()) }))
        .route(
            SIGNATURE,
            post(move |Json(_): Json<Value>| {
                let public = Arc::clone(&public);
                async move {
                    assert!(public.verifies(&message, &signature), "its own signature");
                    Json(constant())
                }
            }),
        )
}
