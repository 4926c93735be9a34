//! `autoglm`: the one binary. Reads the command line, runs one verb, reports one error.

use clap::Parser;
use std::process::ExitCode;

/// Returns memory to the system after a burst; the system's own allocator keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    autoglm_feeds::install_crypto_provider();
    autoglm::cli::run(autoglm::cli::Cli::parse())
}
