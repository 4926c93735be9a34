//! Ranking: profile mathematics, popularity, near-duplicates, stories and the recommendation pipeline
