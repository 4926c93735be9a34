//! The composition root of Open-AutoGLM: the only place that knows every room.
//!
//! [`cli`] reads the command line, [`config`] the configuration, [`node`] puts the rooms together
//! and takes them apart again, [`demo`] adds an origin server and simulated readers.

pub mod cli;
pub mod config;
pub mod demo;
pub mod evaluate;
pub mod guide;
pub mod model_folder;
pub mod node;
pub mod role;
pub mod telemetry;
pub mod topics_file;
