"""Which pushes are new: a second delivery of one changes nothing.

The key of each is written first, in the transaction of all that follows from it. The
unique key, and not a look beforehand, says which are new: of twenty deliveries at once
one finds its row there.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.models import ReceivedPush, SpentNonce
from conversations.wechat.pushes import Push

Outcome = ReceivedPush.Outcome

# Longer than any timestamp is believed: ten minutes either way, at most.
NONCES_KEPT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An authenticated push, at a mini program's address.

    body      what it held, as text, to be inspected and replayed
    nonce     good for this body and no other; "" where the signature covers the body
              and what is repeated changes nothing
    answered  WeChat has had its answer to this one already and wants no other
    """

    mini_program_id: int
    push: Push
    body: str
    authenticated_by: str
    nonce: str = ""
    answered: bool = False

    @property
    def transfer_obstacle(self) -> str:
        """Why our answer can't hand this message over to WeChat's own tool, or "".

        In Cloud Run WeChat takes no answer but success.
        """
        if self.authenticated_by == "cloud_run":
            return "cloud run"
        return "too late" if self.answered else ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an arrival.

    repeated     it had come before
    handed_over  it goes to WeChat's own tool, and WeChat is to be told so each time
    replayed     its nonce has come with another body: not stored, and to be refused
    """

    repeated: bool = False
    handed_over: bool = False
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """Arrivals, sorted.

    fresh        those that had not come before, in WeChat's order
    rows         by their keys, the ids of the rows written for them
    handed_over  the keys of those that had, and were handed over then
    replayed     what is to be refused
    """

    fresh: list[Arrival]
    rows: dict[str, int]
    handed_over: set[str]
    replayed: list[Arrival]


def sort(arrivals: Sequence[Arrival], now: datetime) -> Sorted:
    """Write the pushes' keys, and say which were not there yet."""
    replayed = _replayed(arrivals, now)
    receipt = uuid.uuid4()
    by_key = {one.push.dedupe_key: one for one in arrivals if one not in replayed}
    ReceivedPush.objects.bulk_create(
        # In one order everywhere, so that two batches can't wait for each other.
        [_row(by_key[key], receipt, now) for key in sorted(by_key)],
        ignore_conflicts=True,
    )
    there = ReceivedPush.objects.filter(dedupe_key__in=list(by_key))
    rows, handed_over = {}, set()
    seen = there.values_list("pk", "dedupe_key", "receipt", "outcome")
    for pk, key, by, outcome in seen:
        if by == receipt:
            rows[key] = pk
        elif outcome == Outcome.HANDED_OVER:
            handed_over.add(key)
    fresh = sorted((by_key[key] for key in rows), key=_wechats_order)
    return Sorted(fresh, rows, handed_over, replayed)


def _row(arrival: Arrival, receipt: uuid.UUID, now: datetime) -> ReceivedPush:
    return ReceivedPush(
        mini_program_id=arrival.mini_program_id,
        dedupe_key=arrival.push.dedupe_key,
        receipt=receipt,
        body=arrival.body,
        authenticated_by=arrival.authenticated_by,
        kind=arrival.push.kind,
        received_at=now,
        **_outcome(arrival.push),
    )


def _outcome(push: Push) -> dict[str, str]:
    """Return what becomes of a push by itself: it is WeChat's, so it is kept whatever
    it says, and can be replayed once we can read it."""
    if push.openid:
        return {"outcome": Outcome.STORED}
    if not push.fields:
        return {"outcome": Outcome.FAILED, "error": "Unreadable"}
    if "Encrypt" in push.fields:  # In plain mode, from a WeChat in secure mode
        return {"outcome": Outcome.FAILED, "error": "Encrypted"}
    return {"outcome": Outcome.IGNORED}


def _wechats_order(arrival: Arrival) -> tuple[datetime, int, str]:
    push = arrival.push
    return push.at, len(push.msg_id), push.msg_id


def _replayed(arrivals: Sequence[Arrival], now: datetime) -> list[Arrival]:
    """Write the nonces that come with pushes, and return those that stood for another
    body.

    The same nonce with the same body is the same request twice, and falls to the
    push's own key.
    """
    stamped = [one for one in arrivals if one.nonce]
    if not stamped:
        return []
    SpentNonce.objects.bulk_create(
        [
            SpentNonce(
                mini_program_id=one.mini_program_id,
                nonce=one.nonce,
                body_digest=one.digest,
                at=now,
            )
            for one in sorted(stamped, key=lambda one: (one.mini_program_id, one.nonce))
        ],
        ignore_conflicts=True,
    )
    there = SpentNonce.objects.filter(
        mini_program_id__in={one.mini_program_id for one in stamped},
        nonce__in={one.nonce for one in stamped},
    )
    digests = {
        (mini_program, nonce): digest
        for mini_program, nonce, digest in there.values_list(
            "mini_program_id", "nonce", "body_digest"
        )
    }
    return [
        one for one in stamped if digests[one.mini_program_id, one.nonce] != one.digest
    ]
