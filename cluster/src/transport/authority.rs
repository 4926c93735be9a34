//! A certificate authority for development and small clusters: files in a folder, made by one
//! command.

use super::names::{WrittenName, write_name};
use autoglm_domain::{Fault, FaultKind};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{FromDer, X509Certificate};
use xxhash_rust::xxh3::xxh3_64;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the authority is valid.
const AUTHORITY_DAYS: u32 = 3_650;
/// How long a node's certificate is valid.
const NODE_DAYS: u32 = 825;
/// The folder that has the authority's own key; it stays where it was made.
const AUTHORITY: &str = "authority";
/// Longest name: it is a folder's.
const NAME_BYTES_MAX: usize = 200;

/// Makes the files for nodes, and the authority the first time.
///
/// `folder/authority/` has `ca.pem` and `ca.key`: made once, used again, never overwritten; the key
/// is needed for further nodes only and goes to none of them. For each name `folder/NAME/` has
/// `ca.pem`, `node.pem` and `node.key`: the folder to copy to that node. Keys are readable by their
/// owner only. With `renew` nodes that have files get a new key and a new certificate.
///
/// Gives the folders of the nodes, in the order of their names. Nothing is written unless all names
/// are good.
///
/// # Errors
/// `Invalid` for a name that cannot be a folder's, `Conflict` for a node that has files already or
/// for an authority of which a part is missing, `Internal` when a file cannot be written.
pub fn make_development_authority(
    folder: &Path,
    names: &[String],
    renew: bool,
) -> Result<Vec<PathBuf>, Fault> {
    for (index, name) in names.iter().enumerate() {
        check_name(name)?;
        if names[..index].contains(name) {
            return Err(Fault::invalid(format!("the node {name:?} is given twice")));
        }
        if !renew {
            check_absent(folder, name)?;
        }
    }
    let authority = Authority::open_or_make(&folder.join(AUTHORITY))?;
    names.iter().map(|name| authority.make_node(folder, name)).collect()
}

/// A name becomes a folder's, so it must not lead anywhere else.
fn check_name(name: &str) -> Result<(), Fault> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "it has more than 200 bytes"
    } else if name == AUTHORITY {
        "that is the folder of the authority itself"
    } else if name.starts_with('.') {
        "it begins with a dot"
    } else if name.contains(['/', '\\', ':']) || name.contains(char::is_control) {
        "it has a slash, a colon or a control character"
    } else {
        return Ok(());
    };
    Err(Fault::invalid(format!("no certificate can be made for the node {name:?}: {why}")))
}

