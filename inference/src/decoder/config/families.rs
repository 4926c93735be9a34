//! From the fields of each family to the one description.

use super::fields::Fields;
use super::{DecoderConfig, FeedForward, Layout, Norm, Positions};
use crate::decoder::error::DecoderError;

const LAYERS_MAX: usize = 512;
const WIDTH_MAX: usize = 1 << 18;
const HEADS_MAX: usize = 1024;
const VOCABULARY_MAX: usize = 1 << 21;
const CONTEXT_MAX: usize = 1 << 22;
/// Base of the slowest turn, where the configuration does not say.
const BASE: f64 = 10_000.0;

pub(super) fn from_fields(fields: &Fields) -> Result<DecoderConfig, DecoderError> {
    let config = match fields.text("model_type") {
        Some("chatglm") if fields.has("inner_hidden_size") => chatglm(fields),
        Some("chatglm") => chatglm2(fields),
        Some("glm") => glm(fields, false),
        Some("glm4") => glm(fields, true),
        other => Err(fields.wrong(format!(
            "its model_type is {}; known are chatglm, glm and glm4",
            other.unwrap_or("missing")
        ))),
    }?;
    check(fields, config)
}

/// ChatGLM-6B.
fn chatglm(fields: &Fields) -> Result<DecoderConfig, DecoderError> {
    expect(fields, "position_encoding_2d", true)?;
    let layers = fields.size("num_layers", LAYERS_MAX)?;
    let hidden = fields.size("hidden_size", WIDTH_MAX)?;
    let heads = fields.size("num_attention_heads", HEADS_MAX)?;
    if fields.get("quantization_bit").is_some_and(|bits| bits.as_u64() != Some(0)) {
        return Err(fields.wrong("its weights are quantised already; use the whole ones"));
    }
    Ok(DecoderConfig {
        layout: Layout::ChatGlm,
        layers,
        hidden,
        heads,
        kv_heads: heads,
        head: hidden / heads,
        inner: fields.size("inner_hidden_size", WIDTH_MAX)?,
        vocabulary: fields.size("vocab_size", VOCABULARY_MAX)?,
        context: fields.size_or("max_sequence_length", CONTEXT_MAX, 2048)?,
        norm: Norm::Layer { epsilon: fields.number_or("layernorm_epsilon", 1e-5)? },
        positions: Positions::Block,
        feed_forward: FeedForward::Gelu,
        qkv_bias: true,
        bias: true,
        sandwich: false,
        residual: Some((2.0 * layers as f64).sqrt()),
        // The file holds the output layer even where it is tied.
        tied: false,
        ends: fields.tokens("eos_token_id")?,
        rounds: true,
        mask: Some(fields.token("gmask_token_id")?),
        start: Some(fields.token("bos_token_id")?),
    })
}

/// ChatGLM2-6B, ChatGLM3-6B and GLM-4-9B as first published.
fn chatglm2(fields: &Fields) -> Result<DecoderConfig, DecoderError> {
    expect(fields, "rmsnorm", true)?;
    expect(fields, "post_layer_norm", true)?;
    expect(fields, "apply_residual_connection_post_layernorm", false)?;
    if fields.get("quantization_bit").is_some_and(|bits| bits.as_u64() != Some(0)) {
        return Err(fields.wrong("its weights are quantised already; use the whole ones"));
    }
    let hidden = fields.size("hidden_size", WIDTH_MAX)?;
    let heads = fields.size("num_attention_heads", HEADS_MAX)?;
    let head = fields.size_or("kv_channels", WIDTH_MAX, hidden / heads)?;
    let grouped = fields.flag_or("multi_query_attention", false)?;
    let kv_heads = if grouped { fields.size("multi_query_group_num", heads)? } else { heads };
    Ok(DecoderConfig {
        layout: Layout::ChatGlm2,
        layers: fields.size("num_layers", LAYERS_MAX)?,
        hidden,
        heads,
        kv_heads,
        head,
        inner: fields.size("ffn_hidden_size", WIDTH_MAX)?,
        vocabulary: fields.size("padded_vocab_size", VOCABULARY_MAX)?,
        context: fields.size_or("seq_length", CONTEXT_MAX, 2048)?,
        norm: Norm::Rms { epsilon: fields.number_or("layernorm_epsilon", 1e-5)? },
        positions: Positions::Sequence {
            dims: head / 2,
            base: BASE * fields.number_or("rope_ratio", 1.0)?,
        },
        feed_forward: FeedForward::Gated,
        qkv_bias: fields.flag_or("add_bias_linear", false)?
            || fields.flag_or("add_qkv_bias", false)?,
        bias: fields.flag_or("add_bias_linear", false)?,
        sandwich: false,
        residual: None,
        tied: fields.flag_or("tie_word_embeddings", false)?,
        ends: fields.tokens("eos_token_id")?,
        // Nothing else tells it from ChatGLM3.
        rounds: fields.text("_name_or_path").is_some_and(|name| name.contains("chatglm2")),
        mask: None,
        start: None,
    })
}

