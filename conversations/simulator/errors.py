"""What WeChat says when it refuses: a number, and words nobody should rely on."""

from __future__ import annotations

ERRMSG = {
    -1: "system error",
    4: "",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40033: "invalid charset, please check your request, if include \\uxxxx will create fail",
    40035: "invalid args",
    40066: "invalid url",
    40097: "invalid args",
    40101: "missing parameter",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40164: "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist",
    40243: "AppSecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    42001: "access_token expired",
    43002: "require POST method",
    43104: "appid not match with openid",
    44001: "empty media data",
    44002: "empty post data",
    44004: "empty content",
    44991: "api minute-quota reach limit",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45006: "picurl size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "need sending message to user or recving message from user in the last 30"
    " seconds before typing",
    45081: "you are already typing",
    45162: "invalid type",
    47001: "data format error",
    48001: "api unauthorized",
    48002: "user block receive message",
    48004: "api forbidden for irregularities",
    48006: "forbid to clear quota because of reaching the limit",
    50002: "user limited",
    61010: "code is expired",
    70000: "forbidden to protect minors",
    85107: "api path is not in the allow-list",
    87014: "risky content",
    89503: "admin need confirm",
}


class Refusal(Exception):
    """WeChat answers the call with an error code."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        self.errcode = errcode
        self.errmsg = errmsg or ERRMSG.get(errcode, "unknown error")
        super().__init__(f"{errcode} {self.errmsg}")
