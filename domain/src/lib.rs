//! Plain values of Open-AutoGLM: ids, sources, articles, stories, readers, events; no I/O
