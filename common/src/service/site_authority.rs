//! A certificate authority for one site, so that phones in a gate's own network get HTTPS (and with
//! it a camera) without a public certificate.
//!
//! Whoever installs an authority on a phone trusts it with every site that it may vouch for. So it
//! is name-constrained (RFC 5280 §4.2.1.10) to the hosts of this site: a stolen key opens nothing
//! else. Phones refuse leaves of more than 825 days.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, date_time_ymd,
};
use serde::{Deserialize, Serialize};

use super::tls::{TlsError, from_pem_files};
use crate::time::{Millis, Zone};

const AUTHORITY_DAYS: i64 = 3650;
/// With the day before `now` at which it begins, 800 days: well under the phones' 825.
const LEAF_DAYS: i64 = 799;
/// A leaf is renewed when fewer days than this are left.
const RENEW_DAYS: i64 = 60;

/// Files of a site's certificate, and what phones must install to trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCertificate {
    /// Leaf, then authority; for [`from_pem_files`].
    pub chain: PathBuf,
    pub key: PathBuf,
    /// The authority's certificate for phones and browsers, in both usual forms.
    pub authority_pem: String,
    pub authority_der: Vec<u8>,
    pub leaf_expires_at: Millis,
    pub made: Made,
}

/// What had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Nothing,
    /// A new leaf under the known authority: phones need nothing.
    Leaf,
    /// A new authority: phones must install it.
    Authority,
}

/// What was made when, beside the certificates. Only these facts are needed to sign a new leaf.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    hosts: Vec<String>,
    begins_at: Millis,
    authority_expires_at: Millis,
    leaf_expires_at: Millis,
}

/// Returns the site's certificate from `dir`, making or renewing what is missing, expiring, or made
/// for other hosts. `name` is shown on the phone that installs the authority.
///
/// # Errors
/// A host that can't stand in a certificate, or files that can't be written.
pub fn site_certificate(
    dir: &Path,
    name: &str,
    hosts: &[String],
    now: Millis,
) -> Result<SiteCertificate, TlsError> {
    let hosts = canonical(hosts)?;
    let files = Files { dir };
    let known = files.read_record().filter(|record| {
        record.hosts == hosts
            && record.begins_at <= now
            && now.plus_days(RENEW_DAYS) < record.authority_expires_at
    });
    if let Some(mut record) = known {
        if now.plus_days(RENEW_DAYS) < record.leaf_expires_at && files.can_serve() {
            return files.answer(&record, Made::Nothing);
        }
        if let Some(issuer) = files.issuer(&record) {
            record.leaf_expires_at = files.make_leaf(&issuer, &hosts, now)?;
            files.write_record(&record)?;
            return files.answer(&record, Made::Leaf);
        }
    }
    files.make_authority(name, hosts, now)
}

/// Lower case, sorted, each once.
fn canonical(hosts: &[String]) -> Result<Vec<String>, TlsError> {
    let mut out = Vec::new();
    for host in hosts {
        let bare = host.trim().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_name = !bare.is_empty()
            && bare.len() <= 253
            && bare.split('.').all(|label| {
                let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
                (1..=63).contains(&label.len()) && label.bytes().all(plain)
            });
        match bare.parse::<IpAddr>() {
            Ok(address) => out.push(address.to_string()),
            Err(_) if is_name => out.push(bare),
            Err(_) => return Err(TlsError::BadHost(host.clone())),
        }
    }
    out.sort_unstable();
    out.dedup();
    if out.is_empty() { Err(TlsError::BadHost(String::new())) } else { Ok(out) }
}

fn constraints(hosts: &[String]) -> NameConstraints {
    let mut permitted = Vec::new();
    let mut excluded = Vec::new();
    let (mut names, mut addresses) = (false, false);
    for host in hosts {
        if let Ok(address) = host.parse::<IpAddr>() {
            addresses = true;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits)));
        } else {
            names = true;
            permitted.push(GeneralSubtree::DnsName(host.clone()));
        }
    }
    // A kind of name without any permitted subtree would be free, so it is excluded as a whole.
    if !names {
        excluded.push(GeneralSubtree::DnsName(String::new()));
    }
    if !addresses {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([0; 4], 0)));
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix([0; 16], 0)));
    }
    NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded }
}

fn authority_params(name: &str, hosts: &[String]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(constraints(hosts));
    params
}

