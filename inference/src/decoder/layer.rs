//! One layer: attention over what was read and written, then the feed-forward part.

use super::cache::{KvCache, Span};
use super::config::{DecoderConfig, FeedForward};
use super::linear::Linear;
use super::norm::NormLayer;
use super::rotary::{Angles, Rotary};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Tensor, activation, module};

/// What is the same for every layer in one step.
pub(super) struct Step<'a> {
    pub(super) span: Span<'a>,
    /// Tokens of each row.
    pub(super) tokens: usize,
    pub(super) angles: Angles,
    /// Places a row must not look at: `[rows, 1, tokens, length]`; without it each token looks at
    /// itself and those before.
    pub(super) mask: Option<Tensor<4, Bool>>,
}

impl Step<'_> {
    fn rows(&self) -> usize {
        self.span.starts.len()
    }
}

/// The weights of a layer.
pub(super) struct Layer {
    pub(super) before_attention: NormLayer,
    /// Queries, keys and values of all heads, turning dimensions in our order.
    pub(super) qkv: Linear,
    pub(super) output: Linear,
    pub(super) after_attention: Option<NormLayer>,
    pub(super) before_feed: NormLayer,
    /// Gate and way up side by side, or the way up alone.
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) after_feed: Option<NormLayer>,
}

impl Layer {
    /// The stream `[rows · tokens, hidden]` after this layer, the `index`th.
    pub(super) fn forward(
        &self,
        stream: Tensor<2>,
        context: &LayerContext<'_>,
        index: usize,
        cache: &mut KvCache,
    ) -> Tensor<2> {
        let config = context.config;
        let input = self.before_attention.forward(stream.clone());
        let branch = self.attend(input.clone(), context, index, cache);
        let branch = normed(&self.after_attention, branch);
        let stream = join(config, stream, input, branch);
        let input = self.before_feed.forward(stream.clone());
        let branch = normed(&self.after_feed, self.feed(config, input.clone()));
        join(config, stream, input, branch)
    }

    fn attend(
        &self,
        input: Tensor<2>,
        context: &LayerContext<'_>,
        index: usize,
        cache: &mut KvCache,
    ) -> Tensor<2> {
        let (config, step) = (context.config, context.step);
        let (rows, tokens) = (step.rows(), step.tokens);
        let (heads, kv, head) = (config.heads, config.kv_heads, config.head);
        let all =
            self.qkv.forward(input).reshape([rows, tokens, heads + 2 * kv, head]).swap_dims(1, 2);
        let turned = context.rotary.turn(all.clone().narrow(1, 0, heads + kv), &step.angles);
        let queries = turned.clone().narrow(1, 0, heads);
        let keys = turned.narrow(1, heads, kv);
        let values = all.narrow(1, heads + kv, kv);
        let (keys, values) = cache.write_and_read(index, &step.span, keys, values);
        let seen = look(config, step, queries, keys, values);
        self.output.forward(seen)
    }

    fn feed(&self, config: &DecoderConfig, input: Tensor<2>) -> Tensor<2> {
        let inner = self.up.forward(input);
        let inner = match config.feed_forward {
            FeedForward::Gelu => activation::gelu_approximate(inner),
            FeedForward::Gated => {
                let gate = inner.clone().narrow(1, 0, config.inner);
                activation::silu(gate) * inner.narrow(1, config.inner, config.inner)
            }
        };
        self.down.forward(inner)
    }
}

/// What a layer needs besides its weights.
pub(super) struct LayerContext<'a> {
    pub(super) config: &'a DecoderConfig,
    pub(super) rotary: &'a Rotary,
    pub(super) step: &'a Step<'a>,
}

/// What each token saw: `[rows · tokens, heads · head]`.
fn look(
    config: &DecoderConfig,
    step: &Step<'_>,
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
) -> Tensor<2> {
    let (rows, tokens) = (step.rows(), step.tokens);
    let (kv, head) = (config.kv_heads, config.head);
    let group = config.heads / kv;
    if tokens == 1 {
        // Heads that share keys become queries of one head: nothing is copied.
        let queries = queries.reshape([rows, kv, group, head]);
        let mask = step.mask.clone().map(|mask| {
            let [_, _, _, length] = mask.dims();
            mask.expand([rows, kv, group, length])
        });
        let options = AttentionModuleOptions::default();
        return module::attention(queries, keys, values, mask, None, options)
            .reshape([rows, config.query_width()]);
    }
    let options = AttentionModuleOptions {
        is_causal: step.mask.is_none(),
        ..AttentionModuleOptions::default()
    };
    let mask = step.mask.clone().map(|mask| {
        let [_, _, _, length] = mask.dims();
        mask.expand([rows, config.heads, tokens, length])
    });
    let (keys, values) = (repeat(keys, group), repeat(values, group));
    module::attention(queries, keys, values, mask, None, options)
        .swap_dims(1, 2)
        .reshape([rows * tokens, config.query_width()])
}

/// Every head as often as it is shared.
fn repeat(heads: Tensor<4>, group: usize) -> Tensor<4> {
    if group == 1 {
        return heads;
    }
    let [rows, kv, length, head] = heads.dims();
    heads.unsqueeze_dim::<5>(2).expand([rows, kv, group, length, head]).reshape([
        rows,
        kv * group,
        length,
        head,
    ])
}

fn normed(norm: &Option<NormLayer>, branch: Tensor<2>) -> Tensor<2> {
    match norm {
        Some(norm) => norm.forward(branch),
        None => branch,
    }
}

/// Adds a branch to the stream, or to its normalised input where the family does.
fn join(
    config: &DecoderConfig,
    stream: Tensor<2>,
    input: Tensor<2>,
    branch: Tensor<2>,
) -> Tensor<2> {
    match config.residual {
        Some(weight) => input.mul_scalar(weight) + branch,
        None => stream + branch,
    }
}
