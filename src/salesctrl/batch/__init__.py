"""A table at once: a plan printed as Polars expressions on scaled integers, and decided column by column."""
