//! The router as a function: requests in, answers out, fakes behind the ports.

mod document;
mod event;
mod fake;
mod operator;
mod operator_models;
mod operator_stories;
mod problem;
mod reading;
mod security;
mod serving;
mod session;
mod socket;
mod stream;
mod summaries;
mod support;
mod topics;
mod websub;
