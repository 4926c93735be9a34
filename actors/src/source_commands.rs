//! StoreSourceCommands: adds, changes, removes and refreshes sources for readers.
//!
//! **Receives** calls of the port `SourceCommands`. **Sends** writes to the store, then hints to
//! the SourceSupervisors of all nodes and the reader's shard; `Refresh` to the node that fetches the source. **Limits** addresses of 2,048 bytes, titles and folders of 200
//! characters, intervals of one minute to a week. **On restart** nothing is lost: commands are durable when answered.

mod change;
mod lists;

use crate::colleagues::Colleagues;
use crate::library::{in_time, not_followed, source_view};
use crate::source_preview::SourcePreviewer;
use crate::source_supervisor::shard_of;
use async_trait::async_trait;
use autoglm_domain::source_settings::RULE_BYTES_MAX;
use autoglm_domain::{
    Fault, Private, ReaderId, RequestChange, SourceId, SourceKind, SourceRequest, SourceSettings,
};
use autoglm_feeds::kind::check;
use autoglm_feeds::known_site;
use autoglm_models::{
    CachedReads, NewSource, SourceChange, SourceOrigin, Store, SubscriptionChange, SubscriptionRow,
};
use autoglm_protocol::agent::{AgentAnswer, AgentAsk, AgentHint};
use autoglm_protocol::port::{
    AddSource, ChangeSource, ImportedList, PreviewSource, Readers, SourceCommands, SourcePreview,
};
use autoglm_protocol::reader_request::ReaderRequest;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use autoglm_protocol::view::SourceView;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Bytes of an address at most.
const URL_BYTES_MAX: usize = 2_048;
/// Characters of a title or folder at most.
const NAME_CHARS_MAX: usize = 200;
/// Sources of one reader at most.
const SUBSCRIPTIONS_MAX: usize = 10_000;
/// Shortest time between fetches that may be asked for.
const INTERVAL_MIN: Duration = Duration::from_secs(60);
/// Longest fetch a person waits for.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time between fetches that may be asked for.
const INTERVAL_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// The commands. Clones share everything.
#[derive(Clone, Debug)]
pub struct StoreSourceCommands {
    store: Store,
    reads: CachedReads,
    supervisor: SourceSupervisorHandle,
    readers: Arc<dyn Readers>,
    interval_default: Duration,
    previewer: SourcePreviewer,
    colleagues: Colleagues,
}

impl StoreSourceCommands {
    /// Over a store and what is remembered of it; `interval_default` is the time between fetches when nothing is said.
    #[must_use]
    pub fn new(
        store: Store,
        reads: CachedReads,
        supervisor: SourceSupervisorHandle,
        readers: Arc<dyn Readers>,
        interval_default: Duration,
        previewer: SourcePreviewer,
    ) -> Self {
        let colleagues = Colleagues::default();
        Self { store, supervisor, readers, interval_default, previewer, colleagues, reads }
    }

    /// With other nodes, who fetch the sources of their hosts.
    #[must_use]
    pub fn with_colleagues(self, colleagues: Colleagues) -> Self {
        Self { colleagues, ..self }
    }

    async fn subscription(&self, reader: ReaderId, id: SourceId) -> Result<SubscriptionRow, Fault> {
        let rows = in_time(self.store.subscriptions(reader)).await?;
        rows.into_iter().find(|row| row.source.id == id).ok_or_else(|| not_followed(id))
    }

    /// What is to be added for the reader, checked.
    fn wanted(&self, reader: ReaderId, command: AddSource) -> Result<Wanted, Fault> {
        let place = checked_place(command.url, command.kind, command.settings)?;
        let request = self.checked_request(command.request)?;
        refuse_for_routes(&place.url, &request)?;
        let title = checked_name(command.title, "title")?.flatten();
        let folder = checked_name(command.folder, "folder")?.flatten();
        let interval = checked_interval(command.interval)?.unwrap_or(self.interval_default);
        let new = NewSource {
            kind: place.kind,
            url: place.url,
            settings: place.settings,
            private: (!request.is_empty()).then_some(Private { owner: reader, request }),
            title: String::new(),
            interval,
            origin: SourceOrigin::Reader,
        };
        Ok(Wanted { new, title, folder })
    }

    /// In its kept form, and by a proxy there is.
    fn checked_request(&self, request: SourceRequest) -> Result<SourceRequest, Fault> {
        let request = request.checked().map_err(|problem| Fault::invalid(problem.to_string()))?;
        let known = self.previewer.proxies();
        match &request.proxy {
            Some(name) if !known.contains(name) && known.is_empty() => {
                Err(Fault::invalid(format!(
                    "there is no proxy {name:.40}: the operator has set up none in fetch.proxies"
                )))
            }
            Some(name) if !known.contains(name) => Err(Fault::invalid(format!(
                "there is no proxy {name:.40}; choose one of {}",
                known.join(", ")
            ))),
            _ => Ok(request),
        }
    }

