"""Jump links: words in a text that open a page of the mini program.

WeChat makes one of a tag in the text it is sent:

    <a href="https://…" data-miniprogram-appid="wx…" data-miniprogram-path="pages/a?x=1">
    go there</a>

Among ourselves, in the box, in a draft, in a message's row, it is a token that a person
can read, edit and delete, in brackets that are on no keyboard:

    ⟦go there|pages/a?x=1⟧
    ⟦go there|pages/a?x=1|https://example.com/a⟧            where clients know no pages
    ⟦go there|pages/a?x=1|wx0123456789abcdef⟧               another mini program's page

Only `written` makes tags, and only of tokens; all else in a text is `literal`. Nothing
that a tag's attribute can't hold as it is fits into a token (quotes, angle brackets,
blanks), so there is nothing to escape, and no need to know whether WeChat unescapes.

Source: developers.weixin.qq.com › miniprogram › kf-message › 发送客服消息: the path as in
app.json, with a query if need be; clients before 6.5.16 follow `href`; a mini program's
customer-service messages can only open that mini program.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .messages import literal

PATH_BYTES = 1024
HREF_BYTES = 512
LONGEST_APPID = "x" * 32  # where it isn't known yet whose customer a text is for

_LABEL = r"[^|⟦⟧<>\r\n]{1,64}"
_PATH = r"[^|⟦⟧<>\"'\s\x00-\x1f]{1,1024}"
_HREF = r"https?://[^|⟦⟧<>\"'\s\x00-\x1f]{1,500}"
_APPID = r"[0-9A-Za-z_-]{1,32}"
TOKEN = re.compile(
    rf"⟦(?P<label>{_LABEL})\|(?P<path>{_PATH})"
    rf"(?:\|(?P<href>{_HREF}))?(?:\|(?P<appid>{_APPID}))?⟧"
)
_TAG = re.compile(r"<a\s[^<>]*data-miniprogram-[^<>]*>.*?(?:</a>|$)", re.I | re.S)
_WHOLE_TAG = re.compile(
    r"""<a(?P<attributes>(?:\s+[a-z-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))+)\s*>"""
    r"""(?P<label>[^<>]*)</a\s*>""",
    re.I,
)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
_HREF_NAME, _APPID_NAME, _PATH_NAME = (
    "href",
    "data-miniprogram-appid",
    "data-miniprogram-path",
)


class BadTag(ValueError):
    """Something that wants to be a jump link's tag, and WeChat might read otherwise."""


@dataclass(frozen=True, slots=True)
class JumpLink:
    """appid  "" for the mini program's own"""

    label: str
    path: str
    href: str = ""
    appid: str = ""

    @property
    def token(self) -> str:
        fields = [self.label, self.path, self.href, self.appid]
        return f"⟦{'|'.join(field for field in fields if field)}⟧"

    def tag(self, own_appid: str) -> str:
        href = f'href="{self.href}" ' if self.href else ""
        return (
            f'<a {href}{_APPID_NAME}="{self.appid or own_appid}" '
            f'{_PATH_NAME}="{self.path}">{self.label}</a>'
        )


def pieces(text: str) -> Iterator[str | JumpLink]:
    """Yield a text's words and its links, in order."""
    end = 0
    for match in TOKEN.finditer(text):
        if (link := _link(**match.groupdict(default=""))) is None:
            continue
        if words := text[end : match.start()]:
            yield words
        yield link
        end = match.end()
    if words := text[end:]:
        yield words


def written(text: str, own_appid: str) -> str:
    """Return a text as WeChat is to be sent it: tags for tokens, the rest literal."""
    return "".join(
        literal(piece) if isinstance(piece, str) else piece.tag(own_appid)
        for piece in pieces(text)
    )


def plain(text: str) -> str:
    """Return a text with each link as its words, as a phone shows it."""
    return "".join(p if isinstance(p, str) else p.label for p in pieces(text))


def size(text: str, own_appid: str = LONGEST_APPID) -> int:
    """Return how many bytes of UTF-8 a text takes at WeChat."""
    return len(written(text, own_appid).encode("utf-8", "surrogatepass"))


def from_tags(text: str) -> str:
    """Return a text with tokens in place of the tags that people copy from WeChat's
    pages. Raises BadTag for one that isn't exactly as those pages have it."""
    return _TAG.sub(lambda match: _read(match[0]).token, text)


def _read(tag: str) -> JumpLink:
    whole = _WHOLE_TAG.fullmatch(tag)
    if whole is None:
        raise BadTag(tag)
    named: dict[str, str] = {}
    for name, double, single in _ATTRIBUTE.findall(whole["attributes"]):
        if name.lower() in named:
            raise BadTag(tag)
        named[name.lower()] = html.unescape(double or single).strip()
    if (
        not {_APPID_NAME, _PATH_NAME}
        <= set(named)
        <= {
            _HREF_NAME,
            _APPID_NAME,
            _PATH_NAME,
        }
    ):
        raise BadTag(tag)
    link = _link(
        html.unescape(whole["label"]).strip(),
        named[_PATH_NAME],
        named.get(_HREF_NAME, ""),
        named[_APPID_NAME],
    )
    if link is None or not TOKEN.fullmatch(link.token):
        raise BadTag(tag)
    return link


def _link(label: str, path: str, href: str, appid: str) -> JumpLink | None:
    """Return a link, unless it is longer than a text may be."""
    if len(path.encode()) > PATH_BYTES or len(href.encode()) > HREF_BYTES:
        return None
    return JumpLink(label, path, href, appid) if label.strip() else None
