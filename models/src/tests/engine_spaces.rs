//! What was learned about the vectors of remote engines.

use super::world::worlds;

#[test]
fn the_first_node_to_learn_an_engines_space_decides_for_all() {
    for world in worlds("the_first_node_to_learn_an_engines_space_decides_for_all") {
        world.run(async {
            let store = &world.store;
            assert_eq!(store.engine_space("engine:m-1").await.expect("read"), None);
            let kept = store.keep_engine_space("engine:m-1", vec![1, 2]).await.expect("saved");
            assert_eq!(kept, [1, 2]);
            let kept = store.keep_engine_space("engine:m-1", vec![3]).await.expect("not saved");
            assert_eq!(kept, [1, 2], "the other node was first");
            assert_eq!(store.engine_space("engine:m-1").await.expect("read"), Some(vec![1, 2]));
            assert_eq!(store.engine_space("engine:n-1").await.expect("read"), None);
            store.keep_engine_space("engine:n-1", vec![0; 9 << 20]).await.expect_err("too large");
        });
    }
}
