//! Test harness: throw-away PostgreSQL, an origin server with faults, nodes as processes
