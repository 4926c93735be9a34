//! Nodes and the membership's numbered views.
//!
//! Whoever changes a view says so to the others in the same transaction: they see it at once where
//! the database can tell them ([`Store::watch_views`]), and with their next look otherwise.

use crate::dialect::Dialect;
use crate::entities::{node, node_wish, view};
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::cluster_events::note;
use crate::queries::decode::{get, names, names_text};
use crate::rows::{ClusterEventKind, ClusterView, Member, NodeState};
use crate::store::Store;
use autoglm_domain::{Incarnation, Timestamp};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;
use std::time::Duration;

/// How long a node lives after registering, without any renewal.
const FIRST_LEASE: Duration = Duration::from_secs(15);
/// Longest name or address, in characters.
const NAME_CHARS_MAX: usize = 200;

impl Store {
    /// Enters this start of a node, as joining, for 15 s. On SQLite every earlier incarnation is
    /// down at once with its leases and claims free, and the lease has no end: the lock on the data
    /// directory proves that nobody else is alive.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or overlong name; else what the database says.
    pub async fn register_node(
        &self,
        name: &str,
        address: &str,
        roles: &[String],
    ) -> Result<Incarnation> {
        let fits = |text: &str| text.chars().count() <= NAME_CHARS_MAX;
        if name.is_empty() || !fits(name) || !fits(address) {
            return Err(Error::Invalid(format!(
                "node name {name:?} or its address is empty or longer than {NAME_CHARS_MAX} characters"
            )));
        }
        let facts = (name.to_owned(), address.to_owned(), names_text(roles));
        let admission = Admission::new(WriteQueue::Control, "registering the node");
        self.write(admission, move |tx| {
            let (name, address, roles) = facts.clone();
            async move { register(&tx, name, address, roles).await }
        })
        .await
    }

    /// Keeps the node alive for `ttl` from now on the database's clock, marks nodes down whose time
    /// is over, and answers with the view.
    ///
    /// # Errors
    /// [`Error::Expired`] when the node is no longer alive: it must stop its shards.
    pub async fn renew_node(&self, incarnation: Incarnation, ttl: Duration) -> Result<ClusterView> {
        let admission = Admission::new(WriteQueue::Reader, "renewing the node's lease");
        self.write(admission, move |tx| async move {
            let now = tx.lease_now().await?;
            let until = lease_end(&tx, now, ttl);
            let sql = tx
                .sql("UPDATE node SET lease_until = ? WHERE incarnation = ? AND state <> 'down' AND lease_until > ?")
                .with(until.0)
                .with(incarnation.0)
                .with(now.0);
            if tx.execute(sql).await? == 0 {
                return Err(Error::Expired(incarnation.0));
            }
            let sweep = tx.sql(
                "UPDATE node SET state = 'down' WHERE state <> 'down' AND lease_until <= ? \
                 RETURNING incarnation, name",
            );
            let expired = tx.all(sweep.with(now.0)).await?;
            for row in &expired {
                let gone = (Incarnation(get(row, "incarnation")?), get::<String>(row, "name")?);
                let detail = format!("found by node {incarnation}");
                note(&tx, gone.0, &gone.1, ClusterEventKind::Expired, &detail).await?;
            }
            if !expired.is_empty() {
                bump(&tx).await?;
            }
            read_view(tx.connection()).await
        })
        .await
    }

    /// Changes what the node is doing; [`NodeState::Down`] frees its leases for others.
    ///
    /// # Errors
    /// [`Error::Expired`] when the node is down already and another state is wanted.
    pub async fn set_node_state(&self, incarnation: Incarnation, state: NodeState) -> Result<()> {
        let admission = Admission::new(WriteQueue::Reader, "changing the node's state");
        self.write(admission, move |tx| async move {
            let sql = tx
                .sql("UPDATE node SET state = ? WHERE incarnation = ? AND state <> 'down' RETURNING name")
                .with(state.name())
                .with(incarnation.0);
            let Some(row) = tx.one(sql).await? else {
                let gone = state == NodeState::Down;
                return if gone { Ok(()) } else { Err(Error::Expired(incarnation.0)) };
            };
            let kind = match state {
                NodeState::Joining => ClusterEventKind::Joined,
                NodeState::Up => ClusterEventKind::Up,
                NodeState::Draining => ClusterEventKind::Draining,
                NodeState::Down => ClusterEventKind::Left,
            };
            note(&tx, incarnation, &get::<String>(&row, "name")?, kind, "").await?;
            bump(&tx).await
        })
        .await
    }

