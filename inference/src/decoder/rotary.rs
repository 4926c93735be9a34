//! Turning queries and keys by the place of their token.
//!
//! The families turn pairs of dimensions that lie in different places of a head. The rows of the
//! weights are put in another order when they are loaded, the same for queries and keys, so that
//! scores stay what they are and one rule serves all: the first half of the turning dimensions
//! with the second.

use super::config::{DecoderConfig, Positions};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use half::f16;

/// Base of the turns where places have two coordinates.
const BLOCK_BASE: f64 = 10_000.0;

/// A token's place: in the sequence, and in what is generated where a family counts that apart.
pub(super) type Place = (usize, usize);

/// Where the tokens of one request stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// One after the other.
    Sequence,
    /// From `start` on all stand at `mask` and count apart.
    Block {
        /// Index of the marker to be filled.
        mask: usize,
        /// Index of the marker where the answer begins.
        start: usize,
    },
}

impl Places {
    /// Of a prompt; one without its markers is filled at its end.
    pub(super) fn of(config: &DecoderConfig, prompt: &[u32]) -> Self {
        if config.is_causal() {
            return Self::Sequence;
        }
        let last = prompt.len().saturating_sub(1);
        let find = |marker: Option<u32>| prompt.iter().position(|id| Some(*id) == marker);
        let start = find(config.start).unwrap_or(last);
        Self::Block { mask: find(config.mask).unwrap_or(start.saturating_sub(1)), start }
    }

    pub(super) fn at(self, index: usize) -> Place {
        match self {
            Self::Block { mask, start } if index >= start => (mask, index - start + 1),
            Self::Sequence | Self::Block { .. } => (index, 0),
        }
    }
}

/// For each dimension of a head as we keep it, the one of the published head.
pub(super) fn head_order(config: &DecoderConfig) -> Vec<usize> {
    let (head, turning) = (config.head, config.turning());
    match config.positions {
        Positions::Sequence { .. } => {
            let even = (0..turning).step_by(2);
            let odd = (1..turning).step_by(2);
            even.chain(odd).chain(turning..head).collect()
        }
        // Two halves, each with two quarters that turn together.
        Positions::Block => {
            let quarter = head / 4;
            [0, 2, 1, 3].into_iter().flat_map(|at| at * quarter..(at + 1) * quarter).collect()
        }
    }
}

/// Cosines and sines of every place.
pub(super) struct Rotary {
    positions: Positions,
    /// A row for each place.
    cos: Tensor<2>,
    sin: Tensor<2>,
    /// Turning dimensions of a head.
    turning: usize,
}

/// Cosines and sines of the places of a step: `[rows, 1, tokens, turning / 2]`.
#[derive(Clone)]
pub(super) struct Angles {
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Rotary {
    /// For places below `places`.
    pub(super) fn new(
        config: &DecoderConfig,
        places: usize,
        computed: DType,
        device: &Device,
    ) -> Self {
        let speeds = speeds(config);
        let table = |turn: fn(f64) -> f64| {
            let angles = (0..places).flat_map(|place| {
                speeds.iter().map(move |speed| turn(place as f64 * speed) as f32)
            });
            let data = TensorData::new(angles.collect::<Vec<_>>(), [places, speeds.len()]);
            Tensor::<2>::from_data(data, (device, computed))
        };
        Self {
            positions: config.positions,
            cos: table(f64::cos),
            sin: table(f64::sin),
            turning: config.turning(),
        }
    }

    /// Of the places of some rows, one after the other.
    pub(super) fn angles(&self, places: &[Place], rows: usize, device: &Device) -> Angles {
        let tokens = places.len() / rows.max(1);
        let gather = |table: &Tensor<2>| {
            let first = pick(table, places.iter().map(|place| place.0), device);
            let picked = match self.positions {
                Positions::Sequence { .. } => first,
                Positions::Block => {
                    let second = pick(table, places.iter().map(|place| place.1), device);
                    Tensor::cat(vec![first, second], 1)
                }
            };
            picked.reshape([rows, 1, tokens, self.turning / 2])
        };
        Angles { cos: gather(&self.cos), sin: gather(&self.sin) }
    }

    /// Turns the heads `[rows, heads, tokens, head]`.
    pub(super) fn turn(&self, heads: Tensor<4>, angles: &Angles) -> Tensor<4> {
        let [_, _, _, head] = heads.dims();
        let half = self.turning / 2;
        let first = heads.clone().narrow(3, 0, half);
        let second = heads.clone().narrow(3, half, half);
        let (cos, sin) = (angles.cos.clone(), angles.sin.clone());
        let mut parts = vec![
            first.clone() * cos.clone() - second.clone() * sin.clone(),
            second * cos + first * sin,
        ];
        if self.turning < head {
            parts.push(heads.narrow(3, self.turning, head - self.turning));
        }
        Tensor::cat(parts, 3)
    }
}

/// How far each pair turns from one place to the next.
fn speeds(config: &DecoderConfig) -> Vec<f64> {
    match config.positions {
        Positions::Sequence { dims, base } => {
            (0..dims / 2).map(|pair| base.powf(-((2 * pair) as f64) / dims as f64)).collect()
        }
        // Published with speeds rounded to 16 bits.
        Positions::Block => {
            let dims = config.head / 2;
            let exact = |pair: usize| BLOCK_BASE.powf(-((2 * pair) as f64) / dims as f64);
            (0..dims / 2).map(|pair| f16::from_f64(exact(pair)).to_f64()).collect()
        }
    }
}

fn pick(table: &Tensor<2>, places: impl Iterator<Item = usize>, device: &Device) -> Tensor<2> {
    let places: Vec<i32> = places.map(|place| i32::try_from(place).unwrap_or(i32::MAX)).collect();
    table.clone().select(0, Tensor::<1, Int>::from_data(places.as_slice(), device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generated_stands_at_the_mask_and_counts_from_one() {
        let places = Places::Block { mask: 3, start: 4 };
        let seen: Vec<Place> = (2..7).map(|index| places.at(index)).collect();
        assert_eq!(seen, [(2, 0), (3, 0), (3, 1), (3, 2), (3, 3)]);
        assert_eq!(Places::Sequence.at(9), (9, 0));
    }
}
