"""Without a broker: the whole pipeline in memory, or one stage alone, over files."""
