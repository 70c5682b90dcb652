"""What we ask of WeChat: say something, show that we type, take and give pictures.

Every method raises one of three:

    NotSent      nothing has left, or nothing that counts: safe to try again
    NoAnswer     it may have been done, or not: nobody but the customer knows
    WeChatError  it was not done; its `action` says what to do about it

Source: developers.weixin.qq.com › miniprogram › kf-mgnt › kf-message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import httpx

from . import exchange
from .errors import Action, NoAnswer, NotSent, TokenRejected, WeChatError
from .exchange import Answer
from .messages import OutgoingMessage, encode
from .tokens import TokenSource

SEND = "/cgi-bin/message/custom/send"
# For sub-merchants, who have a business id; else 40101.
BUSINESS_SEND = "/cgi-bin/message/custom/business/send"
UPLOAD = "/cgi-bin/media/upload"
DOWNLOAD = "/cgi-bin/media/get"

# WeChat's page for mini programs names the first. It was seen to ask for a business id,
# which only sub-merchants have; the second is the one of older editions.
BUSINESS_TYPING = "/cgi-bin/message/custom/business/typing"
PLAIN_TYPING = "/cgi-bin/message/custom/typing"
NOT_THIS_PATH = frozenset({4, 40101})
TYPING_DEADLINE = 5.0  # seconds; later than that nobody wants it

JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}

Command = Literal["Typing", "CancelTyping"]
T = TypeVar("T")


class Client:
    """One mini program's side of WeChat.

    http                shared by all clients of a process
    api_root            https://api.weixin.qq.com, or a simulator's
    tokens              where its access token is kept; None where WeChat adds it itself
    typing_path_memory  API root → the path that worked; shared like `http`
    deadline            seconds for a call, getting a token and a second try included
    typing_path         of the two; None for whichever WeChat takes
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        api_root: str,
        tokens: TokenSource | None,
        typing_path_memory: MutableMapping[str, str] | None = None,
        deadline: float = 15.0,
        *,
        send_path: str = SEND,
        typing_path: str | None = None,
    ) -> None:
        self.http = http
        self.api_root = api_root.rstrip("/")
        self.tokens = tokens
        self.typing_paths = {} if typing_path_memory is None else typing_path_memory
        self.deadline = deadline
        self.send_path = send_path
        self.typing_path = typing_path

    async def get_ready(self) -> None:
        """Have a token at hand. Raises NotSent or WeChatError; nothing has been sent."""
        if self.tokens is not None:
            await _obtain(self.tokens.get, _in(self.deadline))

    async def send(self, openid: str, message: OutgoingMessage) -> None:
        """Hand WeChat one message for a customer. Returns when WeChat has taken it.

        After NoAnswer it may be with the customer: there is no way to ask, and a second
        try might be a second message.
        """
        await self._post(self.send_path, message.payload(openid), _in(self.deadline))

    async def typing(self, openid: str, command: Command = "Typing") -> None:
        """Show the customer that somebody types (for 15 s), or stop showing it.

        WeChat's answers that they see it already, or that nothing was said in the last
        30 s, are no errors. Of the two paths, the one that works is remembered.
        """
        payload = {"touser": openid, "command": command}
        until = _in(min(TYPING_DEADLINE, self.deadline))
        if known := self.typing_path or self.typing_paths.get(self.api_root):
            await self._type(known, payload, until)
            return
        path = BUSINESS_TYPING
        try:
            await self._type(path, payload, until)
        except (WeChatError, NoAnswer) as exc:
            if not _is_wrong_path(exc):
                raise
            path = PLAIN_TYPING
        if path == PLAIN_TYPING:
            await self._type(path, payload, until)
        self.typing_paths[self.api_root] = path

    async def _type(self, path: str, payload: dict[str, Any], until: float) -> None:
        try:
            await self._post(path, payload, until)
        except WeChatError as exc:
            if exc.action is not Action.DROP:
                raise

    async def upload_image(
        self, name: str, content: bytes, content_type: str
    ) -> tuple[str, datetime]:
        """Give WeChat a picture to send. Return its media id, and when it was taken in.

        WeChat forgets it three days after. It takes PNG, JPEG and GIF, up to 2 MB by
        one sentence of its documents and 10 MB by another.
        """
        return await self._ask(
            "POST",
            UPLOAD,
            _read_upload,
            _in(self.deadline),
            params={"type": "image"},
            files={"media": (name, content, content_type)},
        )

    async def get_media(self, media_id: str, max_bytes: int) -> tuple[bytes, str]:
        """Return a picture a customer sent, and the content type WeChat gives it.

        Neither is to be trusted: look at the bytes before anything is done with them.
        Raises TooBig, a NoAnswer, past `max_bytes`.
        """
        return await self._ask(
            "GET",
            DOWNLOAD,
            _read_media,
            _in(self.deadline),
            params={"media_id": media_id},
            max_bytes=max_bytes,
        )

    async def _post(self, path: str, payload: dict[str, Any], until: float) -> None:
        content = encode(payload)
        await self._ask(
            "POST", path, _read_verdict, until, content=content, headers=JSON_TYPE
        )

    async def _ask(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        until: float,
        params: dict[str, str] | None = None,
        **request: Any,
    ) -> T:
        """Make one call with our token; if WeChat refuses that, once more with another.

        A refused token comes before all else, so the first try has done nothing.
        """

        async def attempt(*token: str) -> T:
            bearing = {"access_token": token[0]} if token else {}
            answer = await exchange.call(
                self.http,
                method,
                self.api_root + path,
                deadline=_left(until),
                params={**bearing, **(params or {})},
                **request,
            )
            return read(answer)

        if self.tokens is None:
            return await attempt()
        token = await _obtain(self.tokens.get, until)
        try:
            return await attempt(token)
        except TokenRejected:
            pass  # Try again outside, so that a second failure doesn't trail the first
        token = await _obtain(self.tokens.replace, until, token)
        return await attempt(token)


