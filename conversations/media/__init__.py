"""Pictures: theirs kept by us, ours kept by WeChat, all of them made anew.

keep, keep_cover         a file that somebody gave us becomes a picture of ours
expect, fetch_now …      a customer's pictures, fetched before WeChat forgets them
media_id                 under which WeChat has one of ours, uploaded once per three days
"""

from .decoding import MOST_BYTES, THUMB_TYPE, Unusable
from .fetching import expect, fetch_again, fetch_due, fetch_now
from .keeping import file_name, keep, keep_cover, path, thumb_path
from .uploading import media_id

__all__ = [
    "MOST_BYTES",
    "THUMB_TYPE",
    "Unusable",
    "expect",
    "fetch_again",
    "fetch_due",
    "fetch_now",
    "file_name",
    "keep",
    "keep_cover",
    "media_id",
    "path",
    "thumb_path",
]
