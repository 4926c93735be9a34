//! Understanding of text: one vector, topics and a summary for each article, by named and versioned models.
//!
//! Pure and synchronous: nothing here spawns, waits or talks to a network; concurrency is decided
//! in `actors`. The registry holds models by capability; [`Understander`] is the set in use.
//! [`BatchFormer`] decides which waiting requests go to a device together.

pub mod batch;
pub mod catalog;
pub mod content_key;
pub mod decoder;
pub mod device;
pub mod distill;
pub mod encoder;
pub mod entities;
pub mod error;
pub mod evaluate;
pub mod generate;
pub mod model;
pub mod projection;
pub mod registry;
pub mod remote;
pub mod stage_clock;
pub mod summary;
pub mod text;
pub mod token;
pub mod tokenizer;
pub mod topics;
pub mod understander;
pub mod weights;

pub use batch::{
    Batch, BatchFormer, BatchLimits, BatchStats, DevicePace, Entry, Full, IdleDevice, Moment, Next,
    Padding, Rival, Shape, Ticket,
};
pub use catalog::{Catalog, CatalogEntry, Manifest, ModelKind};
pub use content_key::content_key;
pub use decoder::{DecoderSettings, GlmDecoder, WeightFormat};
pub use device::{
    ComputeDevice, Device, DeviceGauges, DeviceKind, Discovery, GAUGES_QUERY, discover_devices,
    parse_gauges,
};
pub use encoder::{StaticEncoder, StaticTable, TransformerEncoder, TransformerOptions, Vocabulary};
pub use entities::{EntityNames, Gazetteer, GazetteerExtractor};
pub use error::{Error, Result};
pub use generate::{Finish, GenerateRequest, Generated, Message, Role, Sampling};
pub use model::{
    Capability, Classify, ClassifyInput, Embed, Extract, Generate, Model, ModelId, Summarise,
};
pub use projection::Projection;
pub use registry::{ModelDescription, ModelRegistry};
pub use stage_clock::{Stage, StageTimes};
pub use summary::{
    AbstractiveSummariser, ExtractiveSummariser, Invented, Refusal, SUMMARY_TOKENS_MAX,
    SummaryBudget, judge_summary, needs_writer, summary_request,
};
pub use text::{
    Extraction, LEAD_BYTES_MAX, TITLE_BYTES_MAX, TextInput, TextUnderstanding, estimate_tokens,
};
pub use topics::{LiveTopics, PrototypeClassifier, SeedClassifier, Taxonomy, Topic};
pub use understander::Understander;
