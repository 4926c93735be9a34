//! Bytes to articles: guarded HTTP client, feed parsing, sanitising, identity, OPML
