//! Sources, articles, what models say about them, and stories.

/// Common to both databases.
pub(super) const TABLES: &str = "
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES
    ('article', 0), ('story', 0), ('source', 0), ('reader', 0), ('incarnation', 0),
    ('token', 0), ('rule', 0), ('outbox', 0), ('revision', 0), ('folder', 0);

CREATE TABLE source (
    id {id} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    title_chosen BOOLEAN NOT NULL,
    site_url TEXT NOT NULL,
    interval_ms BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    etag TEXT,
    last_modified TEXT,
    article_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX source_url ON source (url);

CREATE TABLE source_health (
    source_id {id} NOT NULL PRIMARY KEY REFERENCES source (id),
    class TEXT NOT NULL,
    cause TEXT,
    problem TEXT,
    last_attempt_at BIGINT,
    last_success_at BIGINT,
    next_fetch_at BIGINT,
    consecutive_failures BIGINT NOT NULL,
    last_fetch_ms BIGINT
);

CREATE TABLE article (
    id {id} NOT NULL PRIMARY KEY,
    source_id BIGINT NOT NULL REFERENCES source (id),
    identity {bytes} NOT NULL,
    identity_kind SMALLINT NOT NULL,
    url TEXT NOT NULL,
    canonical_url TEXT NOT NULL,
    title TEXT NOT NULL,
    authors TEXT NOT NULL,
    language TEXT,
    published_at BIGINT,
    fetched_at BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    content_hash BIGINT NOT NULL,
    minhash {bytes} NOT NULL,
    stage SMALLINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    claimed_by BIGINT,
    story_id BIGINT,
    duplicate_of BIGINT,
    model_version TEXT,
    trace_parent TEXT,
    placed_at BIGINT,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX article_identity ON article (identity, source_id);
CREATE INDEX article_source ON article (source_id, sort_at, id);
CREATE INDEX article_time ON article (sort_at, id);
CREATE INDEX article_stored ON article (stage, id) WHERE stage = 0;
CREATE INDEX article_indexed ON article (stage, id) WHERE stage = 1;
CREATE INDEX article_understood ON article (stage, id) WHERE stage = 2;
CREATE INDEX article_placed ON article (placed_at, id) WHERE stage = 3;
CREATE INDEX article_claimed ON article (claimed_by) WHERE claimed_by IS NOT NULL;

CREATE TABLE article_content (
    article_id {id} NOT NULL PRIMARY KEY REFERENCES article (id) ON DELETE CASCADE,
    content_html TEXT NOT NULL,
    content_text TEXT NOT NULL
);

CREATE TABLE article_revision (
    id {id} NOT NULL PRIMARY KEY,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    content_html TEXT NOT NULL,
    content_hash BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL
);
CREATE INDEX article_revision_article ON article_revision (article_id, id);

CREATE TABLE article_tombstone (
    identity {bytes} NOT NULL,
    source_id BIGINT NOT NULL REFERENCES source (id),
    article_id BIGINT NOT NULL,
    removed_at BIGINT NOT NULL,
    PRIMARY KEY (identity, source_id)
);
CREATE INDEX article_tombstone_time ON article_tombstone (removed_at);

CREATE TABLE understanding (
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    model_version TEXT NOT NULL,
    embedding {bytes},
    topics TEXT NOT NULL,
    summary TEXT NOT NULL,
    payload {bytes},
    created_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, kind, model_version)
);

CREATE TABLE article_topic (
    topic TEXT NOT NULL,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    PRIMARY KEY (topic, article_id)
);
CREATE INDEX article_topic_article ON article_topic (article_id);

CREATE TABLE story (
    id {id} NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    representative BIGINT NOT NULL,
    article_count BIGINT NOT NULL,
    source_count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX story_time ON story (last_at, id);

CREATE TABLE story_member (
    article_id {id} NOT NULL PRIMARY KEY REFERENCES article (id) ON DELETE CASCADE,
    story_id BIGINT NOT NULL REFERENCES story (id) ON DELETE CASCADE,
    source_id BIGINT NOT NULL,
    sort_at BIGINT NOT NULL
);
CREATE INDEX story_member_story ON story_member (story_id, sort_at, article_id);
CREATE INDEX story_member_time ON story_member (sort_at, article_id);

CREATE TABLE model_version (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    weight BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    notes TEXT NOT NULL
);

CREATE TABLE snapshot (
    name TEXT NOT NULL PRIMARY KEY,
    payload {bytes} NOT NULL,
    saved_at BIGINT NOT NULL
)";

/// Full text on SQLite: tokens are made by us, so the simplest tokenizer that keeps them whole.
pub(super) const SEARCH_SQLITE: &str = "
CREATE VIRTUAL TABLE article_search USING fts5 (
    tokens, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
)";

/// Full text on PostgreSQL.
pub(super) const SEARCH_POSTGRES: &str = "
CREATE TABLE article_search (
    article_id {id} NOT NULL PRIMARY KEY REFERENCES article (id) ON DELETE CASCADE,
    tokens TSVECTOR NOT NULL
);
CREATE INDEX article_search_tokens ON article_search USING GIN (tokens)";

/// Takes everything of this file away again; dependants first.
pub(super) const DROP: &str = "
DROP TABLE article_search;
DROP TABLE snapshot;
DROP TABLE model_version;
DROP TABLE story_member;
DROP TABLE story;
DROP TABLE article_topic;
DROP TABLE understanding;
DROP TABLE article_tombstone;
DROP TABLE article_revision;
DROP TABLE article_content;
DROP TABLE article;
DROP TABLE source_health;
DROP TABLE source;
DROP TABLE counter";
