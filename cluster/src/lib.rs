//! Membership, leases, placement and shard regions; knows no SQL and no concrete actor
