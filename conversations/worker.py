"""The worker: RQ's jobs wake lanes on its resident loop, and so does a sweeper.

RQ brings a wake-up within milliseconds. That it also comes when Redis has forgotten it,
or was away, is the sweeper's doing: it asks the database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from channels.db import database_sync_to_async
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job

from conversations import health, lanes, media, mini_programs, sending

logger = logging.getLogger(__name__)

SWEEP_EVERY = 2.0  # s
BEAT_EVERY = 5.0  # s
DROP_PAUSE = 0.1  # s, should it be something else that fails again and again
WARM_STOP = 20.0  # s given to lanes on the way; then their leases settle the rest


class LaneWorker(SimpleWorker):
    """Runs jobs in its own process, without a fork: they only wake lanes."""

    def _set_ip_address(self, connection: Redis) -> None:
        # RQ asks Redis for it before `work`. Unanswered, that ends the process or holds
        # it for minutes, and the sweeper with it. Only RQ's own lists show it.
        self.ip_address = "unknown"

    def work(self, *args: Any, **kwargs: Any) -> bool:
        lanes.run(_every(SWEEP_EVERY, sending.sweep))
        lanes.run(_every(SWEEP_EVERY, media.fetch_due))
        lanes.run(_every(BEAT_EVERY, lambda: health.beat("worker")))
        self._await_broker()
        try:
            return super().work(*args, **kwargs)
        finally:
            if not lanes.settle(WARM_STOP):
                logger.warning("Stopped with lanes on the way; their leases will end")
            lanes.run(mini_programs.hang_up()).result(5)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Take the next job that can be read, as RQ does; drop what can't.

        Bytes that are no job raise all kinds of errors in RQ, which then ends the
        worker. They have left the queue by then, and what we enqueue ourselves is only
        a hint.
        """
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except (RedisError, StopRequested):
                raise
            except Exception as exc:
                logger.error("Dropped what is no job of ours: %s", type(exc).__name__)
                time.sleep(DROP_PAUSE)

    def _await_broker(self) -> None:
        """Wait for Redis to come, while the sweeper goes on serving without it."""
        while True:
            try:
                self.connection.ping()
                return
            except RedisError as exc:
                logger.warning("No broker yet: %s", type(exc).__name__)
                time.sleep(1)


async def _every(seconds: float, work: Any) -> None:
    while True:
        try:
            await database_sync_to_async(work)()
        except Exception as exc:
            logger.warning("%s failed: %s", work.__qualname__, type(exc).__name__)
        await asyncio.sleep(seconds)
