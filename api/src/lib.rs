//! HTTP: REST, WebSocket, server-sent events, documentation, administration and the embedded page
