"""Many gateways judged in one go, on a cluster of Dask: which, by whom, and what they came to."""
