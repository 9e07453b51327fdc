"""The reference gateway in a process of its own, which can be stopped, and killed and started again."""

import os
import subprocess
import sys

from tests.end_to_end.kit import ROOT, environment


class ReferenceProcess:
    """``python -m reference_server``; without a port it takes a free one, and the same at every start."""

    def __init__(self, *arguments, port=0):
        self._port = port
        self._arguments = arguments
        self.start()

    def start(self):
        command = [sys.executable, "-m", "reference_server", "--port", str(self._port), *self._arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line
        self.url = line.split()[-1]
        self._port = int(self.url.rpartition(":")[2])

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """Ends it; may be called more than once."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