    /// The nodes that are not down.
    ///
    /// # Errors
    /// What the database says.
    pub async fn view(&self) -> Result<ClusterView> {
        let view = read_view(self.read_pool()).await;
        view.map_err(|error| error.during("reading the cluster's view"))
    }
}

async fn register(tx: &Tx, name: String, address: String, roles: String) -> Result<Incarnation> {
    let now = tx.lease_now().await?;
    if tx.dialect == Dialect::Sqlite {
        tx.execute(tx.sql("UPDATE node SET state = 'down' WHERE state <> 'down'")).await?;
        tx.execute(tx.sql("UPDATE shard_lease SET owner = NULL WHERE owner IS NOT NULL")).await?;
        let free =
            "UPDATE article SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by IS NOT NULL";
        tx.execute(tx.sql(free)).await?;
    }
    let incarnation = tx.take_numbers("incarnation", 1).await?;
    let joined = Incarnation(incarnation);
    note(tx, joined, &name, ClusterEventKind::Joined, &address).await?;
    let mut sql = tx.sql(
        "INSERT INTO node (incarnation, name, address, roles, state, lease_until, started_at) \
         VALUES (?, ?, ?, ?, 'joining', ?, ?)",
    );
    sql.bind(incarnation).bind(name).bind(address).bind(roles);
    sql.bind(lease_end(tx, now, FIRST_LEASE).0).bind(now.0);
    tx.execute(sql).await?;
    bump(tx).await?;
    Ok(Incarnation(incarnation))
}

fn lease_end(tx: &Tx, now: Timestamp, ttl: Duration) -> Timestamp {
    match tx.dialect {
        Dialect::Sqlite => Timestamp(i64::MAX),
        Dialect::Postgres => now.plus(ttl),
    }
}

pub(super) async fn bump(tx: &Tx) -> Result<()> {
    tx.execute(tx.sql("UPDATE view SET version = version + 1 WHERE id = 1")).await?;
    if tx.dialect == Dialect::Postgres {
        // Delivered when this transaction commits, and only then.
        tx.one(tx.sql("SELECT pg_notify('autoglm_view', '')")).await?;
    }
    Ok(())
}

/// The number is read before the members: a change in between shows members newer than the number,
/// which the next look corrects; the other way round a change could stay unseen.
async fn read_view<C: ConnectionTrait>(connection: &C) -> Result<ClusterView> {
    let version = view::Entity::find_by_id(1).one(connection).await?;
    let nodes = node::Entity::find()
        .filter(node::Column::State.ne(NodeState::Down.name()))
        .order_by_asc(node::Column::Incarnation)
        .all(connection)
        .await?;
    let wishes: HashMap<String, node_wish::Model> = node_wish::Entity::find()
        .all(connection)
        .await?
        .into_iter()
        .map(|wish| (wish.name.clone(), wish))
        .collect();
    let members = nodes
        .into_iter()
        .map(|row| {
            let wish = wishes.get(&row.name);
            member(row, wish)
        })
        .collect::<Result<_>>()?;
    Ok(ClusterView { version: version.map_or(0, |row| row.version), members })
}

fn member(row: node::Model, wish: Option<&node_wish::Model>) -> Result<Member> {
    let state = NodeState::from_name(&row.state)
        .ok_or_else(|| Error::unreadable(format!("unknown node state {:?}", row.state)))?;
    Ok(Member {
        incarnation: Incarnation(row.incarnation),
        name: row.name,
        address: row.address,
        roles: names(&row.roles),
        state,
        weight: wish.map_or(1, |wish| u32::try_from(wish.weight).unwrap_or(1)),
        cordoned: wish.is_some_and(|wish| wish.cordoned),
        lease_until: Timestamp(row.lease_until),
    })
}
