//! What each family calls its tensors.

use super::config::Layout;

/// Names of the tensors outside the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) tokens: &'static str,
    pub(super) norm: &'static str,
    pub(super) output: &'static str,
    layers: &'static str,
    attention: &'static str,
    dense: &'static str,
    up: &'static str,
    down: &'static str,
    /// The one matrix of queries, keys and values, or one for each.
    qkv: &'static [&'static str],
}

impl Names {
    pub(super) fn of(layout: Layout) -> Self {
        match layout {
            Layout::ChatGlm => Self {
                tokens: "transformer.word_embeddings",
                norm: "transformer.final_layernorm",
                output: "lm_head",
                layers: "transformer.layers",
                attention: "attention",
                dense: "dense",
                up: "dense_h_to_4h",
                down: "dense_4h_to_h",
                qkv: &["query_key_value"],
            },
            Layout::ChatGlm2 => Self {
                tokens: "transformer.embedding.word_embeddings",
                norm: "transformer.encoder.final_layernorm",
                output: "transformer.output_layer",
                layers: "transformer.encoder.layers",
                attention: "self_attention",
                dense: "dense",
                up: "dense_h_to_4h",
                down: "dense_4h_to_h",
                qkv: &["query_key_value"],
            },
            Layout::Glm => Self {
                tokens: "model.embed_tokens",
                norm: "model.norm",
                output: "lm_head",
                layers: "model.layers",
                attention: "self_attn",
                dense: "o_proj",
                up: "gate_up_proj",
                down: "down_proj",
                qkv: &["q_proj", "k_proj", "v_proj"],
            },
        }
    }

    /// A part of a layer, such as its first norm.
    pub(super) fn part(&self, layer: usize, part: &str) -> String {
        format!("{}.{layer}.{part}", self.layers)
    }

    /// Queries, keys and values, in this order, together or apart.
    pub(super) fn qkv(&self, layer: usize) -> Vec<String> {
        self.qkv
            .iter()
            .map(|name| self.part(layer, &format!("{}.{name}", self.attention)))
            .collect()
    }

    pub(super) fn dense(&self, layer: usize) -> String {
        self.part(layer, &format!("{}.{}", self.attention, self.dense))
    }

    pub(super) fn up(&self, layer: usize) -> String {
        self.part(layer, &format!("mlp.{}", self.up))
    }

    pub(super) fn down(&self, layer: usize) -> String {
        self.part(layer, &format!("mlp.{}", self.down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_its_own_names() {
        let first = Names::of(Layout::ChatGlm);
        assert_eq!(first.qkv(3), ["transformer.layers.3.attention.query_key_value"]);
        let second = Names::of(Layout::ChatGlm2);
        assert_eq!(second.dense(0), "transformer.encoder.layers.0.self_attention.dense");
        let library = Names::of(Layout::Glm);
        assert_eq!(library.qkv(1)[2], "model.layers.1.self_attn.v_proj");
        assert_eq!(library.up(1), "model.layers.1.mlp.gate_up_proj");
    }
}
