"""Our mini programs as the simulator knows them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from conversations.models import MiniProgram
from conversations.simulator import state


def is_there() -> bool:
    """Return whether this installation has the simulator on.

    Beside a running demo the variable need not be set for commands too.
    """
    demo = not settings.PUBLIC_URL and Path(settings.WECHAT_SIMULATOR_STATE).exists()
    return bool(settings.WECHAT_SIMULATOR or demo)


def register(mini_program: MiniProgram) -> None:
    """Have the simulator play WeChat for a mini program, pushing to this console.

    All three ways in are known to it; which one it takes is chosen there.
    """
    base = f"http://127.0.0.1:{settings.PORT}/wechat/{mini_program.appid}"
    state.register_app(
        settings.WECHAT_SIMULATOR_STATE,
        appid=mini_program.appid,
        name=mini_program.name,
        original_id=mini_program.original_id,
        secret=mini_program.app_secret,
        token=mini_program.push_token,
        encoding_aes_key=mini_program.encoding_aes_key,
        previous_aes_key=_last(mini_program.previous_aes_key) or None,
        mode=mini_program.mode,
        format=mini_program.format,
        push_url=f"{base}/push",
        relay_url=f"{base}/relay",
        relay_secret=mini_program.relay_secret,
        previous_relay_secret=_last(mini_program.previous_relay_secret),
        cloudrun_url=f"{base}/cloudrun",
    )


def _last(replaced: str) -> str:
    """Return the secret that was replaced last, or ""."""
    return next(iter(replaced.splitlines()), "")
