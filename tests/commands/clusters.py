"""Dask clusters for tests."""

import contextlib


@contextlib.contextmanager
def cluster(folder):
    """A cluster of one worker in this process; its address."""
    # Most processes that collect this module play none of its tests, and importing Dask takes long.
    import distributed

    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        local_directory=str(folder),
    ) as made:
        yield made.scheduler_address
