//! The same keys as a JWK Set (RFC 7517, RFC 8037), for information: whoever decides by it misses windows and scopes.

use serde_json::{Value, json};

use super::TrustList;
use crate::base64url;

impl TrustList {
    /// JWK Set of every key that isn't withdrawn, with the fully specified algorithm name of RFC 9864.
    pub fn jwks(&self) -> Value {
        let keys: Vec<_> = self
            .keys
            .iter()
            .filter(|key| key.revoked.is_none())
            .map(|key| {
                json!({
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": base64url::encode(key.public.as_bytes()),
                    "kid": key.id().to_string(),
                    "alg": "Ed25519",
                    "use": "sig",
                    "nbf": key.nbf,
                    "exp": key.exp,
                    "fugong_role": key.role,
                })
            })
            .collect();
        json!({ "keys": keys })
    }
}
