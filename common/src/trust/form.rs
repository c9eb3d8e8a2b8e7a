//! The payload's one byte form.

use super::{TrustList, TrustedKey};
use crate::cbor::{CborError, Value};
use crate::keys::{PublicKey, Role};

const EXP: i64 = 4;
const IAT: i64 = 6;
const CONTAINER: i64 = -65537;
const FORM: u64 = 1;

const fn role_number(role: Role) -> u64 {
    match role {
        Role::Permit => 0,
        Role::Pass => 1,
        Role::Status => 2,
        Role::Manifest => 3,
    }
}

fn role_from(number: u64) -> Result<Role, CborError> {
    match number {
        0 => Ok(Role::Permit),
        1 => Ok(Role::Pass),
        2 => Ok(Role::Status),
        3 => Ok(Role::Manifest),
        _ => Err(CborError::Unexpected { wanted: "a role from 0 to 3" }),
    }
}

fn public_key(value: Value) -> Result<PublicKey, CborError> {
    PublicKey::from_bytes(&value.byte_array()?)
        .map_err(|_| CborError::Unexpected { wanted: "an Ed25519 public key" })
}

fn key_value(key: &TrustedKey) -> Value {
    let scope = key
        .scope
        .iter()
        .map(|(from, to)| Value::Array(vec![(*from).into(), (*to).into()]))
        .collect();
    Value::sparse([
        (0, Some((*key.public.as_bytes()).into())),
        (1, Some(role_number(key.role).into())),
        (2, Some(key.nbf.into())),
        (3, Some(key.sign_until.into())),
        (4, Some(key.exp.into())),
        (5, key.revoked.map(Into::into)),
        (6, Some(Value::Array(scope))),
        (7, key.list_uri.as_deref().map(Into::into)),
    ])
}

fn key_from(value: Value) -> Result<TrustedKey, CborError> {
    let mut fields = value.fields()?;
    let key = TrustedKey {
        public: public_key(fields.take(0)?)?,
        role: role_from(fields.take(1)?.unsigned()?)?,
        nbf: fields.take(2)?.unsigned()?,
        sign_until: fields.take(3)?.unsigned()?,
        exp: fields.take(4)?.unsigned()?,
        revoked: fields.take_optional(5).map(Value::unsigned).transpose()?,
        scope: fields
            .take(6)?
            .array()?
            .into_iter()
            .map(|range| {
                let [from, to] = range.items()?;
                Ok((from.unsigned()?, to.unsigned()?))
            })
            .collect::<Result<_, CborError>>()?,
        list_uri: fields.take_optional(7).map(Value::text).transpose()?,
    };
    fields.finish()?;
    Ok(key)
}

impl TrustList {
    /// The payload, keys in order of their ids.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_by_key(|key| key.id());
        let container = Value::sparse([
            (0, Some(FORM.into())),
            (1, Some(self.version.into())),
            (2, Some(Value::Array(self.hosts.iter().map(|host| host.as_str().into()).collect()))),
            (3, Some(Value::Array(keys.into_iter().map(key_value).collect()))),
            (4, Some((*self.root.as_bytes()).into())),
            (5, Some(self.root_number.into())),
            (6, self.previous_root.map(|root| (*root.as_bytes()).into())),
            (7, self.demo.then_some(true.into())),
        ]);
        Value::map([(EXP, self.exp.into()), (IAT, self.iat.into()), (CONTAINER, container)])
            .encode()
    }

    /// Reads a payload; its form only, believe nothing before the signature is checked.
    ///
    /// # Errors
    /// [`CborError`]; another form number is `Unexpected`.
    pub fn from_bytes(payload: &[u8]) -> Result<Self, CborError> {
        let mut fields = Value::decode(payload)?.fields()?;
        let (exp, iat) = (fields.take(EXP)?.unsigned()?, fields.take(IAT)?.unsigned()?);
        let mut container = fields.take(CONTAINER)?.fields()?;
        fields.finish()?;
        if container.take(0)?.unsigned()? != FORM {
            return Err(CborError::Unexpected {
                wanted: "a trust list of form 1; update this program",
            });
        }
        let list = Self {
            version: container.take(1)?.unsigned()?,
            iat,
            exp,
            hosts: container
                .take(2)?
                .array()?
                .into_iter()
                .map(Value::text)
                .collect::<Result<_, _>>()?,
            keys: container
                .take(3)?
                .array()?
                .into_iter()
                .map(key_from)
                .collect::<Result<_, _>>()?,
            root: public_key(container.take(4)?)?,
            root_number: container.take(5)?.unsigned32()?,
            previous_root: container.take_optional(6).map(public_key).transpose()?,
            demo: container.take_optional(7).map(Value::boolean).transpose()?.unwrap_or(false),
        };
        container.finish()?;
        // Order of keys is part of the one form, and `demo: false` is written by leaving it out.
        if list.to_bytes() == payload { Ok(list) } else { Err(CborError::NotDeterministic) }
    }
}
