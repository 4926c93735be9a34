//! The two shapes of lists.

use serde::Serialize;
use utoipa::ToSchema;

/// A list that is always whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Items<T: ToSchema> {
    /// The items.
    pub(crate) items: Vec<T>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    /// The items, in the list's order.
    pub(crate) items: Vec<T>,
    /// Give it back as `cursor` to get the next page; null at the end. It has no meaning of its own.
    pub(crate) next_cursor: Option<String>,
}
