"""One module for each engine over columns, under the interface that `batch_worker.py` describes."""
