//! Links between real processes: ractor's registries are those of a process, so every node of these
//! tests is a process of its own, which is this test program started again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking, and documents itself by its name"
)]

mod links {
    pub(super) mod node;
    pub(super) mod process;
}

use links::node;
use links::process::{Linked, eventually};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Runs as a node when a test has started this program as one.
#[test]
fn node_process() {
    if let Some(incarnation) = node::asked_for() {
        node::run(incarnation);
    }
}

#[test]
fn two_nodes_link_ask_and_tell() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    two.until_ready(1);
    assert_eq!(one.command("ask 2 hello"), "answer hello from 1");
    assert_eq!(two.command("ask 1 hello"), "answer hello from 2");
    one.command("tell 2 hint");
    eventually("the hint arrives", || two.command("told").contains("hint from 1"));
    assert!(one.command("ask 2 fail").starts_with("fault Conflict"));
    assert!(one.command("ask 9 hello").starts_with("fault Unavailable"), "nobody is there");
}

#[test]
fn a_request_is_given_up_at_its_deadline_and_what_is_too_large_is_never_sent() {
    let (mut one, _two) = Linked::pair();
    one.until_ready(2);
    assert!(one.command("ask 2 sleep").starts_with("fault Timeout"));
    assert!(one.command("large 2").starts_with("fault Invalid"));
    assert_eq!(one.command("ask 2 still"), "answer still from 1");
}

#[test]
fn a_killed_peer_is_noticed_and_its_successor_is_linked() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    two.kill();
    eventually("the link is lost", || !one.command("links").contains("2:ready"));
    assert!(one.command("ask 2 hello").starts_with("fault Unavailable"));
    let mut three = Linked::start(3);
    Linked::introduce(&mut [&mut one, &mut three]);
    one.until_ready(3);
    assert_eq!(three.command("ask 1 hello"), "answer hello from 3");
}

#[test]
fn a_frozen_peer_is_cut_off_and_linked_again_when_it_thaws() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    two.signal("STOP");
    eventually("the silence is noticed", || !one.command("links").contains("2:ready"));
    assert!(one.command("ask 2 hello").starts_with("fault Unavailable"));
    two.signal("CONT");
    one.until_ready(2);
    two.until_ready(1);
    assert_eq!(two.command("ask 1 hello"), "answer hello from 2");
}

#[test]
fn peers_that_are_cut_from_each_other_notice_and_link_again() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    one.cut(&["n2"]);
    two.cut(&["n1"]);
    eventually("the loss is noticed", || {
        !one.command("links").contains("2:ready") && !two.command("links").contains("1:ready")
    });
    one.cut(&[]);
    two.cut(&[]);
    one.until_ready(2);
    two.until_ready(1);
}

#[test]
fn hostile_connections_disturb_no_link() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    let address = two.address().to_owned();
    let idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut garbage = TcpStream::connect(&address).unwrap();
    garbage.write_all(&[0xff; 4_096]).unwrap();
    let mut huge = TcpStream::connect(&address).unwrap();
    huge.write_all(&(1_u64 << 40).to_be_bytes()).unwrap();
    assert_eq!(one.command("ask 2 hello"), "answer hello from 1");
    for mut stream in idle.into_iter().chain([garbage, huge]) {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        // Closed, or reset: either way it is over, and not by our patience.
        match stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
    assert_eq!(two.command("ask 1 hello"), "answer hello from 2");
}

#[test]
fn who_does_not_know_the_secret_is_not_linked() {
    let mut one = Linked::start(1);
    let mut two = Linked::start_with(2, "another secret");
    Linked::introduce(&mut [&mut one, &mut two]);
    eventually("an attempt was refused", || one.command("links").contains("another cluster"));
    assert!(one.command("ask 2 hello").starts_with("fault Unavailable"));
}

#[test]
fn a_transport_that_starts_again_in_the_same_process_links_again() {
    let (mut one, mut two) = Linked::pair();
    one.until_ready(2);
    two.command("restart 5");
    Linked::introduce(&mut [&mut one, &mut two]);
    one.until_ready(5);
    assert_eq!(two.command("ask 1 hello"), "answer hello from 5");
    assert_eq!(one.command("ask 5 hello"), "answer hello from 1");
}
