//! What articles name.

use autoglm_protocol::domain::Entity;
use autoglm_protocol::view::EntityView;
use serde::Serialize;
use utoipa::ToSchema;

/// Something an article names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleEntity)]
pub(crate) struct NamedEntity<'a> {
    /// The same for every name of it, in either language.
    #[schema(example = "nvidia")]
    key: &'a str,
    /// Its usual name in the article's language.
    name: &'a str,
    /// `company`, `person`, `place`, `organisation`, `model` (models and products) or `ticker`.
    kind: &'static str,
}

/// Something the reader's articles name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entity)]
pub(crate) struct CountedEntity {
    /// The same for every name of it, in either language.
    #[schema(example = "nvidia")]
    key: String,
    /// `company`, `person`, `place`, `organisation`, `model` (models and products) or `ticker`.
    kind: &'static str,
    /// A name of it as one of the articles has it.
    name: String,
    /// Its usual English name, if one is known.
    en: Option<String>,
    /// Its usual Chinese name, if one is known.
    zh: Option<String>,
    /// Articles of the last week that name it.
    articles: i64,
}

impl<'a> From<&'a Entity> for NamedEntity<'a> {
    fn from(entity: &'a Entity) -> Self {
        Self { key: &entity.key, name: &entity.name, kind: entity.kind.name() }
    }
}

impl From<EntityView> for CountedEntity {
    fn from(view: EntityView) -> Self {
        Self {
            key: view.key,
            kind: view.kind.name(),
            name: view.name,
            en: view.english,
            zh: view.chinese,
            articles: view.articles,
        }
    }
}
