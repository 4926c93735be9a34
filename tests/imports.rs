//! The rooms import only downwards; this reads the manifests and fails when a door is in the
//! wrong wall. The directions are those of ARCHITECTURE.md.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Room and what it may import of ours.
const DOORS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("feeds", &["domain"]),
    ("inference", &["domain"]),
    ("ranking", &["domain"]),
    ("migrations", &[]),
    ("models", &["domain", "migrations"]),
    ("cluster", &["domain", "protocol"]),
    ("actors", &["domain", "protocol", "cluster", "feeds", "inference", "ranking", "models"]),
    ("api", &["domain", "protocol"]),
    ("tests/harness", &[]),
];

/// Third-party crates that only one room may know.
const KEPT: [(&str, &[&str]); 6] = [
    ("sea-orm", &["models"]),
    ("sea-orm-migration", &["migrations"]),
    ("fred", &["models"]),
    ("axum", &["api"]),
    ("burn", &["inference"]),
    ("feed-rs", &["feeds"]),
];

/// Crates that make a room asynchronous or an actor.
const NOT_IN_DOMAIN: [&str; 5] = ["tokio", "ractor", "sea-orm", "axum", "reqwest"];

fn dependencies(room: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(room).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            if !name.is_empty() {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn rooms_import_only_downwards() {
    let mut wrong = Vec::new();
    for (room, allowed) in DOORS {
        for name in dependencies(room) {
            if let Some(other) = name.strip_prefix("autoglm-")
                && !allowed.contains(&other)
            {
                wrong.push(format!("{room} imports {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn only_one_room_knows_each_framework() {
    let mut wrong = Vec::new();
    let rooms: BTreeMap<_, _> = DOORS.map(|(room, _)| (room, dependencies(room))).into();
    for (library, allowed) in KEPT {
        for (room, names) in &rooms {
            if names.contains(library) && !allowed.contains(room) {
                wrong.push(format!("{room} knows {library}"));
            }
        }
    }
    for library in NOT_IN_DOMAIN {
        if rooms["domain"].contains(library) {
            wrong.push(format!("domain knows {library}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mut folders: Vec<_> = DOORS
        .iter()
        .filter(|(room, _)| !room.starts_with("tests"))
        .map(|(room, _)| root.join(room).join("src"))
        .collect();
    folders.push(root.join("src"));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("src/config.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                // Tests may look for corpora; they stand at the end of a file or in a tests file.
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let is_test = path.components().any(|part| part.as_os_str() == "tests")
                    || path.ends_with("tests.rs");
                if !is_test && code.contains("env::var") {
                    wrong.push(path.display().to_string());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these read the environment: {wrong:?}");
}

#[test]
fn every_source_file_says_why_it_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = DOORS.iter().map(|(room, _)| root.join(room).join("src")).collect();
    folders.extend([root.join("src"), root.join("benches/src")]);
    let mut wrong = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if !text.starts_with("//!") || path.ends_with("mod.rs") {
                    wrong.push(path.display().to_string());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "no `//!` first, or a mod.rs: {wrong:?}");
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !root.join(file).exists() {
                wrong.push(format!("{document}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "dead links: {wrong:?}");
}
