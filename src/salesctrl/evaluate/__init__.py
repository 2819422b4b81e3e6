"""Takes facts and evidence in, runs a plan, returns a decision."""
