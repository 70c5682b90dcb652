"""The one door out: every message of ours is made here, and delivered from here.

reply, auto_replies        a message and its delivery, queued in one transaction
drain_now                  a worker's job: wake a customer's lane
probe_now                  another: see whether a mini program's pause is over
outbox                     the lane: one request at a time, in the order we wrote
"""

from conversations.reply_windows import NotAllowed

from .again import mark_delivered, send_again
from .hold import hold, is_held, release_hold
from .outbox import drain, drain_now
from .sweeping import probe_now, sweep
from .writing import Conflict, Overtaken, answered, auto_replies, reply

__all__ = [
    "Conflict",
    "NotAllowed",
    "Overtaken",
    "answered",
    "auto_replies",
    "drain",
    "drain_now",
    "hold",
    "is_held",
    "mark_delivered",
    "probe_now",
    "release_hold",
    "reply",
    "send_again",
    "sweep",
]
