//! Open-AutoGLM.
fn main() {}
