//! The stored form of the popularity counters: a version byte, then 24 bytes a cell.

use autoglm_domain::{ArticleId, Incarnation};
use autoglm_ranking::popularity::PopularityCell;

const VERSION: u8 = 1;
const CELL_BYTES: usize = 24;
/// Cells that are saved (2.4 MB), the newest hours first; older ones hardly weigh anything.
const CELLS_MAX: usize = 100_000;

/// In whose name the cluster's one PopularityActor counts, whatever node it runs on.
pub(super) const COUNTED_BY: Incarnation = Incarnation(0);

/// Little-endian bucket, article, clicks and impressions of every cell.
pub(super) fn encode(cells: &[PopularityCell]) -> Vec<u8> {
    // Cells come sorted by hour: the newest are at the end.
    let newest = &cells[cells.len().saturating_sub(CELLS_MAX)..];
    let mut bytes = Vec::with_capacity(1 + newest.len() * CELL_BYTES);
    bytes.push(VERSION);
    for cell in newest {
        bytes.extend_from_slice(&cell.bucket.to_le_bytes());
        bytes.extend_from_slice(&cell.article_id.0.to_le_bytes());
        bytes.extend_from_slice(&cell.clicks.to_le_bytes());
        bytes.extend_from_slice(&cell.impressions.to_le_bytes());
    }
    bytes
}

/// Reads [`encode`]; bytes of another version or length are no cells at all.
pub(super) fn decode(bytes: &[u8]) -> Vec<PopularityCell> {
    let Some((&VERSION, body)) = bytes.split_first() else { return Vec::new() };
    let (cells, []) = body.as_chunks::<CELL_BYTES>() else { return Vec::new() };
    cells.iter().take(CELLS_MAX).map(cell).collect()
}

fn cell(bytes: &[u8; CELL_BYTES]) -> PopularityCell {
    let long = |at: usize| i64::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
    let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
    PopularityCell {
        bucket: long(0),
        node: COUNTED_BY,
        article_id: ArticleId(long(8)),
        clicks: short(16),
        impressions: short(20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counters_survive_being_saved(
            cells in prop::collection::vec((any::<i64>(), any::<i64>(), any::<u32>(), any::<u32>()), 0..50)
        ) {
            let cells: Vec<PopularityCell> = cells
                .into_iter()
                .map(|(bucket, article, clicks, impressions)| PopularityCell {
                    bucket, node: COUNTED_BY, article_id: ArticleId(article), clicks, impressions,
                })
                .collect();
            prop_assert_eq!(decode(&encode(&cells)), cells);
        }

        #[test]
        fn strange_bytes_are_no_counters_and_no_crash(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(decode(&bytes).len() <= 4);
        }
    }
}
