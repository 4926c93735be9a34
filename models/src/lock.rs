//! The exclusive lock on a data directory, which is the lease of a node alone on SQLite.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Name of the lock file beside the database.
const LOCK_FILE: &str = "autoglm.lock";

/// Held as long as the store is open; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataDirectoryLock {
    /// Closing the file frees the lock.
    _file: File,
    directory: PathBuf,
}

impl DataDirectoryLock {
    /// Locks `directory`, making it when it does not exist.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process holds it, [`Error::Lock`] when the file cannot be made.
    pub fn acquire(directory: &Path) -> Result<Self> {
        let trouble = |cause: std::io::Error| Error::Lock {
            directory: directory.to_owned(),
            cause: cause.to_string(),
        };
        std::fs::create_dir_all(directory).map_err(trouble)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK_FILE))
            .map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, directory: directory.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { directory: directory.to_owned() }),
            Err(TryLockError::Error(error)) => Err(trouble(error)),
        }
    }

    /// The locked directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_which_directory_is_taken() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let first = DataDirectoryLock::acquire(folder.path()).expect("free");
        let error = DataDirectoryLock::acquire(folder.path()).expect_err("taken");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
        drop(first);
        DataDirectoryLock::acquire(folder.path()).expect("free again");
    }
}
