//! Where an engine's operations are, however its base address was written.

/// Chat completions.
pub const CHAT: &str = "chat/completions";
/// Embeddings.
pub const EMBEDDINGS: &str = "embeddings";

/// The address of an operation below the base address: with or without slashes at its end, with a
/// version (`/v1`, `/api/paas/v4`) or without one, which is then 1, or the operation's own.
#[must_use]
pub fn endpoint(base: &str, operation: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    let base = [CHAT, EMBEDDINGS]
        .into_iter()
        .find_map(|known| base.strip_suffix(known)?.strip_suffix('/'))
        .unwrap_or(base)
        .trim_end_matches('/');
    let last = base.rsplit('/').next().unwrap_or_default();
    let versioned = last.strip_prefix('v').is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if versioned { format!("{base}/{operation}") } else { format!("{base}/v1/{operation}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_base_address_may_be_written_in_any_usual_way() {
        for base in [
            "http://localhost:11434",
            "http://localhost:11434/",
            "http://localhost:11434/v1",
            " http://localhost:11434/v1// ",
            "http://localhost:11434/v1/chat/completions",
            "http://localhost:11434/v1/embeddings/",
        ] {
            assert_eq!(endpoint(base, CHAT), "http://localhost:11434/v1/chat/completions");
        }
        let base = "https://open.example.org/api/paas/v4/";
        assert_eq!(endpoint(base, EMBEDDINGS), "https://open.example.org/api/paas/v4/embeddings");
        assert_eq!(
            endpoint("https://h.org/vector", CHAT),
            "https://h.org/vector/v1/chat/completions"
        );
    }

    proptest! {
        #[test]
        fn an_operation_of_an_operation_is_the_same_address(base in "http://[a-z]{1,8}(/[a-z0-9]{1,5}){0,3}/{0,2}") {
            let once = endpoint(&base, CHAT);
            prop_assert_eq!(endpoint(&once, CHAT), once);
        }
    }
}
