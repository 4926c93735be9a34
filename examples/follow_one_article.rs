//! Follows one article through the rooms without any actor: bytes → draft → durable row → search
//! index → understanding.
//!
//! Run with `cargo run --example follow_one_article`.

use anyhow::{Context, Result};
use autoglm_domain::{ArticleStage, SourceKind, SourceSettings};
use autoglm_domain::{Clock as _, Incarnation, QuantizedEmbedding, SystemClock, Understanding};
use autoglm_inference::{ModelRegistry, TextInput, Understander};
use autoglm_models::{DatabaseConfig, IndexEntry, NewSource, SourceOrigin, Store, segmentation};
use std::sync::Arc;
use std::time::Duration;

const FEED: &str = r#"{ "version": "https://jsonfeed.org/version/1.1", "title": "Lighthouse",
  "items": [{ "id": "1", "title": "New chip trains language models with less power",
    "content_html": "<p>The processor was shown to engineers on Monday.</p><script>alert(1)</script>" }] }"#;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("example.db").display());
    let store = Store::open(&DatabaseConfig::for_url(url), Arc::new(SystemClock)).await?;
    store.migrate().await?;
    let reader = store.ensure_local_reader().await?;
    let source = NewSource {
        kind: SourceKind::Feed,
        url: "https://lighthouse.example/feed.json".to_owned(),
        settings: SourceSettings::default(),
        private: None,
        title: String::new(),
        interval: Duration::from_secs(900),
        origin: SourceOrigin::Reader,
    };
    let source = store.add_source(source).await?.source;
    store.subscribe(reader.id, source.id, None, None).await?;

    // feeds: bytes become a clean draft with an identity.
    let feed = autoglm_feeds::read_feed(FEED.as_bytes(), None, &source.url)?;
    let drafts = autoglm_feeds::normalise(feed, source.id, SystemClock.now());
    println!("draft:      {} | {}", drafts[0].title, drafts[0].content_html);

    // models: durable first, then one stage after the other on the same row.
    println!("stored:     {:?}", store.insert_articles(drafts, None).await?);
    let lease = Duration::from_secs(30);
    let claimed = store.claim_articles(ArticleStage::Stored, 10, lease, Incarnation(1)).await?;
    let article = claimed.first().context("the article was just stored")?;
    let tokens = segmentation::tokens(&[article.title.as_str(), article.content_text.as_str()]);
    store.finish_index(vec![IndexEntry { article_id: article.id, tokens }]).await?;
    println!(
        "search:     {} hit for \"chip\"",
        store.search(reader.id, "chip", None, 10).await?.len()
    );

    // inference: what the model says is a row of its own.
    let understander = Understander::from_defaults(&ModelRegistry::built_in()?)?;
    let input = TextInput {
        title: article.title.clone(),
        lead: article.content_text.clone(),
        language: article.language,
    };
    let answer = understander.understand(&[input])?.remove(0);
    println!("understood: {:?} | {}", answer.topics, answer.summary);
    let understanding = Understanding {
        article_id: article.id,
        model_version: understander.version(),
        embedding: QuantizedEmbedding::from_embedding(&answer.embedding),
        topics: answer.topics,
        topic_list: answer.topic_list,
        summary: answer.summary,
        entities: answer.extraction.entities,
        keywords: answer.extraction.keywords,
    };
    let claimed = store.claim_articles(ArticleStage::Indexed, 10, lease, Incarnation(1)).await?;
    println!("claimed:    {} to understand", claimed.len());
    println!("advanced:   {}", store.store_understandings(vec![understanding]).await?);
    store.close().await;
    Ok(())
}
