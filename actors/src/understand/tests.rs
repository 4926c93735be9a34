//! What a batch does with odd answers. The way as a whole is tested beside StoryActor.

use super::batch::sound;
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};

#[test]
fn a_vector_that_is_no_vector_says_nothing() {
    let good = Embedding(vec![0.5; EMBEDDING_DIMENSIONS]);
    assert_eq!(sound(good.clone()), good);
    assert_eq!(sound(Embedding(vec![0.5; 3])), Embedding::zero());
    let mut broken = good;
    broken.0[7] = f32::NAN;
    assert_eq!(sound(broken), Embedding::zero());
}
