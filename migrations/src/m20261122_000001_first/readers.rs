//! Readers, what they set and what they did.

/// Common to both databases.
pub(super) const TABLES: &str = "
CREATE TABLE reader (
    id {id} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    last_event_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reader_name ON reader (name);

CREATE TABLE token (
    id {id} NOT NULL PRIMARY KEY,
    hash {bytes} NOT NULL,
    reader_id BIGINT REFERENCES reader (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX token_hash ON token (hash);

CREATE TABLE folder (
    id {id} NOT NULL PRIMARY KEY,
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    name TEXT NOT NULL
);
CREATE UNIQUE INDEX folder_name ON folder (reader_id, name);

CREATE TABLE subscription (
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    source_id BIGINT NOT NULL REFERENCES source (id),
    folder_id BIGINT REFERENCES folder (id),
    title TEXT,
    read_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (reader_id, source_id)
);
CREATE INDEX subscription_source ON subscription (source_id, reader_id);

CREATE TABLE mark (
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    source_id BIGINT NOT NULL,
    is_read BOOLEAN NOT NULL,
    is_saved BOOLEAN NOT NULL,
    is_hidden BOOLEAN NOT NULL,
    note TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (reader_id, article_id)
);
CREATE INDEX mark_article ON mark (article_id);
CREATE INDEX mark_time ON mark (reader_id, updated_at);
CREATE INDEX mark_read ON mark (reader_id, source_id) WHERE is_read;
CREATE INDEX mark_saved ON mark (reader_id, article_id) WHERE is_saved;

CREATE TABLE tag (
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (reader_id, name, article_id)
);
CREATE INDEX tag_article ON tag (article_id);

CREATE TABLE event (
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    id {bytes} NOT NULL,
    kind TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_key TEXT NOT NULL,
    at BIGINT NOT NULL,
    dwell_ms BIGINT,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (reader_id, seq)
);
CREATE UNIQUE INDEX event_id ON event (reader_id, id);

CREATE TABLE profile (
    reader_id {id} NOT NULL PRIMARY KEY REFERENCES reader (id) ON DELETE CASCADE,
    payload {bytes} NOT NULL,
    version BIGINT NOT NULL,
    last_event_seq BIGINT NOT NULL,
    saved_at BIGINT NOT NULL
);

CREATE TABLE rule (
    id {id} NOT NULL PRIMARY KEY,
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_key TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX rule_target ON rule (reader_id, kind, target_kind, target_key);

CREATE TABLE outbox (
    id {id} NOT NULL PRIMARY KEY,
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    shard BIGINT NOT NULL,
    channel TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    payload {bytes} NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE UNIQUE INDEX outbox_key ON outbox (reader_id, channel, idempotency_key);
CREATE INDEX outbox_due ON outbox (shard, due_at) WHERE delivered_at IS NULL";

/// Takes everything of this file away again; dependants first.
pub(super) const DROP: &str = "
DROP TABLE outbox;
DROP TABLE rule;
DROP TABLE profile;
DROP TABLE event;
DROP TABLE tag;
DROP TABLE mark;
DROP TABLE subscription;
DROP TABLE folder;
DROP TABLE token;
DROP TABLE reader";
