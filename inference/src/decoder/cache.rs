//! Keys and values of what was read and written: for each layer and slot as much room as a request
//! may ever need, so that nothing moves while requests come and go.

use super::config::DecoderConfig;
use burn::tensor::{DType, Device, IndexingUpdateOp, Int, Tensor};

/// How rows at different places are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Row by row in place: best for processors.
    Rows,
    /// All rows at once: best where every operation is a launch.
    Scatter,
}

impl Writing {
    pub(super) fn best_for(device: &Device) -> Self {
        if *device == Device::flex() { Self::Rows } else { Self::Scatter }
    }
}

/// One layer's keys or values: `[slots, heads, room, head]`.
struct Store(Option<Tensor<4>>);

/// The keys and values of one slot's first tokens, for every layer: `[1, heads, tokens, head]`.
pub(super) type Beginning = Vec<(Tensor<4>, Tensor<4>)>;

/// Keys and values of all layers.
pub(super) struct KvCache {
    layers: Vec<(Store, Store)>,
    writing: Writing,
    context: usize,
}

impl KvCache {
    /// Room for requests of up to `context` tokens in so many slots. One place more takes what
    /// slots without a request write.
    pub(super) fn new(
        config: &DecoderConfig,
        slots: usize,
        context: usize,
        computed: DType,
        device: &Device,
    ) -> Self {
        let shape = [slots, config.kv_heads, context + 1, config.head];
        let store = || Store(Some(Tensor::zeros(shape, (device, computed))));
        Self {
            layers: (0..config.layers).map(|_| (store(), store())).collect(),
            writing: Writing::best_for(device),
            context,
        }
    }

    #[cfg(test)]
    pub(super) fn with_writing(mut self, writing: Writing) -> Self {
        self.writing = writing;
        self
    }

    /// Most tokens of a request.
    pub(super) fn context(&self) -> usize {
        self.context
    }

    /// Writes the keys and values `[rows, heads, tokens, head]` of neighbouring slots from
    /// `first` on, each from its own place; then the first `length` of all of them.
    pub(super) fn write_and_read(
        &mut self,
        layer: usize,
        at: &Span<'_>,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> (Tensor<4>, Tensor<4>) {
        // A layer that is not there never comes from a model's own count.
        let Some((stored_keys, stored_values)) = self.layers.get_mut(layer) else {
            return (keys, values);
        };
        stored_keys.write(at, keys.clone(), self.writing);
        stored_values.write(at, values.clone(), self.writing);
        (stored_keys.read(at).unwrap_or(keys), stored_values.read(at).unwrap_or(values))
    }

    /// The first tokens of a slot, to be put into another one later.
    pub(super) fn beginning(&self, slot: usize, tokens: usize) -> Beginning {
        let at = Span { first: slot, starts: &[0], length: tokens };
        self.layers
            .iter()
            .filter_map(|(keys, values)| {
                // A copy: a view would keep the whole store from being written in place.
                Some((owned(keys.read(&at)?), owned(values.read(&at)?)))
            })
            .collect()
    }

    /// Puts the first tokens of a request into a slot.
    pub(super) fn begin(&mut self, slot: usize, beginning: &Beginning) {
        for ((keys, values), (known_keys, known_values)) in self.layers.iter_mut().zip(beginning) {
            let at = Span { first: slot, starts: &[0], length: 0 };
            keys.write(&at, known_keys.clone(), Writing::Rows);
            values.write(&at, known_values.clone(), Writing::Rows);
        }
    }
}

/// Which slots, where each is written, and how much of them is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) first: usize,
    pub(super) starts: &'a [usize],
    pub(super) length: usize,
}

impl Store {
    fn write(&mut self, at: &Span<'_>, rows: Tensor<4>, writing: Writing) {
        let Some(store) = self.0.take() else { return };
        let store = match writing {
            Writing::Scatter if at.starts.len() > 1 => scatter(store, at, rows),
            Writing::Rows | Writing::Scatter => write_rows(store, at, rows),
        };
        self.0 = Some(store);
    }

    fn read(&self, at: &Span<'_>) -> Option<Tensor<4>> {
        let store = self.0.clone()?;
        Some(store.narrow(0, at.first, at.starts.len()).narrow(2, 0, at.length))
    }
}

fn write_rows(mut store: Tensor<4>, at: &Span<'_>, rows: Tensor<4>) -> Tensor<4> {
    let [_, heads, tokens, head] = rows.dims();
    for (row, start) in at.starts.iter().enumerate() {
        let slot = at.first + row;
        let range = [slot..slot + 1, 0..heads, *start..start + tokens, 0..head];
        store = store.slice_assign(range, rows.clone().narrow(0, row, 1));
    }
    store
}

/// One token a row.
fn scatter(store: Tensor<4>, at: &Span<'_>, rows: Tensor<4>) -> Tensor<4> {
    let [slots, heads, room, head] = store.dims();
    let places: Vec<i32> = (0..)
        .zip(at.starts)
        .flat_map(|(row, start)| {
            (0..heads).map(move |of| ((at.first + row) * heads + of) * room + start)
        })
        .map(|place| i32::try_from(place).unwrap_or(i32::MAX))
        .collect();
    let count = places.len();
    let places = Tensor::<1, Int>::from_data(places.as_slice(), &store.device());
    let flat = store.reshape([slots * heads * room, head]);
    flat.scatter_nd(
        places.reshape([count, 1]),
        rows.reshape([count, head]),
        IndexingUpdateOp::Assign,
    )
    .reshape([slots, heads, room, head])
}

/// A tensor with memory of its own.
fn owned(view: Tensor<4>) -> Tensor<4> {
    Tensor::zeros_like(&view) + view
}
