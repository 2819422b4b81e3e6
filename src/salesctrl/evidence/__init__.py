"""Evidence: what was given for a requirement, whether it counts, and what is missing."""
