"""A plugin by which one of several processes of a run is lost."""

import os

ended = 0


def pytest_runtest_logfinish():
    global ended
    ended += 1
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and ended == 5:
        os._exit(9)
