//! Understanding of text: encoders, topics, summaries, batching, registry of models
