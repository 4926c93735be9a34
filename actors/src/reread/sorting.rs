//! Sorts articles again after the list of topics has changed: from their stored texts, without
//! reading them anew.

use autoglm_domain::{Fault, TopicScore};
use autoglm_inference::{Classify, ClassifyInput, PrototypeClassifier, TextInput};
use autoglm_models::{SortedArticle, UnsortedArticle};
use std::sync::Arc;

/// The articles with their topics by a classifier; beside the runtime.
///
/// # Errors
/// When the runtime ends.
pub(super) async fn sorted(
    classifier: Arc<PrototypeClassifier>,
    articles: Vec<UnsortedArticle>,
) -> Result<Vec<SortedArticle>, Fault> {
    let articles: Arc<[UnsortedArticle]> = articles.into();
    let (own, all) = (Arc::clone(&classifier), Arc::clone(&articles));
    if let Ok(sorted) = tokio::task::spawn_blocking(move || sort(&own, &all)).await {
        return Ok(sorted);
    }
    // A text that breaks the classifier keeps its topics and does not hold up the others.
    let mut sorted = Vec::with_capacity(articles.len());
    for article in articles.iter() {
        let (own, one) = (Arc::clone(&classifier), [article.clone()]);
        match tokio::task::spawn_blocking(move || sort(&own, &one)).await {
            Ok(one) => sorted.extend(one),
            Err(error) if error.is_panic() => {
                tracing::error!(article = article.id.0, "it cannot be sorted: {error}");
                sorted.push(result(article, article.topics.clone()));
            }
            Err(error) => return Err(Fault::internal(error.to_string())),
        }
    }
    Ok(sorted)
}

fn sort(classifier: &PrototypeClassifier, articles: &[UnsortedArticle]) -> Vec<SortedArticle> {
    let embedding = autoglm_domain::Embedding::zero();
    let topics = |article: &UnsortedArticle| {
        let text = TextInput {
            title: article.title.clone(),
            lead: article.lead.clone(),
            language: article.language,
        };
        let input = ClassifyInput { text: &text, embedding: &embedding };
        let found = classifier.classify(&[input]).ok().and_then(|mut all| all.pop());
        found.unwrap_or_else(|| article.topics.clone())
    };
    articles.iter().map(|article| result(article, topics(article))).collect()
}

fn result(article: &UnsortedArticle, topics: Vec<TopicScore>) -> SortedArticle {
    SortedArticle { id: article.id, is_changed: topics != article.topics, topics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::ArticleId;
    use autoglm_inference::LiveTopics;

    #[tokio::test]
    async fn an_article_gets_the_topics_of_the_list_and_what_stays_the_same_is_known() {
        let classifier = LiveTopics::built_in().expect("built in").current();
        let article = |id, title: &str| UnsortedArticle {
            id: ArticleId(id),
            title: title.to_owned(),
            language: None,
            lead: String::new(),
            topics: Vec::new(),
        };
        let texts = vec![article(2, "Striker scores twice in league match"), article(1, "")];
        let sorted = sorted(classifier, texts).await.expect("sorted");
        assert_eq!((sorted[0].id, sorted[0].is_changed), (ArticleId(2), true));
        assert_eq!(sorted[0].topics[0].name, "sports");
        assert!(!sorted[1].is_changed && sorted[1].topics.is_empty());
    }
}
