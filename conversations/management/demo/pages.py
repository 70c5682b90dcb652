"""Pages of the shop's mini program, to be sent as cards and linked to."""

from __future__ import annotations

from conversations import media
from conversations.models import MiniProgram, Page
from conversations.simulator.media import painted

PAGES = [
    ("我的订单", "pages/order/list"),
    ("训练营报名", "pages/camp/signup?from=kf"),
    ("商品详情：Python 入门", "pages/goods/detail?id=1024"),
    ("申请退款", "pages/refund/apply"),
    ("首页", "pages/index/index"),
]


def put_up_pages(mini_program: MiniProgram) -> None:
    Page.objects.bulk_create(
        Page(
            mini_program=mini_program,
            title=title,
            path=path,
            cover=media.keep_cover(painted(path)),
            position=position,
        )
        for position, (title, path) in enumerate(PAGES)
    )
