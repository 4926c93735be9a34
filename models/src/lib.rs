//! Everything that outlives a process: entities, queries, the write lane and caches
