//! Handshakes over loopback: who is let in, who is not and what is said, and how files change.

use super::*;
use crate::transport::authority::make_development_authority;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;

type Outcome = Result<(TlsStream, PeerName), Fault>;

fn authority(nodes: &[&str]) -> TempDir {
    let folder = tempdir().expect("a folder");
    let names: Vec<String> = nodes.iter().map(|node| (*node).to_owned()).collect();
    make_development_authority(folder.path(), &names, false).expect("certificates");
    folder
}

fn node(authority: &TempDir, name: &str) -> TlsContext {
    TlsContext::load(&authority.path().join(name)).expect("an identity")
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dial = TcpStream::connect(listener.local_addr().expect("an address"));
    let (dialled, accepted) = tokio::join!(dial, listener.accept());
    (dialled.expect("dialled"), accepted.expect("accepted").0)
}

/// What the one who dials and the one who is dialled get.
async fn meet(client: &TlsContext, server: &TlsContext, wanted: &str) -> (Outcome, Outcome) {
    let (dialled, accepted) = pair().await;
    tokio::join!(client.connect(dialled, wanted), server.accept(accepted))
}

fn refused(outcome: Outcome, kind: FaultKind, why: &str) {
    let fault = outcome.expect_err("refused");
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(fault.message.contains(why), "{fault}");
}

/// Lets the files be looked at again.
async fn later() {
    tokio::time::pause();
    tokio::time::advance(LOOK_EVERY).await;
    tokio::time::resume();
}

fn replace(from: &TempDir, to: &TempDir, files: &[&str]) {
    for file in files {
        fs::copy(from.path().join("a").join(file), to.path().join("a").join(file)).expect("copied");
    }
}

#[tokio::test]
async fn two_nodes_of_one_authority_talk_and_know_each_other() {
    let authority = authority(&["a", "Köln 2_3"]);
    let (a, b) = (node(&authority, "a"), node(&authority, "Köln 2_3"));
    let (client, server) = meet(&a, &b, "Köln 2_3").await;
    let (mut client, b_name) = client.expect("connected");
    let (mut server, a_name) = server.expect("accepted");
    assert!(b_name.is("Köln 2_3") && a_name.is("a") && !a_name.is("A"));
    client.write_all(b"hello").await.expect("sent");
    client.flush().await.expect("sent");
    let mut heard = [0; 5];
    server.read_exact(&mut heard).await.expect("heard");
    assert_eq!(&heard, b"hello");
    server.write_all(b"hello").await.expect("sent");
    server.flush().await.expect("sent");
    client.read_exact(&mut heard).await.expect("heard");
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (ours, theirs) = (authority(&["a"]), authority(&["b"]));
    let (client, server) = meet(&node(&ours, "a"), &node(&theirs, "b"), "b").await;
    refused(client, FaultKind::Forbidden, "another authority");
    refused(server, FaultKind::Forbidden, "does not accept our certificate");
}

#[tokio::test]
async fn a_client_of_another_authority_is_refused_and_hears_it() {
    let (ours, theirs) = (authority(&["a"]), authority(&["b"]));
    // It trusts us, but its own certificate is of its own authority.
    let ca = theirs.path().join("b/ca.pem");
    let both = [fs::read(&ca), fs::read(ours.path().join("a/ca.pem"))];
    fs::write(&ca, both.map(|pem| pem.expect("a file")).concat()).expect("written");
    let (client, server) = meet(&node(&theirs, "b"), &node(&ours, "a"), "a").await;
    refused(server, FaultKind::Forbidden, "another authority");
    refused(client, FaultKind::Forbidden, "does not accept our certificate");
}

#[tokio::test]
async fn a_server_with_another_name_is_refused_before_anything_is_said() {
    let authority = authority(&["a", "b"]);
    let (client, server) = meet(&node(&authority, "a"), &node(&authority, "b"), "c").await;
    refused(client, FaultKind::Forbidden, "its certificate names [\"b\"] instead");
    refused(server, FaultKind::Forbidden, "does not accept us");
}

/// A client that is no node: no certificate, and the versions it likes.
async fn stranger(
    authority: &TempDir,
    tcp: TcpStream,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> io::Result<u8> {
    let mut roots = RootCertStore::empty();
    let pem = fs::read(authority.path().join("authority/ca.pem"))?;
    roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("added");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(ServerName::try_from("a").expect("a name"), tcp).await?;
    stream.read_u8().await
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let authority = authority(&["a"]);
    let server = node(&authority, "a");
    let (dialled, accepted) = pair().await;
    let versions = [&rustls::version::TLS13];
    let (client, server) =
        tokio::join!(stranger(&authority, dialled, &versions), server.accept(accepted));
    assert!(client.is_err(), "it hears nothing");
    refused(server, FaultKind::Unauthorized, "no certificate");
}

#[tokio::test]
async fn an_older_tls_is_refused() {
    let authority = authority(&["a"]);
    let server = node(&authority, "a");
    let (dialled, accepted) = pair().await;
    let versions = [&rustls::version::TLS12];
    let (client, server) =
        tokio::join!(stranger(&authority, dialled, &versions), server.accept(accepted));
    assert!(client.is_err(), "no common version");
    refused(server, FaultKind::Invalid, "refused");
}

#[tokio::test]
async fn garbage_is_refused_on_both_sides() {
    let authority = authority(&["a"]);
    let a = node(&authority, "a");
    let garbage = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut dialled, accepted) = pair().await;
    dialled.write_all(garbage).await.expect("sent");
    refused(a.accept(accepted).await, FaultKind::Invalid, "does not speak TLS");
    let (dialled, mut accepted) = pair().await;
    accepted.write_all(garbage).await.expect("sent");
    refused(a.connect(dialled, "a").await, FaultKind::Invalid, "does not speak TLS");
}