async def _obtain(
    ask: Callable[..., Awaitable[str]], until: float, *arguments: str
) -> str:
    """Return a token. Whatever is unknown about that call, ours was not made."""
    try:
        async with asyncio.timeout_at(until):
            return await ask(*arguments)
    except (TimeoutError, NoAnswer):
        pass
    raise NotSent("no access token")


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _left(until: float) -> float:
    """Return the seconds left, or raise NotSent."""
    seconds = until - asyncio.get_running_loop().time()
    if seconds <= 0:
        raise NotSent("deadline")
    return seconds


def _is_wrong_path(exc: WeChatError | NoAnswer) -> bool:
    if isinstance(exc, WeChatError):
        return exc.errcode in NOT_THIS_PATH
    return exc.status == httpx.codes.NOT_FOUND


def _read_verdict(answer: Answer) -> None:
    if "errcode" not in exchange.read_json(answer):
        raise NoAnswer("no errcode in the answer", answer.status)


def _read_upload(answer: Answer) -> tuple[str, datetime]:
    fields = exchange.read_json(answer)
    media_id = fields.get("media_id")
    if not isinstance(media_id, str) or not media_id:
        raise NoAnswer("no media id in the answer", answer.status)
    return media_id, _created_at(fields.get("created_at"))


def _created_at(seconds: Any) -> datetime:
    """Return when WeChat took a picture in: an int, or text in older samples."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def _read_media(answer: Answer) -> tuple[bytes, str]:
    """Return a picture, or raise what came in its place.

    A refusal also comes with status 200, as JSON, and sometimes labelled text/plain.
    """
    if answer.status != httpx.codes.OK or answer.content.lstrip()[:1] == b"{":
        exchange.read_json(answer)
        raise NoAnswer("not a picture", answer.status)
    if not answer.content:
        raise NoAnswer("empty", answer.status)
    return answer.content, answer.content_type
