//! Frozen schema history for SQLite and PostgreSQL
