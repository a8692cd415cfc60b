"""A local read model: what the topics say, in SQLite. Never the truth: always built from them."""
