//! What a reader may change about a source others may follow, too.

use super::{StoreSourceCommands, checked_place, checked_settings};
use crate::library::in_time;
use autoglm_domain::{Fault, FaultKind, SourceId, SourceKind, SourceRequest, SourceSettings};
use autoglm_feeds::kind::check;
use autoglm_models::SubscriptionRow;
use url::Url;

impl StoreSourceCommands {
    /// Another address for a source: one that the source or our own search has named, or any that
    /// could be added when nobody else follows it.
    pub(super) async fn checked_move(
        &self,
        row: &SubscriptionRow,
        url: Option<String>,
    ) -> Result<Option<String>, Fault> {
        let Some(url) = url.filter(|url| *url != row.source.url) else { return Ok(None) };
        let moved = row.health.moved.as_ref().map(|moved| &moved.to);
        let is_named = moved == Some(&url) || row.health.offered_url.as_ref() == Some(&url);
        if !is_named {
            self.must_follow_alone(row.source.id, "its address").await?;
        }
        let place = checked_place(url, Some(row.source.kind), row.source.settings.clone())?;
        Ok(Some(place.url))
    }

    /// Other rules for reading a source of its kind.
    pub(super) async fn checked_rules(
        &self,
        row: &SubscriptionRow,
        settings: Option<SourceSettings>,
    ) -> Result<Option<SourceSettings>, Fault> {
        let Some(settings) = settings.filter(|settings| *settings != row.source.settings) else {
            return Ok(None);
        };
        if row.source.kind == SourceKind::BuiltIn {
            return Err(Fault::invalid("a built-in source has no rules for reading it"));
        }
        self.must_follow_alone(row.source.id, "how it is read").await?;
        checked_settings(&settings)?;
        check(row.source.kind, &settings).map_err(|error| Fault::invalid(error.to_string()))?;
        Ok(Some(settings))
    }

    /// Sources are shared: what one reader changes must not take a source from the others.
    async fn must_follow_alone(&self, id: SourceId, what: &str) -> Result<(), Fault> {
        let others = in_time(self.store.subscriber_ids(id)).await?.len().saturating_sub(1);
        if others == 0 {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "{others} other reader(s) follow this source, so {what} cannot be changed for all \
                 of you; ask them to remove it first, or add another address"
            ),
        ))
    }
}

/// How a private source is asked once it has moved: what only the old place may see stays there.
/// `None` when it is asked as before.
pub(super) fn left_behind(row: &SubscriptionRow, url: &str) -> Option<SourceRequest> {
    let request = &row.source.private.as_ref()?.request;
    let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
    let is_elsewhere = origin(url) != origin(&row.source.url);
    (is_elsewhere && request.has_credentials()).then(|| SourceRequest {
        user_agent: request.user_agent.clone(),
        proxy: request.proxy.clone(),
        ..SourceRequest::default()
    })
}
