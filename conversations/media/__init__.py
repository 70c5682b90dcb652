"""Pictures: theirs kept by us, ours kept by WeChat, all of them made anew.

keep, keep_cover         a file that somebody gave us becomes a picture of ours
expect, fetch_now …      a customer's pictures, fetched before WeChat forgets them
show, show_thumb         a picture as an answer to a browser
media_id                 under which WeChat has one of ours, uploaded once per three days
"""

from .decoding import MOST_BYTES, Unusable
from .fetching import expect, fetch_again, fetch_due, fetch_now
from .keeping import keep, keep_cover, path, thumb_path
from .showing import show, show_thumb
from .uploading import media_id

__all__ = [
    "MOST_BYTES",
    "Unusable",
    "expect",
    "fetch_again",
    "fetch_due",
    "fetch_now",
    "keep",
    "keep_cover",
    "media_id",
    "path",
    "show",
    "show_thumb",
    "thumb_path",
]
