use super::*;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

const NOW: Millis = Millis(1_581_264_000_000);

fn hosts(list: &[&str]) -> Vec<String> {
    list.iter().map(|host| (*host).to_owned()).collect()
}

fn make(dir: &Path, list: &[&str], now: Millis) -> SiteCertificate {
    site_certificate(dir, "Gate 3", &hosts(list), now).unwrap()
}

/// As a phone that has installed the authority would judge.
fn accepts(site: &SiteCertificate, leaf: &CertificateDer<'_>, host: &str, now: Millis) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(site.authority_der.clone())).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now.seconds()));
    let name = ServerName::try_from(host.to_owned()).unwrap();
    verifier.verify_server_cert(leaf, &[], &name, &[], at).is_ok()
}

fn leaf(site: &SiteCertificate) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&site.chain).unwrap()
}

/// A leaf for another host, signed with the site's stolen authority key.
fn forged(dir: &Path, host: &str) -> CertificateDer<'static> {
    let files = Files { dir };
    let issuer = files.issuer(&files.read_record().unwrap()).unwrap();
    let mut params = CertificateParams::new(hosts(&[host])).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    validity(&mut params, NOW, 100).unwrap();
    params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone()
}

#[test]
fn phones_accept_the_site_by_name_and_by_address_for_under_825_days() {
    let dir = tempfile::tempdir().unwrap();
    let site = make(dir.path(), &["gate.example.cn", "192.168.1.20"], NOW);
    let leaf = leaf(&site);
    for host in ["gate.example.cn", "192.168.1.20"] {
        assert!(accepts(&site, &leaf, host, NOW), "{host}");
        assert!(accepts(&site, &leaf, host, NOW.plus_days(798)), "{host}");
        assert!(!accepts(&site, &leaf, host, NOW.plus_days(800)), "{host}");
    }
    assert!(!accepts(&site, &leaf, "other.example.cn", NOW));
    assert!(site.leaf_expires_at <= NOW.plus_days(LEAF_DAYS));
    from_pem_files(&site.chain, &site.key).unwrap();
}

#[test]
fn a_stolen_authority_key_vouches_for_no_other_host() {
    let dir = tempfile::tempdir().unwrap();
    let site = make(dir.path(), &["gate.example.cn", "192.168.1.20"], NOW);
    for foreign in ["bank.example", "192.168.1.21", "::1", "example.cn"] {
        assert!(!accepts(&site, &forged(dir.path(), foreign), foreign, NOW), "{foreign}");
    }
    let own = forged(dir.path(), "gate.example.cn");
    assert!(accepts(&site, &own, "gate.example.cn", NOW), "the forgeries fail by name only");
}

#[test]
fn a_site_of_addresses_vouches_for_no_name_and_one_of_names_for_no_address() {
    let dir = tempfile::tempdir().unwrap();
    let site = make(dir.path(), &["10.0.0.5"], NOW);
    assert!(!accepts(&site, &forged(dir.path(), "bank.example"), "bank.example", NOW));
    let dir = tempfile::tempdir().unwrap();
    let site = make(dir.path(), &["gate.example.cn"], NOW);
    for address in ["10.0.0.5", "fd00::5"] {
        assert!(!accepts(&site, &forged(dir.path(), address), address, NOW), "{address}");
    }
}

#[test]
fn it_is_kept_while_valid_renewed_under_the_same_authority_and_remade_for_other_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let first = make(dir.path(), &["Gate.example.cn"], NOW);
    assert_eq!(first.made, Made::Authority);
    let again = make(dir.path(), &["gate.example.cn"], NOW.plus_days(700));
    assert_eq!(again, SiteCertificate { made: Made::Nothing, ..first.clone() });

    let late = NOW.plus_days(760);
    let renewed = make(dir.path(), &["gate.example.cn"], late);
    assert_eq!(renewed.made, Made::Leaf);
    assert_eq!(renewed.authority_der, first.authority_der);
    assert!(accepts(&first, &leaf(&renewed), "gate.example.cn", late.plus_days(700)));

    let moved = make(dir.path(), &["gate.example.cn", "10.0.0.5"], late);
    assert_eq!(moved.made, Made::Authority);
    assert_ne!(moved.authority_der, first.authority_der);
}

#[test]
fn files_that_no_longer_fit_together_are_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let site = make(dir.path(), &["gate.example.cn"], NOW);
    fs::write(&site.key, "nonsense").unwrap();
    assert_eq!(make(dir.path(), &["gate.example.cn"], NOW).made, Made::Leaf);
    fs::remove_file(dir.path().join("authority.key.pem")).unwrap();
    assert_eq!(make(dir.path(), &["gate.example.cn"], NOW).made, Made::Nothing);
    fs::remove_file(&site.chain).unwrap();
    assert_eq!(make(dir.path(), &["gate.example.cn"], NOW).made, Made::Authority);
}

#[test]
fn nobody_else_on_the_machine_can_read_the_keys() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("tls");
    make(&dir, &["gate.example.cn"], NOW);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn hosts_are_names_or_addresses_without_scheme_and_port() {
    let dir = tempfile::tempdir().unwrap();
    for bad in ["https://gate.example.cn", "gate:8081", "", "a..b", "门岗"] {
        let error = site_certificate(dir.path(), "x", &hosts(&[bad]), NOW).unwrap_err();
        assert!(error.to_string().contains("gate.example.cn or 192.168.1.20"), "{bad}");
    }
    assert!(site_certificate(dir.path(), "x", &[], NOW).is_err());
    assert_eq!(canonical(&hosts(&["[::1]", "B", "a", "b"])).unwrap(), ["::1", "a", "b"]);
}

#[test]
fn a_missing_file_is_named() {
    let missing = Path::new("/nonexistent/site.pem");
    let error = from_pem_files(missing, missing).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/site.pem"), "{error}");
}
