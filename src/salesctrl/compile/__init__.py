"""From a policy set to plans: the passes, listed in one tuple in `pipeline`."""
