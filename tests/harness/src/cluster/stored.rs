//! What is asked of the database about a cluster, and readers put there for a run.

use super::TestCluster;
use crate::checker::client::Participant;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

impl TestCluster {
    /// Live nodes by name, with how many shards each owns.
    ///
    /// # Errors
    /// What the database says.
    pub fn shares(&self) -> Result<BTreeMap<String, usize>> {
        let rows = self.query(
            "SELECT node.name, count(lease.shard) FROM node \
             LEFT JOIN shard_lease lease ON lease.owner = node.incarnation \
             WHERE node.state <> 'down' AND node.lease_until > extract(epoch FROM clock_timestamp()) * 1000 \
             GROUP BY node.name",
        )?;
        let mut shares = BTreeMap::new();
        for row in rows {
            let [name, count] = row.as_slice() else {
                bail!("two columns were asked for: {row:?}")
            };
            shares.insert(name.clone(), count.parse()?);
        }
        Ok(shares)
    }

    /// The number of the node that owns a shard now, as the database says.
    ///
    /// # Errors
    /// When nobody alive does.
    pub fn owner_of(&self, kind: &str, shard: u16) -> Result<usize> {
        let rows = self.query(&format!(
            "SELECT node.name FROM shard_lease lease JOIN node ON node.incarnation = lease.owner \
             WHERE lease.kind = '{kind}' AND lease.shard = {shard} AND node.state <> 'down'"
        ))?;
        let name = rows.first().and_then(|row| row.first());
        let number =
            name.and_then(|name| name.strip_prefix('n')).and_then(|text| text.parse().ok());
        number.with_context(|| format!("shard {kind}/{shard} has no owner alive: {rows:?}"))
    }

    /// The latest incarnation of a node.
    ///
    /// # Errors
    /// When it was never started.
    pub fn incarnation(&self, number: usize) -> Result<i64> {
        let rows =
            self.query(&format!("SELECT max(incarnation) FROM node WHERE name = 'n{number}'"))?;
        let text = rows.first().and_then(|row| row.first()).context("it was never started")?;
        Ok(text.parse()?)
    }

    /// Adds readers who follow the first source, with tokens, straight in the database.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_readers(&self, count: usize) -> Result<Vec<Participant>> {
        let secret = |id: i64| format!("aglm_checker_{id}");
        let first = self.query(&format!(
            "UPDATE counter SET value = value + {count} WHERE name = 'reader' RETURNING value - {count} + 1"
        ))?;
        let first: i64 = first.first().and_then(|row| row.first()).context("no number")?.parse()?;
        let last = first + i64::try_from(count)? - 1;
        self.query(&format!(
            "BEGIN; \
             INSERT INTO reader (id, name, language, last_event_seq, created_at) \
             SELECT id, 'checker ' || id, 'en', 0, 0 FROM generate_series({first}, {last}) AS id; \
             INSERT INTO subscription (reader_id, source_id, read_count, created_at) \
             SELECT id, (SELECT min(id) FROM source), 0, 0 FROM generate_series({first}, {last}) AS id; \
             INSERT INTO token (id, hash, reader_id, name, created_at) \
             SELECT (SELECT value FROM counter WHERE name = 'token') + id - {first} + 1, \
             sha256(convert_to('aglm_checker_' || id, 'UTF8')), id, 'checker', 0 \
             FROM generate_series({first}, {last}) AS id; \
             UPDATE counter SET value = value + {count} WHERE name = 'token'; \
             COMMIT"
        ))?;
        Ok((first..=last).map(|id| Participant { id, token: secret(id) }).collect())
    }

    /// Ids of stored articles, at most 100.
    ///
    /// # Errors
    /// What the database says.
    pub fn articles(&self) -> Result<Vec<i64>> {
        let rows = self.query("SELECT id FROM article ORDER BY id LIMIT 100")?;
        rows.iter().flatten().map(|text| Ok(text.parse()?)).collect()
    }
}