    /// Changes how a source is asked: at once for one's own; a shared one is left to the others.
    async fn asked_otherwise(
        &self,
        reader: ReaderId,
        id: SourceId,
        row: SubscriptionRow,
        change: Option<RequestChange>,
    ) -> Result<(SourceId, SubscriptionRow), Fault> {
        let Some(change) = change else { return Ok((id, row)) };
        let before = row.source.private.as_ref().map(|own| own.request.clone());
        let request = self.checked_request(change.apply(&before.clone().unwrap_or_default()))?;
        refuse_for_routes(&row.source.url, &request)?;
        let id = match before {
            Some(before) if before == request => return Ok((id, row)),
            Some(_) => {
                let change = SourceChange { request: Some(request), ..SourceChange::default() };
                self.store.update_source(id, change).await?.id
            }
            None if request.is_empty() => return Ok((id, row)),
            None if !row.source.kind.is_fetched() => {
                return Err(Fault::invalid("a built-in source is asked of nobody"));
            }
            None => self.store.make_private(reader, id, request).await?.id,
        };
        Ok((id, self.subscription(reader, id).await?))
    }

    /// The supervisor looks again by itself, and so does the shard when the reader is next loaded:
    /// a lost hint is a delay.
    async fn hint(&self, reader: ReaderId) {
        self.reads.subscriptions_changed(reader).await;
        self.supervisor.sources_changed();
        self.colleagues.tell_all(&AgentHint::SourcesChanged);
        let request = ReaderRequest::SubscriptionsChanged { reader };
        if let Err(fault) = self.readers.ask(request).await {
            tracing::debug!(%fault, %reader, "a shard could not be told of changed subscriptions");
        }
    }
}

#[async_trait]
impl SourceCommands for StoreSourceCommands {
    async fn preview(&self, command: PreviewSource) -> Result<SourcePreview, Fault> {
        if command.url.len() > URL_BYTES_MAX {
            return Err(Fault::invalid("the address has more than 2,048 bytes"));
        }
        checked_settings(&command.settings)?;
        let request = self.checked_request(command.request)?;
        refuse_for_routes(command.url.trim(), &request)?;
        self.previewer.preview(PreviewSource { request, ..command }).await
    }

    async fn add(&self, reader: ReaderId, command: AddSource) -> Result<(SourceView, bool), Fault> {
        let wanted = self.wanted(reader, command)?;
        let followed = in_time(self.store.subscriptions(reader)).await?;
        if followed.len() >= SUBSCRIPTIONS_MAX {
            return Err(Fault::invalid(format!(
                "you follow {} sources already; remove some before you add more",
                followed.len()
            )));
        }
        if let Some(row) = followed.into_iter().find(|row| wanted.means(row)) {
            return Ok((source_view(row), false));
        }
        let added = self.store.add_source(wanted.new).await?;
        let id = added.source.id;
        let is_new = self.store.subscribe(reader, id, wanted.folder, wanted.title).await?;
        self.hint(reader).await;
        Ok((source_view(self.subscription(reader, id).await?), is_new))
    }

    async fn change(
        &self,
        reader: ReaderId,
        id: SourceId,
        command: ChangeSource,
    ) -> Result<SourceView, Fault> {
        let title = checked_name(command.title, "title")?;
        let folder = checked_name(command.folder, "folder")?;
        let interval = checked_interval(command.interval)?;
        let row = self.subscription(reader, id).await?;
        let (id, row) = self.asked_otherwise(reader, id, row, command.request).await?;
        let url = self.checked_move(&row, command.url).await?;
        let request = url.as_deref().and_then(|url| change::left_behind(&row, url));
        let mut settings = self.checked_rules(&row, command.settings).await?;
        if let Some(full_text) = command.full_text {
            let rules = settings.unwrap_or(row.source.settings);
            settings = Some(SourceSettings { full_text, ..rules });
        }
        let paused = command.paused;
        let change =
            SourceChange { interval, paused, settings, url, request, ..SourceChange::default() };
        if change != SourceChange::default() {
            self.store.update_source(id, change).await?;
        }
        if title.is_some() || folder.is_some() {
            let change = SubscriptionChange { folder, title };
            self.store.update_subscription(reader, id, change).await?;
        }
        self.hint(reader).await;
        Ok(source_view(self.subscription(reader, id).await?))
    }

    async fn remove(&self, reader: ReaderId, id: SourceId) -> Result<(), Fault> {
        if !self.store.unsubscribe(reader, id).await? {
            return Err(not_followed(id));
        }
        if self.store.subscriber_ids(id).await?.is_empty() {
            self.store.remove_source(id).await?;
        }
        self.hint(reader).await;
        Ok(())
    }

