"""One module for each engine, under the interface that `worker.py` describes."""
