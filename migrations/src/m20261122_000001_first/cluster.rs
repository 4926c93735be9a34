//! Nodes and who owns what.

/// Common to both databases.
pub(super) const TABLES: &str = "
CREATE TABLE node (
    incarnation {id} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    roles TEXT NOT NULL,
    state TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE INDEX node_live ON node (incarnation) WHERE state <> 'down';

CREATE TABLE view (
    id {id} NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO view (id, version) VALUES (1, 0);

CREATE TABLE shard_lease (
    kind TEXT NOT NULL,
    shard BIGINT NOT NULL,
    owner BIGINT,
    epoch BIGINT NOT NULL,
    PRIMARY KEY (kind, shard)
)";

/// Takes everything of this file away again.
pub(super) const DROP: &str = "
DROP TABLE shard_lease;
DROP TABLE view;
DROP TABLE node";
