//! The actors, one a file, and their supervision tree
