//! What the command that makes certificates leaves behind, and what it refuses.

use super::*;
use crate::transport::names::names_in;
use tempfile::tempdir;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn make(folder: &Path, nodes: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    make_development_authority(folder, &names(nodes), false)
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).expect("a readable file")
}

#[test]
fn every_node_gets_its_files_and_the_authority_stays_the_same() {
    let folder = tempdir().expect("a folder");
    let made = make(folder.path(), &["a", "b c"]).expect("made");
    assert_eq!(made, [folder.path().join("a"), folder.path().join("b c")]);
    let authority = text(folder.path().join("authority/ca.pem"));
    let key = text(folder.path().join("authority/ca.key"));
    make(folder.path(), &["d"]).expect("a later node");
    assert_eq!(text(folder.path().join("authority/ca.pem")), authority);
    assert_eq!(text(folder.path().join("authority/ca.key")), key);
    for node in ["a", "b c", "d"] {
        assert_eq!(text(folder.path().join(node).join("ca.pem")), authority);
        let pem = text(folder.path().join(node).join("node.pem"));
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        assert_eq!(names_in(&der), [node]);
    }
}

#[test]
fn a_node_keeps_825_days_and_the_authority_ten_years() {
    let folder = tempdir().expect("a folder");
    make(folder.path(), &["a"]).expect("made");
    let days = |path: &str| {
        let pem = text(folder.path().join(path));
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let (_, parsed) = X509Certificate::from_der(&der).expect("a certificate");
        let left = parsed.validity().time_to_expiration().expect("valid");
        (left.whole_seconds() + 60) / (24 * 60 * 60)
    };
    assert_eq!((days("a/node.pem"), days("authority/ca.pem")), (825, 3_650));
}

#[cfg(unix)]
#[test]
fn keys_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempdir().expect("a folder");
    make(folder.path(), &["a"]).expect("made");
    for key in ["authority/ca.key", "a/node.key"] {
        let metadata = fs::metadata(folder.path().join(key)).expect("a file");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{key}");
    }
}

#[test]
fn a_node_that_has_a_key_keeps_it_unless_it_is_renewed() {
    let folder = tempdir().expect("a folder");
    make(folder.path(), &["a"]).expect("made");
    let key = text(folder.path().join("a/node.key"));
    let fault = make(folder.path(), &["b", "a"]).expect_err("a is there");
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(fault.message.contains("not overwritten"), "{fault}");
    assert!(!folder.path().join("b").exists(), "nothing is written");
    assert_eq!(text(folder.path().join("a/node.key")), key);
    make_development_authority(folder.path(), &names(&["a"]), true).expect("renewed");
    assert_ne!(text(folder.path().join("a/node.key")), key);
}

#[test]
fn a_name_cannot_lead_out_of_the_folder() {
    let folder = tempdir().expect("a folder");
    let long = "x".repeat(201);
    for name in ["", ".", "..", "../a", "a/b", "a\\b", "/a", "a\0", "authority", ".hidden", &long] {
        let fault = make(folder.path(), &[name]).expect_err(name);
        assert_eq!(fault.kind, FaultKind::Invalid, "{fault}");
    }
    assert!(make(folder.path(), &["a", "a"]).is_err(), "twice the same");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn half_an_authority_is_not_replaced() {
    let folder = tempdir().expect("a folder");
    make(folder.path(), &["a"]).expect("made");
    fs::remove_file(folder.path().join("authority/ca.key")).expect("removed");
    let fault = make(folder.path(), &["b"]).expect_err("no key");
    assert!(fault.message.contains("ca.key is not"), "{fault}");
}

#[test]
fn the_key_of_another_authority_is_noticed() {
    let (one, two) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    make(one.path(), &["a"]).expect("made");
    make(two.path(), &["a"]).expect("made");
    let key = "authority/ca.key";
    fs::copy(two.path().join(key), one.path().join(key)).expect("copied");
    let fault = make(one.path(), &["b"]).expect_err("another key");
    assert!(fault.message.contains("not the key of ca.pem"), "{fault}");
}
