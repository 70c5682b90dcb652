"""Serve WeChat's side alone: python -m conversations.simulator --port N --state FILE."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal

from .api import Api
from .limits import Limits
from .server import Server
from .state import World


async def serve(world: World, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    server = Server(Api(lambda: world), port)
    await server.start()
    world.pushes.resume()
    print(f"WeChat simulator at http://127.0.0.1:{server.port}", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m conversations.simulator")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, printed")
    parser.add_argument("--state", default=":memory:", help="a file, to continue later")
    parser.add_argument("--limits", default="{}", help="some of the limits, as JSON")
    options = parser.parse_args()
    world = World(options.state, Limits().changed(json.loads(options.limits)))
    try:
        asyncio.run(serve(world, options.port))
    finally:
        world.close()


main()
