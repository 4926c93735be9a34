//! Contracts between actors: messages, typed handles, status and read ports
