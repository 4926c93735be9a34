//! Who is asking.

use autoglm_protocol::domain::Reader;
use autoglm_protocol::writer::WriterView;
use serde::Serialize;
use utoipa::ToSchema;

/// Whom this request speaks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The reader.
    pub(crate) reader: CurrentPerson,
    /// Whether requests without a token are refused.
    pub(crate) token_required: bool,
    /// Who writes summaries that are asked for; `null` for nobody.
    pub(crate) writer: Option<WriterBody>,
}

/// Who writes summaries on this node.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Writer)]
pub(crate) struct WriterBody {
    /// Name and version.
    #[schema(example = "glm4@local")]
    name: String,
}

impl From<WriterView> for WriterBody {
    fn from(view: WriterView) -> Self {
        Self { name: view.name }
    }
}

/// A person who reads.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reader)]
pub(crate) struct CurrentPerson {
    /// The id.
    id: i64,
    /// Unique name.
    name: String,
    /// Language of the interface, ISO 639-1.
    language: String,
}

impl From<Reader> for CurrentPerson {
    fn from(reader: Reader) -> Self {
        Self { id: reader.id.0, name: reader.name, language: reader.language.to_string() }
    }
}
