//! What the database saw: every stored event, every change of a lease, and who wrote what.
//!
//! Triggers note it in tables beside the product's, in the same transaction. PostgreSQL keeps the
//! moment of every commit, so that terms of ownership and writes can be compared.

use super::history::Micros;
use super::ownership::{LeaseChange, Registered, Write};
use super::verdict::StoredEvent;
use crate::postgres::ThrowawayPostgres;
use anyhow::{Context, Result, bail};
use uuid::Uuid;

/// Tables and triggers; the shard of a reader is the product's secret and filled in by the test.
const TRIGGERS: &str = "
CREATE TABLE checker_shard (reader_id BIGINT PRIMARY KEY, shard BIGINT NOT NULL);
CREATE TABLE checker_node (incarnation BIGINT PRIMARY KEY, writer TEXT NOT NULL);
CREATE TABLE checker_lease (id BIGSERIAL PRIMARY KEY, kind TEXT NOT NULL, shard BIGINT NOT NULL,
    owner BIGINT, epoch BIGINT NOT NULL);
CREATE TABLE checker_write (reader_id BIGINT NOT NULL, seq BIGINT NOT NULL, shard BIGINT,
    writer TEXT NOT NULL, owner BIGINT, epoch BIGINT);
INSERT INTO checker_lease (kind, shard, owner, epoch)
    SELECT kind, shard, owner, epoch FROM shard_lease;
CREATE FUNCTION checker_note_node() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO checker_node VALUES (NEW.incarnation, current_setting('application_name'));
    RETURN NULL;
END $$;
CREATE FUNCTION checker_note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO checker_lease (kind, shard, owner, epoch)
        VALUES (NEW.kind, NEW.shard, NEW.owner, NEW.epoch);
    RETURN NULL;
END $$;
CREATE FUNCTION checker_note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO checker_write
        SELECT NEW.reader_id, NEW.seq, known.shard, current_setting('application_name'),
            lease.owner, lease.epoch
        FROM (SELECT 1) AS one
        LEFT JOIN checker_shard known ON known.reader_id = NEW.reader_id
        LEFT JOIN shard_lease lease ON lease.kind = 'reader' AND lease.shard = known.shard;
    RETURN NULL;
END $$;
CREATE TRIGGER checker_node AFTER INSERT ON node
    FOR EACH ROW EXECUTE FUNCTION checker_note_node();
CREATE TRIGGER checker_lease AFTER INSERT OR UPDATE ON shard_lease
    FOR EACH ROW EXECUTE FUNCTION checker_note_lease();
CREATE TRIGGER checker_write AFTER INSERT ON event
    FOR EACH ROW EXECUTE FUNCTION checker_note_write();
";

/// When the transaction that wrote a row was committed, in microseconds since 1970.
const COMMITTED: &str =
    "(extract(epoch FROM pg_xact_commit_timestamp(noted.xmin)) * 1000000)::BIGINT";

/// A database that takes notes.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    server: &'a ThrowawayPostgres,
    database: &'a str,
}

impl<'a> Evidence<'a> {
    /// A migrated database, by its address.
    #[must_use]
    pub fn of(server: &'a ThrowawayPostgres, database: &'a str) -> Self {
        Self { server, database }
    }

    /// Begins to take notes; before the first node whose starts shall be known.
    ///
    /// # Errors
    /// What the database says, also when it takes notes already.
    pub fn begin(&self) -> Result<()> {
        self.ask(TRIGGERS).map(drop)
    }

    /// Says to which shards readers belong.
    ///
    /// # Errors
    /// What the database says.
    pub fn readers(&self, shards: impl IntoIterator<Item = (i64, u16)>) -> Result<()> {
        let rows: Vec<String> =
            shards.into_iter().map(|(reader, shard)| format!("({reader}, {shard})")).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.ask(&format!("INSERT INTO checker_shard VALUES {}", rows.join(", "))).map(drop)
    }

    /// Every stored event.
    ///
    /// # Errors
    /// What the database says.
    pub fn events(&self) -> Result<Vec<StoredEvent>> {
        let rows = self.ask("SELECT reader_id, seq, encode(id, 'hex') FROM event ORDER BY 1, 2")?;
        let read = |row: &Vec<String>| -> Result<StoredEvent> {
            let id = row.get(2).context("no id")?;
            Ok(StoredEvent {
                reader: number(row, 0)?,
                seq: number(row, 1)?,
                id: id.parse::<Uuid>()?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every change of every lease since the notes began, each shard's in order.
    ///
    /// # Errors
    /// What the database says.
    pub fn leases(&self) -> Result<Vec<LeaseChange>> {
        let rows = self.ask(&format!(
            "SELECT kind, shard, owner, epoch, {COMMITTED} FROM checker_lease noted ORDER BY id"
        ))?;
        let read = |row: &Vec<String>| -> Result<LeaseChange> {
            let kind = row.first().context("no kind")?.clone();
            Ok(LeaseChange {
                shard: (kind, number(row, 1)?),
                owner: optional(row, 2)?,
                epoch: number(row, 3)?,
                committed: moment(row, 4)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every start of a node since the notes began.
    ///
    /// # Errors
    /// What the database says.
    pub fn nodes(&self) -> Result<Vec<Registered>> {
        let rows = self.ask("SELECT incarnation, writer FROM checker_node ORDER BY incarnation")?;
        let read = |row: &Vec<String>| -> Result<Registered> {
            let writer = row.get(1).context("no writer")?.clone();
            Ok(Registered { incarnation: number(row, 0)?, writer })
        };
        rows.iter().map(read).collect()
    }

    /// Every event of the readers whose shards are known, with its writer and its owner.
    ///
    /// # Errors
    /// What the database says.
    pub fn writes(&self) -> Result<Vec<Write>> {
        let rows = self.ask(&format!(
            "SELECT reader_id, seq, shard, writer, owner, epoch, {COMMITTED} \
             FROM checker_write noted WHERE shard IS NOT NULL ORDER BY reader_id, seq"
        ))?;
        let read = |row: &Vec<String>| -> Result<Write> {
            Ok(Write {
                reader: number(row, 0)?,
                seq: number(row, 1)?,
                shard: ("reader".to_owned(), number(row, 2)?),
                writer: row.get(3).context("no writer")?.clone(),
                owner: optional(row, 4)?,
                epoch: optional(row, 5)?.unwrap_or(0),
                committed: moment(row, 6)?,
            })
        };
        rows.iter().map(read).collect()
    }

    fn ask(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.server.query(self.database, sql)
    }
}

fn optional(row: &[String], place: usize) -> Result<Option<i64>> {
    match row.get(place).map(String::as_str) {
        Some("") => Ok(None),
        Some(text) => Ok(Some(text.parse().with_context(|| format!("not a number: {row:?}"))?)),
        None => bail!("a column is missing: {row:?}"),
    }
}

fn number(row: &[String], place: usize) -> Result<i64> {
    optional(row, place)?.with_context(|| format!("no number at {place}: {row:?}"))
}

fn moment(row: &[String], place: usize) -> Result<Micros> {
    Ok(Micros::try_from(number(row, place)?)?)
}
