//! Configurations of each family as published, and ones that must be refused.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;

fn read(config: &Value) -> Result<DecoderConfig, DecoderError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    DecoderConfig::read(folder.path())
}

fn refused(config: &Value) -> String {
    read(config).unwrap_err().to_string()
}

fn chatglm3() -> Value {
    json!({
        "model_type": "chatglm", "add_bias_linear": false, "add_qkv_bias": true,
        "apply_residual_connection_post_layernorm": false, "ffn_hidden_size": 13696,
        "hidden_size": 4096, "kv_channels": 128, "layernorm_epsilon": 1e-5,
        "multi_query_attention": true, "multi_query_group_num": 2, "num_attention_heads": 32,
        "num_layers": 28, "padded_vocab_size": 65024, "post_layer_norm": true, "rmsnorm": true,
        "seq_length": 8192, "eos_token_id": 2, "rope_ratio": 50
    })
}

fn glm_edge() -> Value {
    json!({
        "model_type": "glm", "attention_bias": false, "head_dim": 128, "hidden_act": "silu",
        "hidden_size": 2048, "intermediate_size": 6144, "max_position_embeddings": 8192,
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 4,
        "partial_rotary_factor": 1.0, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "vocab_size": 59264, "eos_token_id": [59246, 59253, 59255]
    })
}

fn chatglm() -> Value {
    json!({
        "model_type": "chatglm", "bos_token_id": 130004, "eos_token_id": 130005,
        "gmask_token_id": 130001, "hidden_size": 4096, "inner_hidden_size": 16384,
        "layernorm_epsilon": 1e-5, "max_sequence_length": 2048, "num_attention_heads": 32,
        "num_layers": 28, "position_encoding_2d": true, "vocab_size": 130528
    })
}

fn with(mut config: Value, name: &str, value: Value) -> Value {
    config[name] = value;
    config
}

#[test]
fn each_family_is_told_by_its_fields() {
    let first = read(&chatglm()).unwrap();
    assert_eq!((first.layout, first.head, first.kv_heads), (Layout::ChatGlm, 128, 32));
    assert!(!first.is_causal());
    assert_eq!((first.mask, first.start), (Some(130_001), Some(130_004)));
    let third = read(&chatglm3()).unwrap();
    assert_eq!((third.layout, third.kv_heads, third.turning()), (Layout::ChatGlm2, 2, 64));
    assert_eq!(third.positions, Positions::Sequence { dims: 64, base: 500_000.0 });
    let edge = read(&glm_edge()).unwrap();
    assert_eq!((edge.layout, edge.turning(), edge.tied), (Layout::Glm, 128, true));
    assert!(!edge.qkv_bias && !edge.sandwich);
    assert_eq!(edge.ends, [59246, 59253, 59255]);
    assert!(read(&with(glm_edge(), "model_type", json!("glm4"))).unwrap().sandwich);
}

#[test]
fn an_unknown_family_is_refused_and_the_known_ones_are_named() {
    let error = refused(&with(glm_edge(), "model_type", json!("llama")));
    assert!(error.contains("llama") && error.contains("glm4"), "{error}");
    assert!(error.contains("config.json"), "{error}");
    assert!(refused(&json!({})).contains("missing"));
}

#[test]
fn a_choice_nobody_made_before_is_refused_by_its_name() {
    for (config, name, value) in [
        (chatglm(), "position_encoding_2d", json!(false)),
        (chatglm(), "quantization_bit", json!(4)),
        (chatglm3(), "rmsnorm", json!(false)),
        (chatglm3(), "apply_residual_connection_post_layernorm", json!(true)),
        (glm_edge(), "hidden_act", json!("gelu")),
        (glm_edge(), "rope_scaling", json!({"type": "yarn"})),
    ] {
        let error = refused(&with(config, name, value));
        assert!(error.contains(name) || error.contains("quantised"), "{name}: {error}");
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    for (config, name, value) in [
        (chatglm3(), "num_layers", json!(0)),
        (chatglm3(), "num_layers", json!(1_000_000_000)),
        (chatglm3(), "hidden_size", json!(-4096)),
        (chatglm3(), "hidden_size", json!("wide")),
        (chatglm3(), "multi_query_group_num", json!(3)),
        (chatglm3(), "eos_token_id", json!(65024)),
        (glm_edge(), "head_dim", json!(7)),
        (glm_edge(), "partial_rotary_factor", json!(1.5)),
        (glm_edge(), "rms_norm_eps", json!(0)),
        (glm_edge(), "vocab_size", Value::Null),
        (chatglm(), "num_attention_heads", json!(30)),
    ] {
        let config = with(config, name, value.clone());
        assert!(read(&config).is_err(), "{name} {value}");
    }
}

#[test]
fn generation_settings_add_end_tokens() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), chatglm3().to_string()).unwrap();
    let more = json!({"eos_token_id": [2, 64795, 64797]}).to_string();
    fs::write(folder.path().join("generation_config.json"), more).unwrap();
    assert_eq!(DecoderConfig::read(folder.path()).unwrap().ends, [2, 64795, 64797]);
}

#[test]
fn a_folder_without_a_configuration_is_named() {
    let error = DecoderConfig::read(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all/config.json"), "{error}");
}

proptest! {
    #[test]
    fn no_number_in_any_field_can_break_the_reading(
        field in 0_usize..20, number in prop_oneof![any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from), Just(Value::Null), Just(json!([])), Just(json!({}))]
    ) {
        for mut config in [chatglm(), chatglm3(), glm_edge()] {
            let names: Vec<String> =
                config.as_object().unwrap().keys().cloned().collect();
            config[&names[field % names.len()]] = number.clone();
            if let Ok(config) = read(&config) {
                prop_assert!(config.turning() <= config.head && config.heads % config.kv_heads == 0);
            }
        }
    }
}