/// GLM-4-9B, GLM-Edge and, with norms around each branch, GLM-4-0414.
fn glm(fields: &Fields, sandwich: bool) -> Result<DecoderConfig, DecoderError> {
    if let Some(activation) = fields.text("hidden_act").filter(|name| *name != "silu") {
        return Err(fields.wrong(format!("hidden_act is {activation}; only silu is known")));
    }
    let hidden = fields.size("hidden_size", WIDTH_MAX)?;
    let heads = fields.size("num_attention_heads", HEADS_MAX)?;
    let head = fields.size_or("head_dim", WIDTH_MAX, 128)?;
    Ok(DecoderConfig {
        layout: Layout::Glm,
        layers: fields.size("num_hidden_layers", LAYERS_MAX)?,
        hidden,
        heads,
        kv_heads: fields.size_or("num_key_value_heads", heads, heads)?,
        head,
        inner: fields.size("intermediate_size", WIDTH_MAX)?,
        vocabulary: fields.size("vocab_size", VOCABULARY_MAX)?,
        context: fields.size_or("max_position_embeddings", CONTEXT_MAX, 8192)?,
        norm: Norm::Rms { epsilon: fields.number_or("rms_norm_eps", 1.5625e-7)? },
        positions: rotary(fields, head)?,
        feed_forward: FeedForward::Gated,
        qkv_bias: fields.flag_or("attention_bias", true)?,
        bias: false,
        sandwich,
        residual: None,
        tied: fields.flag_or("tie_word_embeddings", false)?,
        ends: fields.tokens("eos_token_id")?,
        rounds: false,
        mask: None,
        start: None,
    })
}

/// Older files say it at the top, newer ones in `rope_parameters`.
fn rotary(fields: &Fields, head: usize) -> Result<Positions, DecoderError> {
    for outer in ["rope_parameters", "rope_scaling"] {
        for name in ["rope_type", "type"] {
            let kind = fields.within(outer, name);
            if let Some(kind) = kind.filter(|kind| kind.as_str() != Some("default")) {
                return Err(
                    fields.wrong(format!("{outer} is of type {kind}; only default is known"))
                );
            }
        }
    }
    let number = |name: &str, otherwise: f64| match fields
        .within("rope_parameters", name)
        .or_else(|| fields.get(name))
    {
        Some(value) => fields.as_number(name, value),
        None => Ok(otherwise),
    };
    let share = number("partial_rotary_factor", 0.5)?;
    if share > 1.0 {
        return Err(fields.wrong(format!("partial_rotary_factor is {share}; expected at most 1")));
    }
    let base = number("rope_theta", BASE)?;
    Ok(Positions::Sequence { dims: (head as f64 * share) as usize, base })
}

fn expect(fields: &Fields, name: &str, wanted: bool) -> Result<(), DecoderError> {
    if fields.flag_or(name, wanted)? == wanted {
        return Ok(());
    }
    Err(fields.wrong(format!("{name} is {}; only {wanted} is known", !wanted)))
}

/// What must hold between the sizes.
fn check(fields: &Fields, config: DecoderConfig) -> Result<DecoderConfig, DecoderError> {
    let even = |dims: usize| dims > 0 && dims.is_multiple_of(2);
    let fault = if !config.heads.is_multiple_of(config.kv_heads) {
        Some(format!("{} heads cannot share {} keys evenly", config.heads, config.kv_heads))
    } else if config.layout == Layout::ChatGlm && config.head * config.heads != config.hidden {
        Some(format!("{} is no multiple of {} heads", config.hidden, config.heads))
    } else if !even(config.turning()) || !even(config.head) {
        Some(format!("{} of {} dimensions of a head turn", config.turning(), config.head))
    } else if config.layout == Layout::ChatGlm && !config.head.is_multiple_of(4) {
        Some(format!("a head of {} dimensions has no two even halves", config.head))
    } else if config.query_width() > WIDTH_MAX {
        Some(format!("its queries are {} wide", config.query_width()))
    } else {
        let ids = config.ends.iter().chain(&config.mask).chain(&config.start);
        ids.copied()
            .find(|id| *id as usize >= config.vocabulary)
            .map(|id| format!("token {id} is beyond its {} tokens", config.vocabulary))
    };
    fault.map_or(Ok(config), |reason| Err(fields.wrong(reason)))
}
