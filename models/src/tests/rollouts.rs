//! Models that read beside those in use, and the change-over to them.

use super::world::{World, draft, understanding, worlds};
use autoglm_domain::{ArticleId, ModelChoice, Rollout, TopicScore, Understanding};

fn models(encoder: &str) -> ModelChoice {
    let (classifier, summariser) = ("seeds-1".into(), "extractive-2".into());
    let extractor = "entities-1".into();
    ModelChoice { encoder: encoder.into(), classifier, summariser, extractor }
}

fn reading(article: ArticleId, version: &str, topic: &str) -> Understanding {
    Understanding {
        model_version: version.into(),
        topics: vec![TopicScore { name: topic.into(), score: 0.5 }],
        topic_list: 0,
        ..understanding(article)
    }
}

async fn change(
    world: &World,
    step: fn(Rollout) -> Result<Rollout, autoglm_domain::RolloutRefusal>,
) -> crate::Result<Rollout> {
    world.store.change_rollout(Rollout::of(models("a-1")), step).await
}

#[test]
fn a_rollout_is_kept_through_all_its_steps() {
    for world in worlds("a_rollout_is_kept_through_all_its_steps") {
        world.run(async {
            assert_eq!(world.store.rollout().await.expect("read"), None);
            let measured = change(&world, |rollout| rollout.canary(models("b-1"), 25)).await;
            let measured = measured.expect("a candidate");
            assert_eq!(world.store.rollout().await.expect("read"), Some(measured));
            let refused = change(&world, |rollout| rollout.canary(models("c-1"), 25)).await;
            let refused = refused.expect_err("one candidate at a time");
            assert!(refused.to_string().contains("b-1"), "{refused}");
            change(&world, Rollout::promote).await.expect("promoted");
            let changed =
                change(&world, |rollout| Ok(rollout.change_over())).await.expect("changed");
            assert_eq!(
                (changed.active.clone(), changed.previous.clone()),
                (models("b-1"), Some(models("a-1")))
            );
            assert_eq!(world.store.rollout().await.expect("read"), Some(changed));
            change(&world, |rollout| rollout.canary(models("c-1"), 5)).await.expect("another");
            let withdrawn = change(&world, Rollout::withdraw).await.expect("withdrawn");
            assert_eq!(world.store.rollout().await.expect("read"), Some(withdrawn));
        });
    }
}

#[test]
fn readings_beside_change_nothing_until_the_change_over() {
    for world in worlds("readings_beside_change_nothing_until_the_change_over") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.insert((1..=3).map(|number| draft(source, number)).collect()).await;
            let index =
                |id: &ArticleId| crate::IndexEntry { article_id: *id, tokens: "word".into() };
            world.store.finish_index(ids.iter().map(index).collect()).await.expect("indexed");
            let old = ids.iter().map(|id| reading(*id, "old", "sports")).collect();
            world.store.store_understandings(old).await.expect("understood");
            let unread = world.store.unread_by("new", None, 10).await.expect("looked");
            assert_eq!(
                unread.iter().map(|one| one.id).collect::<Vec<_>>(),
                [ids[2], ids[1], ids[0]]
            );
            assert_eq!(unread[0].content_text, "Text 3");
            let beside = vec![reading(ids[2], "new", "health"), reading(ids[1], "new", "health")];
            assert_eq!(world.store.store_readings_beside(beside).await.expect("saved"), 2);
            let current = async |id: ArticleId| {
                let row = world.store.article(reader, id).await.expect("read").expect("there");
                (row.model_version, row.article.topics[0].name.clone())
            };
            assert_eq!(current(ids[2]).await, (Some("old".into()), "sports".into()));
            let left = world.store.unread_by("new", None, 10).await.expect("looked");
            assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[0]]);
            assert_eq!(world.store.change_over("new", 1).await.expect("changed"), 1);
            assert_eq!(current(ids[2]).await, (Some("new".into()), "health".into()));
            assert_eq!(world.store.change_over("new", 10).await.expect("changed"), 1);
            assert_eq!(world.store.change_over("new", 10).await.expect("changed"), 0);
            assert_eq!(current(ids[0]).await, (Some("old".into()), "sports".into()));
            assert_eq!(world.store.forget_readings("old", 100).await.expect("forgotten"), 2);
            assert_eq!(current(ids[0]).await, (Some("old".into()), "sports".into()));
        });
    }
}

#[test]
fn a_reading_of_an_article_that_is_gone_is_left_out() {
    for world in worlds("a_reading_of_an_article_that_is_gone_is_left_out") {
        world.run(async {
            let beside = vec![reading(ArticleId(99), "new", "health")];
            assert_eq!(world.store.store_readings_beside(beside).await.expect("saved"), 0);
        });
    }
}
