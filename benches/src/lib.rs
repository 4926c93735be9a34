//! The numbers we claim, reproducible with make bench
