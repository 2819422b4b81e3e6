"""Engines over event logs; `log_peer.py` runs them, each in the environment of its own."""
