//! One connection to Redis, from its greeting to its end.
//!
//! A connection is never repaired: what ends is given up with everything under way, and the keeper
//! opens another, so that whoever holds a session knows that no invalidation was missed in it.
//!
//! Keys carry the server's run id: a server that was restarted from an old snapshot, or a replica
//! that took over before it heard of the last invalidations, has another id and so begins empty.
//! Values are believed by the generation scripts below; see [`super`] for why.

use super::super::config::RedisConfig;
use fred::bytes::Bytes;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface, KeysInterface, LuaInterface, PubsubInterface};
use fred::prelude::{Builder, Client, Config};
use fred::types::{ConnectHandle, InfoKind, Key, Message, RespVersion, Value};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::broadcast;

/// The value while it is fresh; else the key's generation, made when there is none, behind the
/// stale value if there is one.
const READ: &str = r"
local value = redis.call('GET', KEYS[1])
local left = 0
if value then
  left = redis.call('PTTL', KEYS[1])
  if left > tonumber(ARGV[3]) then return {value, left} end
end
local generation = redis.call('GET', KEYS[2])
if generation then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
else
  generation = ARGV[1]
  redis.call('SET', KEYS[2], generation, 'PX', ARGV[2])
end
if value then return {value, left, generation} end
return {generation}";

/// Keeps a value only under the generation its load began in. A generation that is gone (expired,
/// evicted, flushed) is nobody's: a later one is never equal to it, because they are random.
const STORE: &str = r"
local generation = redis.call('GET', KEYS[2])
if not generation then return -1 end
if generation ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// Begins a new generation, drops the value and tells every node, in one step.
const INVALIDATE: &str = r"
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', ARGV[3], ARGV[4])";

/// Messages that may wait for this node; more, and it forgets everything.
const MESSAGES_MAX: usize = 4096;
/// Commands that may wait for the connection; more fail at once.
const COMMANDS_MAX: usize = 20_000;
/// Longer keys are named by their hash.
const KEY_BYTES_MAX: usize = 128;

/// What Redis says about a key.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Found {
    /// A value, and how long Redis still keeps it.
    Value(Vec<u8>, Duration),
    /// A value that is no longer fresh, how long it is still kept, and the generation for a newer one.
    Stale(Vec<u8>, Duration, String),
    /// The generation under which a load that begins now may be stored.
    Nothing(String),
}

/// What became of a value that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Stored {
    /// Redis has it.
    Yes,
    /// The key was invalidated since the load began.
    Outdated,
    /// Redis no longer knows the generation.
    Unknown,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    prefix: Vec<u8>,
    channel: String,
    generation_life: i64,
    read: String,
    store: String,
    invalidate: String,
}

/// A session with what the keeper watches.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) messages: broadcast::Receiver<Message>,
    pub(super) connection: ConnectHandle,
}

impl Session {
    /// Connects, subscribes, and only then learns which server this is.
    pub(super) async fn open(config: &RedisConfig) -> Result<Opened, Error> {
        let client = client(config)?;
        let connection = client.init().await?;
        let opened = Self::greet(&client, config).await;
        if opened.is_err() {
            connection.abort();
        }
        let (session, messages) = opened?;
        Ok(Opened { session, messages, connection })
    }