/// The validity from the day before `now` to so many days after it, and its end.
fn validity(params: &mut CertificateParams, now: Millis, days: i64) -> Result<Millis, TlsError> {
    let bad_clock = || TlsError::Make(rcgen::Error::Time);
    let day = |at: Millis| -> Option<(i32, u8, u8)> {
        let date = Zone::utc().date(at);
        let mut parts = date.splitn(3, '-');
        Some((
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
        ))
    };
    let (year, month, date) = day(now.plus_days(-1)).ok_or_else(bad_clock)?;
    params.not_before = date_time_ymd(year, month, date);
    let end = now.plus_days(days);
    let (year, month, date) = day(end).ok_or_else(bad_clock)?;
    params.not_after = date_time_ymd(year, month, date);
    Zone::utc().start_of(&Zone::utc().date(end)).ok_or_else(bad_clock)
}

struct Files<'a> {
    dir: &'a Path,
}

impl Files<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn chain(&self) -> PathBuf {
        self.path("site.pem")
    }

    fn key(&self) -> PathBuf {
        self.path("site.key.pem")
    }

    fn read_record(&self) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.path("site.json")).ok()?).ok()
    }

    fn write_record(&self, record: &Record) -> Result<(), TlsError> {
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| self.failed("site.json")(io::Error::other(error)))?;
        self.write("site.json", &text)
    }

    /// Whether certificate and key are there and belong together.
    fn can_serve(&self) -> bool {
        from_pem_files(&self.chain(), &self.key()).is_ok() && self.path("authority.pem").exists()
    }

    fn issuer(&self, record: &Record) -> Option<Issuer<'static, KeyPair>> {
        let key = fs::read_to_string(self.path("authority.key.pem")).ok()?;
        let key = KeyPair::from_pem(&key).ok()?;
        fs::metadata(self.path("authority.pem")).ok()?;
        Some(Issuer::new(authority_params(&record.name, &record.hosts), key))
    }

    fn make_authority(
        &self,
        name: &str,
        hosts: Vec<String>,
        now: Millis,
    ) -> Result<SiteCertificate, TlsError> {
        let mut params = authority_params(name, &hosts);
        let authority_expires_at = validity(&mut params, now, AUTHORITY_DAYS)?;
        let key = KeyPair::generate().map_err(TlsError::Make)?;
        let certificate = params.self_signed(&key).map_err(TlsError::Make)?;
        self.write("authority.key.pem", key.serialize_pem().as_bytes())?;
        self.write("authority.pem", certificate.pem().as_bytes())?;
        let issuer = Issuer::new(params, key);
        let leaf_expires_at = self.make_leaf(&issuer, &hosts, now)?;
        let record = Record {
            name: name.to_owned(),
            hosts,
            begins_at: now.plus_days(-1),
            authority_expires_at,
            leaf_expires_at,
        };
        self.write_record(&record)?;
        self.answer(&record, Made::Authority)
    }

    fn make_leaf(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        hosts: &[String],
        now: Millis,
    ) -> Result<Millis, TlsError> {
        let mut params = CertificateParams::new(hosts.to_vec()).map_err(TlsError::Make)?;
        params.distinguished_name = DistinguishedName::new();
        if let Some(host) = hosts.first() {
            params.distinguished_name.push(DnType::CommonName, host.as_str());
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let expires = validity(&mut params, now, LEAF_DAYS)?;
        let key = KeyPair::generate().map_err(TlsError::Make)?;
        let leaf = params.signed_by(&key, issuer).map_err(TlsError::Make)?;
        let authority = self.read("authority.pem")?;
        self.write("site.key.pem", key.serialize_pem().as_bytes())?;
        self.write("site.pem", format!("{}{authority}", leaf.pem()).as_bytes())?;
        Ok(expires)
    }

    fn answer(&self, record: &Record, made: Made) -> Result<SiteCertificate, TlsError> {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let authority_pem = self.read("authority.pem")?;
        let authority = CertificateDer::from_pem_slice(authority_pem.as_bytes())
            .map_err(|source| TlsError::File { path: self.path("authority.pem"), source })?;
        Ok(SiteCertificate {
            chain: self.chain(),
            key: self.key(),
            authority_der: authority.to_vec(),
            authority_pem,
            leaf_expires_at: record.leaf_expires_at,
            made,
        })
    }

    fn failed(&self, name: &str) -> impl FnOnce(io::Error) -> TlsError + use<> {
        let path = self.path(name);
        |source| TlsError::Store { path, source }
    }

    fn read(&self, name: &str) -> Result<String, TlsError> {
        fs::read_to_string(self.path(name)).map_err(self.failed(name))
    }

    /// Replaces the file as a whole, readable by its owner only.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TlsError> {
        let write = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(self.dir)?;
            let fresh = self.path(&format!("{name}.new"));
            // A left-over of an interrupted run may have other permissions.
            let _ = fs::remove_file(&fresh);
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, self.path(name))
        };
        write().map_err(self.failed(name))
    }
}

#[cfg(test)]
#[path = "site_authority_tests.rs"]
mod tests;
