"""The reference policy of the benchmark: its rules, its orders, and the exact answers."""