fn check_absent(folder: &Path, name: &str) -> Result<(), Fault> {
    for file in ["node.key", "node.pem"] {
        let path = folder.join(name).join(file);
        if path.exists() {
            return Err(Fault::conflict(format!(
                "{} is there already and is not overwritten with another key; leave {name:?} out, \
                 or renew it with --renew",
                path.display()
            )));
        }
    }
    Ok(())
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn open_or_make(folder: &Path) -> Result<Self, Fault> {
        let (pem_path, key_path) = (folder.join("ca.pem"), folder.join("ca.key"));
        match (read_if_there(&pem_path)?, read_if_there(&key_path)?) {
            (Some(pem), Some(key)) => Self::open(pem, &key, folder),
            (None, None) => {
                let key = KeyPair::generate().map_err(not_made)?;
                let params = authority_params(&key)?;
                let pem = params.self_signed(&key).map_err(not_made)?.pem();
                make_folder(folder)?;
                write_new(&key_path, &key.serialize_pem(), 0o600)?;
                write_new(&pem_path, &pem, 0o644)?;
                Ok(Self { pem, issuer: Issuer::new(params, key) })
            }
            (pem, _) => {
                let (there, missing) =
                    if pem.is_some() { (pem_path, key_path) } else { (key_path, pem_path) };
                Err(Fault::conflict(format!(
                    "{} is there, but {} is not; put it back, or use another folder for a new \
                     authority",
                    there.display(),
                    missing.display()
                )))
            }
        }
    }

    /// An authority that was made before: its name follows from its key.
    fn open(pem: String, key: &str, folder: &Path) -> Result<Self, Fault> {
        let unusable = |why: &str| {
            let folder = folder.display();
            Fault::conflict(format!(
                "the authority in {folder} cannot be used: {why}; put the files back that were \
                 made there, or use another folder for a new authority"
            ))
        };
        let key = KeyPair::from_pem(key).map_err(|_error| unusable("ca.key has no private key"))?;
        let params = authority_params(&key)?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_error| unusable("ca.pem has no certificate"))?;
        let (_, certificate) = X509Certificate::from_der(&der)
            .map_err(|_error| unusable("ca.pem has no certificate"))?;
        if certificate.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(unusable("ca.key is not the key of ca.pem"));
        }
        let subject = certificate.subject().iter_common_name().next();
        if subject.and_then(|name| name.as_str().ok()) != Some(authority_name(&key).as_str()) {
            return Err(unusable("it was made by another program"));
        }
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    fn make_node(&self, folder: &Path, name: &str) -> Result<PathBuf, Fault> {
        let key = KeyPair::generate().map_err(not_made)?;
        let certificate = node_params(name)?.signed_by(&key, &self.issuer).map_err(not_made)?;
        let folder = folder.join(name);
        make_folder(&folder)?;
        write_new(&folder.join("node.key"), &key.serialize_pem(), 0o600)?;
        write_new(&folder.join("node.pem"), &certificate.pem(), 0o644)?;
        write_new(&folder.join("ca.pem"), &self.pem, 0o644)?;
        Ok(folder)
    }
}

/// Two authorities have two names, and the name can be told from the key.
fn authority_name(key: &KeyPair) -> String {
    format!("autoglm development authority {:016x}", xxh3_64(key.public_key_raw()))
}

fn authority_params(key: &KeyPair) -> Result<CertificateParams, Fault> {
    let mut params = params(&authority_name(key), AUTHORITY_DAYS)?;
    // It signs nodes, and no further authority.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn node_params(name: &str) -> Result<CertificateParams, Fault> {
    let mut params = params("autoglm node", NODE_DAYS)?;
    params.subject_alt_names = vec![match write_name(name) {
        WrittenName::Dns(name) => SanType::DnsName(name.try_into().map_err(not_made)?),
        WrittenName::Uri(uri) => SanType::URI(uri.try_into().map_err(not_made)?),
    }];
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // A node both dials and is dialled.
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(common_name: &str, days: u32) -> Result<CertificateParams, Fault> {
    let mut params = CertificateParams::new(Vec::new()).map_err(not_made)?;
    let now = SystemTime::now();
    // A day earlier: the clocks of nodes differ.
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * days).into();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

fn not_made(error: rcgen::Error) -> Fault {
    Fault::internal(format!("a certificate cannot be made: {error}"))
}

fn read_if_there(path: &Path) -> Result<Option<String>, Fault> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::new(
            FaultKind::Conflict,
            format!("{} cannot be read: {error}", path.display()),
        )),
    }
}

fn make_folder(folder: &Path) -> Result<(), Fault> {
    let made = DirBuilder::new().recursive(true).create(folder);
    made.map_err(|error| {
        Fault::internal(format!("the folder {} cannot be made: {error}", folder.display()))
    })
}

/// Writes beside the place and moves it there: a reader sees the old file or the new one, and the
/// key is at no time readable by others.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Fault> {
    let beside = path.with_extension("new");
    let write = || {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        set_mode(&mut options, mode);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write()
        .map_err(|error| Fault::internal(format!("{} cannot be written: {error}", path.display())))
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(mode);
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _mode: u32) {}

#[cfg(test)]
mod tests;
