//! Behaviour of the folder of models.

use super::*;
use proptest::prelude::*;

fn manifest(name: &str, version: u32) -> Manifest {
    Manifest {
        name: name.into(),
        version,
        kind: ModelKind::StaticEncoder,
        source: "a test".into(),
        licence: String::new(),
        prefix: String::new(),
        notes: String::new(),
        created_at: 0,
        files: Vec::new(),
    }
}

fn with_model(name: &str, version: u32) -> (tempfile::TempDir, Catalog) {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new(folder.path());
    let staging = catalog.staging("one").unwrap();
    std::fs::create_dir(staging.join("1_Pooling")).unwrap();
    std::fs::write(staging.join("vocab.txt"), "bank\n").unwrap();
    std::fs::write(staging.join("1_Pooling/config.json"), "{}").unwrap();
    catalog.adopt(&staging, manifest(name, version)).unwrap();
    (folder, catalog)
}

#[test]
fn a_model_taken_in_is_listed_with_its_files_and_their_hashes() {
    let (_folder, catalog) = with_model("mine", 1);
    let entry = catalog.get(&ModelId::new("mine", 1)).unwrap();
    let paths: Vec<&str> = entry.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["1_Pooling/config.json", "vocab.txt"]);
    assert_eq!(entry.manifest.bytes(), 7);
    entry.verify().unwrap();
    assert_eq!(catalog.list().unwrap().len(), 1);
    assert_eq!(catalog.next_version("mine").unwrap(), 2);
    assert_eq!(catalog.next_version("other").unwrap(), 1);
}

#[test]
fn a_file_that_changed_is_named() {
    let (_folder, catalog) = with_model("mine", 1);
    let entry = catalog.get(&ModelId::new("mine", 1)).unwrap();
    std::fs::write(entry.folder.join("vocab.txt"), "tank\n").unwrap();
    let error = entry.verify().unwrap_err().to_string();
    assert!(error.contains("vocab.txt") && error.contains("pull it again"), "{error}");
}

#[test]
fn versions_live_side_by_side_and_are_never_overwritten() {
    let (_folder, catalog) = with_model("mine", 1);
    let staging = catalog.staging("two").unwrap();
    let error = catalog.adopt(&staging, manifest("mine", 1)).unwrap_err();
    assert!(matches!(error, Error::DuplicateVersion { .. }), "{error}");
    catalog.adopt(&staging, manifest("mine", 2)).unwrap();
    catalog.remove(&ModelId::new("mine", 1)).unwrap();
    let left: Vec<String> = catalog
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| entry.unwrap().manifest.id().to_string())
        .collect();
    assert_eq!(left, ["mine-2"]);
}

#[test]
fn an_unknown_model_is_answered_with_those_there_are() {
    let (_folder, catalog) = with_model("mine", 1);
    let error = catalog.get(&ModelId::new("yours", 3)).unwrap_err().to_string();
    assert!(error.contains("yours-3") && error.contains("mine-1"), "{error}");
}

#[test]
fn a_folder_without_a_manifest_is_told_and_hides_no_other() {
    let (folder, catalog) = with_model("mine", 1);
    std::fs::create_dir(folder.path().join("stranger-1")).unwrap();
    let listed = catalog.list().unwrap();
    assert_eq!(listed.iter().filter(|entry| entry.is_ok()).count(), 1);
    assert_eq!(listed.iter().filter(|entry| entry.is_err()).count(), 1);
}

#[test]
fn an_interrupted_pull_finds_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new(folder.path());
    std::fs::write(catalog.staging("mine").unwrap().join("half"), "x").unwrap();
    assert!(catalog.staging("mine").unwrap().join("half").exists());
    assert!(catalog.list().unwrap().is_empty());
    assert!(catalog.staging("../up").is_err());
}

#[test]
fn of_a_hubs_files_those_the_product_reads_are_wanted() {
    let repository = HubRepository::parse("http://hub.test/", "owner/Model@v2").unwrap();
    assert_eq!(repository.file_url("a/b"), "http://hub.test/owner/Model/resolve/v2/a/b");
    let listing = r#"[
        {"type":"directory","path":"onnx"},
        {"type":"file","path":"onnx/model.onnx","size":5},
        {"type":"file","path":"onnx/config.json","size":5},
        {"type":"file","path":"config.json","size":7},
        {"type":"file","path":"1_Pooling/config.json","size":7},
        {"type":"file","path":"README.md","size":7},
        {"type":"file","path":"../evil.json","size":7},
        {"type":"file","path":"pytorch_model.bin","size":9},
        {"type":"file","path":"model.safetensors","size":9,
         "lfs":{"oid":"53AA5117000000000000000000000000000000000000000000000000000000ff","size":90}}
    ]"#;
    let files = wanted(&parse_listing(listing.as_bytes(), &repository).unwrap());
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["config.json", "1_Pooling/config.json", "model.safetensors"]);
    assert_eq!(files[2].bytes, 90);
    assert!(files[2].sha256.as_ref().unwrap().starts_with("53aa"));
    for wrong in ["a/b/c", "../x", "a b", ""] {
        assert!(HubRepository::parse("http://hub.test", wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_listing_makes_parsing_panic_or_leave_the_folder(json in "[\\[\\]{}\":,a-z./0-9]{0,120}") {
        let repository = HubRepository::parse("http://hub.test", "a/b").unwrap();
        if let Ok(files) = parse_listing(json.as_bytes(), &repository) {
            prop_assert!(files.iter().all(|file| !file.path.split('/').any(|part| part == "..")));
        }
    }
}

#[test]
fn what_a_folder_holds_is_told_by_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let with = |text: &str| {
        std::fs::write(&config, text).unwrap();
        detect_kind(folder.path())
    };
    assert_eq!(with(r#"{"model_type": "bert"}"#).unwrap(), ModelKind::Encoder);
    assert_eq!(with(r#"{"model_type": "glm4"}"#).unwrap(), ModelKind::Decoder);
    let error = with(r#"{"model_type": "gpt2"}"#).unwrap_err().to_string();
    assert!(error.contains("gpt2") && error.contains("xlm-roberta"), "{error}");
    assert!(with("[").is_err());
    std::fs::write(folder.path().join("table.safetensors"), "").unwrap();
    assert_eq!(detect_kind(folder.path()).unwrap(), ModelKind::StaticEncoder);
}
