//! What every request passes before any route sees it. Being on loopback is not authentication:
//! a page from anywhere can send requests to `localhost`.

pub(crate) mod deadline;
pub(crate) mod header;
pub(crate) mod host;
pub(crate) mod load;
pub(crate) mod origin;
pub(crate) mod panic;
pub(crate) mod size;
