"""Gateways to measure with: the reference gateway as a process of its own, near or behind a delay."""

import asyncio
import contextlib
import subprocess
import sys
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def reference(delay=0):
    """The URL of a fresh reference gateway whose answers take ``delay`` seconds longer to arrive."""
    with contextlib.ExitStack() as running:
        url = running.enter_context(_child("-m", "reference_server", "--port", "0"))
        if delay:
            url = running.enter_context(_child(str(Path(__file__)), url, str(delay)))
        yield url


@contextlib.contextmanager
def _child(*arguments):
    """A server as a child process that prints the URL it listens at."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if "http://" not in line:
            raise RuntimeError(f"{' '.join(arguments)} did not start")
        yield line[line.index("http://") :].strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def delay(target, seconds, *, port=0):
    """Passes connections on to a URL's host and port; what is answered arrives ``seconds`` later."""
    loop = asyncio.get_running_loop()
    there = urllib.parse.urlsplit(target)

    async def serve(reader, writer):
        answers, requests = await asyncio.open_connection(there.hostname, there.port)

        async def ask():
            while chunk := await reader.read(65536):
                requests.write(chunk)
            requests.write_eof()

        async with asyncio.TaskGroup() as both:
            both.create_task(ask())
            while chunk := await answers.read(65536):
                loop.call_later(seconds, writer.write, chunk)
            loop.call_later(seconds, writer.close)
        requests.close()

    async def quietly(reader, writer):
        with contextlib.suppress(ExceptionGroup, OSError):
            await serve(reader, writer)

    return await asyncio.start_server(quietly, "127.0.0.1", port)


async def _main(target, seconds):
    server = await delay(target, seconds)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1], float(sys.argv[2])))
