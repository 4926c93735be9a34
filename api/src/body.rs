//! The JSON shapes, one file per resource. Views are serialised borrowed, never copied first.

pub(crate) mod actor;
pub(crate) mod article;
pub(crate) mod cluster;
pub(crate) mod device;
pub(crate) mod entity;
pub(crate) mod event;
pub(crate) mod figures;
pub(crate) mod frame;
pub(crate) mod list;
pub(crate) mod list_import;
pub(crate) mod me;
pub(crate) mod models;
pub(crate) mod operated_story;
pub(crate) mod pipeline;
pub(crate) mod probe;
pub(crate) mod recommendation;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod statistics;
pub(crate) mod story;
pub(crate) mod summary;
pub(crate) mod time;
pub(crate) mod topic;