    async fn refresh(&self, reader: ReaderId, id: SourceId) -> Result<usize, Fault> {
        let row = self.subscription(reader, id).await?;
        if row.source.kind == SourceKind::BuiltIn {
            return Ok(0);
        }
        let shard = shard_of(&row.source);
        let ask = AgentAsk::Refresh { shard, source: id };
        let here = || async { self.supervisor.refresh(id).await.map(AgentAnswer::Stored) };
        match self.colleagues.at_owner(shard, REFRESH_TIMEOUT, &ask, here).await? {
            AgentAnswer::Stored(new_articles) => Ok(new_articles),
            _ => Err(Fault::internal("a node answered a refresh with something else")),
        }
    }

    async fn export_list(&self, reader: ReaderId) -> Result<String, Fault> {
        Ok(lists::written(in_time(self.store.subscriptions(reader)).await?))
    }

    async fn import_list(
        &self,
        reader: ReaderId,
        document: Vec<u8>,
    ) -> Result<ImportedList, Fault> {
        self.import(reader, document).await
    }
}

/// A source with what its reader says of it.
struct Wanted {
    new: NewSource,
    title: Option<String>,
    folder: Option<String>,
}

impl Wanted {
    /// Whether a source of the reader's own is meant though nothing is said of how it is asked: a
    /// list that is imported once more has no secrets in it.
    fn means(&self, row: &SubscriptionRow) -> bool {
        self.new.private.is_none() && row.source.private.is_some() && row.source.url == self.new.url
    }
}

/// Where a source is and how it is read.
struct PlaceToFetch {
    url: String,
    kind: SourceKind,
    settings: SourceSettings,
}

/// What a person gave, or what the site is known for when they gave only an address.
fn checked_place(
    url: String,
    kind: Option<SourceKind>,
    settings: SourceSettings,
) -> Result<PlaceToFetch, Fault> {
    checked_settings(&settings)?;
    let known = known_site::known_source(&url).filter(|_| kind.is_none());
    let (url, kind, settings) = match known.map(|known| known.with_wishes(settings.clone())) {
        Some(known) => (known.url, known.kind, known.settings),
        None => (url, kind.unwrap_or(SourceKind::Feed), settings),
    };
    if !kind.is_fetched() {
        return Err(Fault::invalid("a built-in source cannot be added; give another kind"));
    }
    check(kind, &settings).map_err(|error| Fault::invalid(error.to_string()))?;
    let url = if known_site::is_rsshub(&url) { checked_route(&url)? } else { checked_url(&url)? };
    Ok(PlaceToFetch { url, kind, settings })
}

/// A route has no origin of its own to which credentials could be kept.
fn refuse_for_routes(url: &str, request: &SourceRequest) -> Result<(), Fault> {
    if request.is_empty() || !known_site::is_rsshub(url) {
        return Ok(());
    }
    Err(Fault::invalid(
        "a route of RSSHub is asked of the operator's servers and takes no request settings; \
         give the address on one server instead",
    ))
}

fn checked_settings(settings: &SourceSettings) -> Result<(), Fault> {
    match settings.overlong() {
        Some(name) => Err(Fault::invalid(format!(
            "{name} of the source has more than {RULE_BYTES_MAX} bytes; write it shorter"
        ))),
        None => Ok(()),
    }
}

/// A route of RSSHub has no server, so it is no address of the web.
fn checked_route(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let is_route = text.len() <= URL_BYTES_MAX && !text.chars().any(|c| c.is_control() || c == ' ');
    let refused = || Fault::invalid(format!("{text:.200} is no route of RSSHub; write rsshub://…"));
    is_route.then(|| text.to_owned()).ok_or_else(refused)
}

/// An address a feed can have, in its parsed form. Whether it may be reached is decided by the
/// guarded client at every fetch.
fn checked_url(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let refuse = |why: &str| Err(Fault::invalid(format!("{text:.200} cannot be a source: {why}")));
    if text.len() > URL_BYTES_MAX {
        return refuse("the address has more than 2,048 bytes");
    }
    let Ok(mut url) = Url::parse(text) else {
        return refuse("it is not an absolute address; write https://…");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("only http and https addresses can be fetched");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return refuse("it names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::invalid(
            "an address with a user name or password cannot be a source: everybody could read them",
        ));
    }
    url.set_fragment(None);
    let url = String::from(url);
    if url.len() > URL_BYTES_MAX {
        return refuse("the address has more than 2,048 bytes");
    }
    Ok(url)
}

/// `None`: not given; `Some(None)`: empty; `Some(Some(name))`: trimmed.
fn checked_name(name: Option<String>, what: &str) -> Result<Option<Option<String>>, Fault> {
    let Some(name) = name else {
        return Ok(None);
    };
    let name = name.trim();
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Fault::invalid(format!(
            "a {what} is one line of at most {NAME_CHARS_MAX} characters"
        )));
    }
    Ok(Some((!name.is_empty()).then(|| name.to_owned())))
}

fn checked_interval(interval: Option<Duration>) -> Result<Option<Duration>, Fault> {
    match interval {
        Some(wanted) if !(INTERVAL_MIN..=INTERVAL_MAX).contains(&wanted) => {
            Err(Fault::invalid("the time between fetches is one minute at least, one week at most"))
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests;