#[tokio::test(start_paused = true)]
async fn silence_is_given_up_after_the_deadline() {
    let authority = authority(&["a"]);
    let a = node(&authority, "a");
    let (dialled, accepted) = pair().await;
    let began = Instant::now();
    refused(a.accept(accepted).await, FaultKind::Timeout, "no handshake within 3s");
    assert_eq!(began.elapsed().as_secs(), HANDSHAKE_LIMIT.as_secs());
    drop(dialled);
    let (dialled, accepted) = pair().await;
    refused(a.connect(dialled, "a").await, FaultKind::Timeout, "node \"a\"");
    drop(accepted);
}

#[tokio::test]
async fn a_connection_that_is_closed_is_unavailable() {
    let authority = authority(&["a"]);
    let (dialled, accepted) = pair().await;
    drop(dialled);
    let outcome = node(&authority, "a").accept(accepted).await;
    refused(outcome, FaultKind::Unavailable, "broke off");
}

#[tokio::test]
async fn replaced_files_are_used_by_the_next_connection() {
    let (ours, theirs) = (authority(&["a"]), authority(&["a", "b"]));
    let (a, b) = (node(&ours, "a"), node(&theirs, "b"));
    let (client, _) = meet(&a, &b, "b").await;
    refused(client, FaultKind::Forbidden, "another authority");
    let before = a.expires_at();
    replace(&theirs, &ours, &["ca.pem", "node.pem", "node.key"]);
    let (client, _) = meet(&a, &b, "b").await;
    refused(client, FaultKind::Forbidden, "another authority");
    later().await;
    let (client, server) = meet(&a, &b, "b").await;
    client.expect("connected");
    assert!(server.expect("accepted").1.is("a"));
    assert!(a.expires_at() >= before);
}

#[tokio::test]
async fn a_broken_replacement_changes_nothing_until_it_is_whole() {
    let (ours, theirs) = (authority(&["a", "b"]), authority(&["a", "b"]));
    let (a, b, other) = (node(&ours, "a"), node(&ours, "b"), node(&theirs, "b"));
    replace(&theirs, &ours, &["node.pem", "ca.pem"]);
    later().await;
    let (client, server) = meet(&a, &b, "b").await;
    client.expect("the old identity");
    server.expect("the old identity");
    fs::remove_file(ours.path().join("a/node.pem")).expect("removed");
    later().await;
    meet(&a, &b, "b").await.0.expect("the old identity");
    replace(&theirs, &ours, &["node.pem", "node.key"]);
    later().await;
    meet(&a, &other, "b").await.0.expect("the new identity");
}

#[tokio::test]
async fn files_of_a_spiffe_helper_are_an_identity() {
    let folder = spiffe("spiffe://example.org/ns/news/node-7");
    let context = TlsContext::load(folder.path()).expect("an identity");
    assert_eq!(context.own_name().names, ["node-7"]);
    let (client, server) = meet(&context, &context, "node-7").await;
    assert!(client.expect("connected").1.is("node-7"));
    assert!(server.expect("accepted").1.is("node-7"));
}

/// An SVID as a SPIFFE server gives it out.
fn spiffe(identity: &str) -> TempDir {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let bundle = authority.self_signed(&authority_key).expect("a certificate").pem();
    let mut node = CertificateParams::new(Vec::new()).expect("parameters");
    node.subject_alt_names = vec![SanType::URI(identity.try_into().expect("a URI"))];
    let (key, issuer) =
        (KeyPair::generate().expect("a key"), Issuer::new(authority, authority_key));
    let svid = node.signed_by(&key, &issuer).expect("a certificate").pem();
    let folder = tempdir().expect("a folder");
    let files = [("bundle.pem", bundle), ("svid.pem", svid), ("svid_key.pem", key.serialize_pem())];
    for (file, text) in files {
        fs::write(folder.path().join(file), text).expect("written");
    }
    folder
}

#[test]
fn a_certificate_that_names_no_node_is_no_identity() {
    let folder = spiffe("https://example.org/node-7");
    let fault = TlsContext::load(folder.path()).expect_err("no name");
    assert!(fault.message.contains("svid.pem cannot be used: it names no node"), "{fault}");
}

#[test]
fn what_is_wrong_with_the_files_is_said_with_the_file() {
    let (ours, theirs) = (authority(&["a"]), authority(&["a"]));
    let folder = ours.path().join("a");
    let fault = |why: &str| {
        let fault = TlsContext::load(&folder).expect_err(why);
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.message.contains(why), "{fault}");
    };
    replace(&theirs, &ours, &["node.key"]);
    fault("node.key cannot be used: it does not belong to");
    replace(&theirs, &ours, &["node.pem"]);
    fault("node.pem cannot be used: the certificate is of another authority");
    fs::write(folder.join("node.key"), "no key").expect("written");
    replace(&theirs, &ours, &["ca.pem"]);
    fault("node.key cannot be used: it has no private key");
    fs::write(folder.join("ca.pem"), "nothing").expect("written");
    fault("ca.pem cannot be used: it has no certificate");
    fs::write(folder.join("ca.pem"), vec![b' '; 1024 * 1024 + 1]).expect("written");
    fault("ca.pem is larger than");
    fs::remove_file(folder.join("node.key")).expect("removed");
    fs::remove_file(folder.join("ca.pem")).expect("removed");
    fault("ca.pem cannot be read");
    fs::remove_file(folder.join("node.pem")).expect("removed");
    fault("autoglm cluster certs");
}
