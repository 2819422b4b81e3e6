"""Rules-driven internal control of sales: YAML policies in, exact decisions with an audit trace out."""
