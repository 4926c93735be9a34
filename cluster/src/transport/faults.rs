//! Faults of links that tests ask for, by a file that is read ten times a second: `cut NAME` a line.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Longest file that is read.
const BYTES_MAX: usize = 64 * 1024;

/// Where the faults are asked for.
#[derive(Debug, Clone)]
pub(crate) struct FaultFile(PathBuf);

impl FaultFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The names of the nodes whose links are cut now; none without a file.
    pub(crate) fn cut(&self) -> BTreeSet<String> {
        let text = std::fs::read(&self.0).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[..text.len().min(BYTES_MAX)]);
        text.lines()
            .filter_map(|line| line.trim().strip_prefix("cut "))
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_that_are_cut_are_named_one_a_line() {
        let path = std::env::temp_dir().join(format!("autoglm-faults-{}", std::process::id()));
        std::fs::write(&path, "cut b\n\nmend c\ncut node d\n").expect("written");
        let faults = FaultFile::new(path.clone());
        assert_eq!(faults.cut(), BTreeSet::from(["b".to_owned(), "node d".to_owned()]));
        std::fs::remove_file(&path).expect("removed");
        assert!(faults.cut().is_empty(), "without a file nothing is cut");
    }
}
