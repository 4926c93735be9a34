//! A test that cannot run here says so, and is counted.

use std::io::Write as _;
use std::path::PathBuf;

/// Names a file that gets one line for every skipped test.
const SKIP_LOG: &str = "AUTOGLM_SKIP_LOG";
/// Where the collections of test material are.
const CORPORA: &str = "AUTOGLM_CORPORA";
/// Where neural models are, each in a folder of its own.
const MODELS: &str = "AUTOGLM_TEST_MODELS";

/// Says on standard error that a test is skipped and why, and notes it.
pub fn skip(test: &str, reason: &str) {
    eprintln!("SKIPPED (1 test): {test}: {reason}");
    note_skip(test, reason);
}

/// Adds a line to the file named by `AUTOGLM_SKIP_LOG`, for whoever counts.
pub fn note_skip(test: &str, reason: &str) {
    let Some(path) = std::env::var_os(SKIP_LOG).filter(|path| !path.is_empty()) else { return };
    let noted = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{test}: {}", reason.replace('\n', " ")));
    if let Err(error) = noted {
        eprintln!("cannot note a skipped test in {}: {error}", path.display());
    }
}

/// A part of the collections of test material, such as `ingest/real-feeds`: below
/// `AUTOGLM_CORPORA`, or in `../shared/corpora` beside the repository. `None` when it is not there.
#[must_use]
pub fn corpora(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os(CORPORA).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora")),
        PathBuf::from,
    );
    Some(root.join(part)).filter(|path| path.is_dir())
}

/// A neural model that is too large for the repository, such as `minilm`: below
/// `AUTOGLM_TEST_MODELS`, or where `make setup` puts it. `None` when it is not there.
#[must_use]
pub fn test_model(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os(MODELS).filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/autoglm/models"),
    };
    Some(root.join(name)).filter(|path| path.join("config.json").is_file())
}
