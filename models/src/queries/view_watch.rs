//! News of the membership's views, where the database can tell.

use crate::error::{Error, Result};
use crate::store::Store;
use sea_orm::DbErr;
use sqlx::postgres::{PgListener, PgPoolOptions};

/// What [`super::nodes`] sends when a view changes.
const CHANNEL: &str = "autoglm_view";

/// A connection that hears of new views. While it is lost it connects again by itself; what
/// happened meanwhile counts as one change.
#[derive(Debug)]
pub struct ViewWatch(PgListener);

impl ViewWatch {
    /// Waits until the view may have changed.
    ///
    /// # Errors
    /// What the database says; the watch is then of no use any more.
    pub async fn changed(&mut self) -> Result<()> {
        self.0.try_recv().await.map(drop).map_err(failed)
    }
}

fn failed(error: sqlx::Error) -> Error {
    let error = DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()));
    Error::from(error).during("listening for views of the cluster")
}

impl Store {
    /// Listens for new views on a connection of its own; `None` on SQLite, where only this node
    /// changes the view.
    ///
    /// # Errors
    /// What the database says.
    pub async fn watch_views(&self) -> Result<Option<ViewWatch>> {
        if self.dialect() != crate::Dialect::Postgres {
            return Ok(None);
        }
        let options = (*self.read_pool().get_postgres_connection_pool().connect_options()).clone();
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let listener = PgListener::connect_with(&pool).await;
        let mut listener = listener.map_err(failed)?;
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Some(ViewWatch(listener)))
    }
}
