from __future__ import annotations

from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync

from conversations import mini_programs
from conversations.media import fetching
from conversations.models import Attachment


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def fetch() -> Callable[[], list[Attachment]]:
    """Try once to fetch each picture whose time has come, as a worker would."""

    async def serve(ids: list[int]) -> None:
        for attachment_id in ids:
            await fetching._fetch(attachment_id)
        await mini_programs.hang_up()

    def run() -> list[Attachment]:
        waiting = Attachment.objects.filter(state="waiting").order_by("pk")
        async_to_sync(serve)(list(waiting.values_list("pk", flat=True)))
        return list(Attachment.objects.order_by("pk"))

    return run
