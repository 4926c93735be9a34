//! What came of an imported list of subscriptions.

use autoglm_protocol::port;
use serde::Serialize;
use utoipa::ToSchema;

/// What came of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedList {
    /// Subscriptions in the list.
    total: usize,
    /// New for this reader.
    added: usize,
    /// Followed before.
    known: usize,
    /// What was not taken over, at most 2000.
    problems: Vec<ImportProblem>,
    /// Problems beyond those.
    problems_left_out: usize,
}

/// Something in a list that was not taken over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportProblem {
    /// The subscription's address; empty when it is about the list.
    url: String,
    /// Its title.
    title: String,
    /// What and why.
    problem: String,
    /// Whether it is followed all the same.
    imported: bool,
}

impl From<port::ImportedList> for ImportedList {
    fn from(list: port::ImportedList) -> Self {
        let problem = |one: port::ImportProblem| {
            let port::ImportProblem { url, title, problem, imported } = one;
            ImportProblem { url, title, problem, imported }
        };
        Self {
            total: list.total,
            added: list.added,
            known: list.known,
            problems: list.problems.into_iter().map(problem).collect(),
            problems_left_out: list.problems_left_out,
        }
    }
}
