//! The files of a node's identity, and what TLS makes of them.

use super::names::names_in;
use autoglm_domain::Fault;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, ServerConfig,
    SignatureScheme,
};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Names of authority, certificate and key: our own, then those that SPIFFE helpers write.
const FILE_NAMES: [[&str; 3]; 2] =
    [["ca.pem", "node.pem", "node.key"], ["bundle.pem", "svid.pem", "svid_key.pem"]];
/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Keeps links apart from other services with certificates of the same authority.
const PROTOCOL: &[u8] = b"autoglm-link";

/// The three files of an identity, as they stand on disk.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Files {
    paths: [PathBuf; 3],
    contents: [Vec<u8>; 3],
}

impl Files {
    /// Reads them; the set is the first of the two whose certificate is there.
    ///
    /// # Errors
    /// `Invalid`, with the file and what to do.
    pub(super) fn read(folder: &Path) -> Result<Self, Fault> {
        let set = FILE_NAMES.iter().find(|set| folder.join(set[1]).exists()).ok_or_else(|| {
            Fault::invalid(format!(
                "the folder of certificates {} has neither node.pem nor svid.pem; make one with \
                 `autoglm cluster certs FOLDER NAME` and set cluster.certificates to FOLDER/NAME",
                folder.display()
            ))
        })?;
        let paths = set.map(|name| folder.join(name));
        let [authority, certificate, key] = &paths;
        let contents = [read(authority)?, read(certificate)?, read(key)?];
        Ok(Self { paths, contents })
    }

    fn certificates(&self, which: usize) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let found: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(&self.contents[which]).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(self.wrong(which, "it has no certificate; it must be PEM")),
            Err(error) => Err(self.wrong(which, error)),
        }
    }

    fn wrong(&self, which: usize, why: impl fmt::Display) -> Fault {
        Fault::invalid(format!("{} cannot be used: {why}", self.paths[which].display()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let outcome =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    match outcome {
        Ok(_) if bytes.len() as u64 <= FILE_BYTES_MAX => Ok(bytes),
        Ok(_) => Err(Fault::invalid(format!(
            "{} is larger than {FILE_BYTES_MAX} bytes; is it PEM?",
            path.display()
        ))),
        Err(error) => Err(Fault::invalid(format!(
            "{} cannot be read: {error}; it must stand beside the other files of this node, and \
             this process must be allowed to read it",
            path.display()
        ))),
    }
}

/// An identity that is in use.
pub(super) struct Identity {
    pub(super) server: Arc<ServerConfig>,
    client: ClientConfig,
    trust: Trust,
    /// Names in this node's own certificate.
    pub(super) names: Vec<String>,
    /// When the first certificate of this node's chain ends.
    pub(super) expires_at: SystemTime,
}

impl Identity {
    /// Makes an identity of its files, if peers would accept it now.
    ///
    /// # Errors
    /// `Invalid`, with the file that is wrong and why.
    pub(super) fn new(files: &Files) -> Result<Self, Fault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let trust = Trust::new(files, &provider)?;
        let chain = files.certificates(1)?;
        let names = names_in(&chain[0]);
        if names.is_empty() {
            return Err(files.wrong(1, "it names no node: no DNS name and no URI of a node"));
        }
        if let Err(error) = trust.verify(&chain[0], &chain[1..], UnixTime::now()) {
            let authority = files.paths[0].display();
            return Err(files.wrong(1, format!("{} (by {authority})", explain_certificate(&error))));
        }
        let expires_at = first_end(&chain).map_err(|why| files.wrong(1, why))?;
        let key = PrivateKeyDer::from_pem_slice(&files.contents[2])
            .map_err(|error| files.wrong(2, format!("it has no private key: {error}")))?;
        let mismatch = |error| {
            let certificate = files.paths[1].display();
            files.wrong(2, format!("it does not belong to {certificate}: {error}"))
        };
        let client = client(&trust, &provider, chain.clone(), key.clone_key()).map_err(mismatch)?;
        let server = server(&trust, &provider, chain, key).map_err(mismatch)?;
        Ok(Self { server: Arc::new(server), client, trust, names, expires_at })
    }

    /// How this node dials `node`, and nobody else.
    pub(super) fn client_for(&self, node: &str) -> Arc<ClientConfig> {
        let mut config = self.client.clone();
        let verifier = NodeVerifier { trust: self.trust.clone(), wanted: Some(node.to_owned()) };
        config.dangerous().set_certificate_verifier(Arc::new(verifier));
        Arc::new(config)
    }
}

fn server(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&trust.roots), Arc::clone(provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    // A session taken up again would not show its certificate again.
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn client(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    // Accepts nobody; each connection sets whom it wants.
    let verifier = NodeVerifier { trust: trust.clone(), wanted: None };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    // The name is no business of who listens on the wire, and may be no DNS name.
    config.enable_sni = false;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn first_end(chain: &[CertificateDer<'_>]) -> Result<SystemTime, String> {
    let mut first = i64::MAX;
    for certificate in chain {
        let (_, parsed) =
            X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        first = first.min(parsed.validity().not_after.timestamp());
    }
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(first).unwrap_or_default()))
}

/// The authority whose certificates count.
#[derive(Debug, Clone)]
struct Trust {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    fn new(files: &Files, provider: &CryptoProvider) -> Result<Self, Fault> {
        let mut roots = RootCertStore::empty();
        for certificate in files.certificates(0)? {
            roots.add(certificate).map_err(|error| files.wrong(0, error))?;
        }
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self { roots: Arc::new(roots), algorithms })
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.roots,
            between,
            now,
            self.algorithms.all,
        )
    }
}

/// Accepts a server that shows a certificate of our authority for the node that was dialled.
///
/// rustls's own verifier does two things: it checks the chain (signatures up to our authority,
/// dates, what the key may be used for) and then that one of the certificate's DNS names or
/// addresses is the one that was dialled. The first is called here unchanged. The second cannot say
/// "a node", whose name may be no DNS name, so [`names_in`] does it: at least one name, compared
/// whole and byte by byte, without patterns and without the common name, which is stricter. That
/// the server has the certificate's key is checked by rustls's own code. Both happen before the
/// handshake ends, so nothing of ours is sent to anybody else.
#[derive(Debug)]
struct NodeVerifier {
    trust: Trust,
    wanted: Option<String>,
}

impl ServerCertVerifier for NodeVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.trust.verify(end_entity, intermediates, now)?;
        let names = names_in(end_entity);
        if self.wanted.as_ref().is_some_and(|wanted| names.contains(wanted)) {
            return Ok(ServerCertVerified::assertion());
        }
        let other = OtherError(Arc::new(OtherNode { names }));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("links speak TLS 1.3 only".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.trust.algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.algorithms.supported_schemes()
    }
}

/// The certificate is good, but somebody else's.
#[derive(Debug)]
struct OtherNode {
    names: Vec<String>,
}

impl fmt::Display for OtherNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "its certificate names {:?} instead", self.names)
    }
}

impl std::error::Error for OtherNode {}

/// What is wrong with a certificate, and what to do, in words.
pub(super) fn explain_certificate(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(error) = error else { return error.to_string() };
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate is of another authority; all nodes need certificates of the same one"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired; make a new one".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet; are the clocks right?".to_owned()
        }
        CertificateError::Other(other) => other.to_string(),
        error => format!("the certificate is not accepted: {error}"),
    }
}
