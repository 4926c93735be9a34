//! The composition root of Open-AutoGLM.
