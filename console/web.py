"""The web process: Daphne, with a limit on request bodies that it doesn't have itself.

Run it as `python -m console.web --bind 127.0.0.1 --port 8000`.
"""

from __future__ import annotations

import argparse
import asyncio
from urllib.parse import unquote_to_bytes

from daphne.cli import CommandLineInterface  # isort:skip  (chooses Twisted's reactor)
from daphne import http_protocol

PUSH_LIMIT = 64 * 1024  # bytes; a push has a few kilobytes
UPLOAD_LIMIT = 12 * 1024 * 1024  # bytes; a picture of 10 MiB in its form
LINGER = 2  # s for a refused client to read why

REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

OPTIONS = {
    "--verbosity": 0,  # No access log: it would print a push's query
    "--http-timeout": 20,
    "--ping-interval": 20,
    "--ping-timeout": 30,
    "--websocket_timeout": 12 * 60 * 60,
    "--websocket_connect_timeout": 10,
    "--websocket-max-message-size": 64 * 1024,
    "--websocket-max-frame-size": 64 * 1024,
    "--application-close-timeout": 5,
}


class LimitedRequest(http_protocol.WebRequest):
    """A request whose body is refused while it arrives, and not once it's in memory.

    Daphne reads the whole body before the application sees any of it. The two methods
    overridden are Twisted's, called with the declared length and with each piece.
    """

    received = 0  # bytes
    refused = False

    def gotLength(self, length: int | None) -> None:
        self.limit = body_limit(self.channel._path)
        if length is not None and length > self.limit:
            self.refuse()
            length = 0
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        self.received += len(data)
        if self.received > self.limit and not self.refused:
            self.refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if not self.refused:
            super().requestReceived(command, path, version)

    def refuse(self) -> None:
        """Answer, then read on for a moment.

        Closing with unread bytes resets the connection, and the client might never get
        to see the answer.
        """
        self.refused = True
        self.channel.transport.write(REFUSAL)
        self.channel.transport.loseWriteConnection()
        asyncio.get_running_loop().call_later(
            LINGER, self.channel.transport.abortConnection
        )


def body_limit(target: bytes) -> int:
    """Return how many bytes may be sent to this request target."""
    path = unquote_to_bytes(target.partition(b"?")[0])
    return PUSH_LIMIT if path.startswith(b"/wechat/") else UPLOAD_LIMIT


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m console.web")
    parser.add_argument("--bind", default="127.0.0.1", metavar="HOST")
    parser.add_argument("--port", default="8000")
    where = parser.parse_args()

    http_protocol.WebRequest = LimitedRequest
    arguments = [str(word) for option in OPTIONS.items() for word in option]
    CommandLineInterface().run(
        [
            *arguments,
            "--no-server-name",
            *("--bind", where.bind, "--port", where.port),
            "console.asgi:application",
        ]
    )


if __name__ == "__main__":
    main()