    async fn greet(
        client: &Client,
        config: &RedisConfig,
    ) -> Result<(Self, broadcast::Receiver<Message>), Error> {
        let channel = format!("{}:forget", config.namespace);
        let messages = client.message_rx();
        client.subscribe(channel.clone()).await?;
        let about: String = client.info(Some(InfoKind::Server)).await?;
        let run = about.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
        let run = run.ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "the server does not say its run_id in INFO server")
        })?;
        let era: Option<String> = client.get(era_key(config, run)).await?;
        let prefix = format!("{}:{run}:{}:", config.namespace, era.unwrap_or_default());
        let session = Self {
            client: client.clone(),
            prefix: prefix.into_bytes(),
            channel,
            generation_life: milliseconds(config.generation_life),
            read: client.script_load(READ).await?,
            store: client.script_load(STORE).await?,
            invalidate: client.script_load(INVALIDATE).await?,
        };
        Ok((session, messages))
    }

    pub(super) async fn read(
        &self,
        cache: &str,
        key: &[u8],
        stale_for: Duration,
    ) -> Result<Found, Error> {
        let arguments = vec![
            Value::from(rand::random::<u64>().to_string()),
            Value::from(self.generation_life),
            Value::from(milliseconds(stale_for)),
        ];
        let answer: Vec<Value> = self.run(&self.read, READ, cache, key, arguments).await?;
        let mut parts = answer.into_iter();
        let (first, left, generation) = (parts.next(), parts.next(), parts.next());
        let first = first.and_then(bytes_of).ok_or_else(strange)?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| strange());
        let Some(left) = left else { return Ok(Found::Nothing(text(first)?)) };
        let left = left.as_i64().and_then(|left| u64::try_from(left).ok()).ok_or_else(strange)?;
        let left = Duration::from_millis(left);
        match generation.and_then(bytes_of) {
            None => Ok(Found::Value(first, left)),
            Some(generation) => Ok(Found::Stale(first, left, text(generation)?)),
        }
    }

    pub(super) async fn store(
        &self,
        cache: &str,
        key: &[u8],
        generation: &str,
        value: (Vec<u8>, Duration),
    ) -> Result<Stored, Error> {
        let (bytes, lifetime) = value;
        let arguments = vec![
            Value::from(generation),
            Value::from(Bytes::from(bytes)),
            Value::from(milliseconds(lifetime).max(1)),
        ];
        match self.run::<i64>(&self.store, STORE, cache, key, arguments).await? {
            1 => Ok(Stored::Yes),
            0 => Ok(Stored::Outdated),
            _ => Ok(Stored::Unknown),
        }
    }

    /// `generation` must be one that was never used before, even for the same news: an old one
    /// coming back would let a load from before later news through.
    pub(super) async fn invalidate(
        &self,
        cache: &str,
        key: &[u8],
        generation: u64,
        news: Vec<u8>,
    ) -> Result<(), Error> {
        let arguments = vec![
            Value::from(generation.to_string()),
            Value::from(self.generation_life),
            Value::from(self.channel.as_str()),
            Value::from(Bytes::from(news)),
        ];
        self.run::<i64>(&self.invalidate, INVALIDATE, cache, key, arguments).await.map(|_heard| ())
    }

    /// Gives up everything that is shared: every node begins with other keys when it hears it.
    pub(super) async fn begin_era(&self, config: &RedisConfig) -> Result<(), Error> {
        let prefix = String::from_utf8_lossy(&self.prefix);
        let run = prefix.split(':').rev().nth(2).unwrap_or_default();
        let era = rand::random::<u64>().to_string();
        self.client.set::<(), _, _>(era_key(config, run), era, None, None, false).await?;
        self.client.publish::<(), _, _>(self.channel.as_str(), Bytes::new()).await
    }

    pub(super) async fn ping(&self) -> Result<(), Error> {
        self.client.ping::<Value>(None).await.map(|_pong| ())
    }

    /// Runs a script by its hash; one that the server forgot (`SCRIPT FLUSH`) is sent whole.
    async fn run<R: fred::types::FromValue>(
        &self,
        hash: &str,
        script: &'static str,
        cache: &str,
        key: &[u8],
        arguments: Vec<Value>,
    ) -> Result<R, Error> {
        let keys = vec![self.name(cache, key, b":v"), self.name(cache, key, b":g")];
        let answer = self.client.evalsha(hash, keys.clone(), arguments.clone()).await;
        match answer {
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                self.client.eval(script, keys, arguments).await
            }
            answer => answer,
        }
    }

    fn name(&self, cache: &str, key: &[u8], end: &[u8]) -> Key {
        let mut name = self.prefix.clone();
        name.extend(cache.as_bytes());
        name.push(b':');
        if key.len() <= KEY_BYTES_MAX {
            name.extend(key);
        } else {
            name.extend(Sha256::digest(key).as_slice());
        }
        name.extend(end);
        Key::from(Bytes::from(name))
    }
}

fn era_key(config: &RedisConfig, run: &str) -> String {
    format!("{}:{run}:era", config.namespace)
}

fn client(config: &RedisConfig) -> Result<Client, Error> {
    let mut settings = Config::from_url(config.url.expose())?;
    if settings.server.is_clustered() {
        let why = "a Redis Cluster cannot be used: its servers have run ids of their own; \
                   give the address of one server or of its sentinels";
        return Err(Error::new(ErrorKind::Config, why));
    }
    settings.fail_fast = true;
    // Messages and answers on one connection, so that its end is the end of both.
    settings.version = RespVersion::RESP3;
    let mut builder = Builder::from_config(settings);
    builder
        .with_connection_config(|connection| {
            connection.connection_timeout = config.connect_limit;
            connection.internal_command_timeout = config.connect_limit;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = COMMANDS_MAX;
            connection.tcp.nodelay = Some(true);
        })
        .with_performance_config(|performance| {
            // Ours is shorter; this one frees what was never answered.
            performance.default_command_timeout = config.connect_limit;
            performance.broadcast_channel_capacity = MESSAGES_MAX;
        });
    builder.build()
}

fn bytes_of(value: Value) -> Option<Vec<u8>> {
    value.into_bytes().map(|bytes| bytes.to_vec())
}

fn strange() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "Redis answered a cache script with something else than it returns",
    )
}

fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
