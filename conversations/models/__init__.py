from .access_token import AccessToken
from .assignment import Assignment
from .auto_reply_rule import AutoReplyRule, DueReply
from .canned_answer import CannedAnswer
from .connection import Light, Pause, PushDay
from .conversation import Conversation
from .customer import Customer
from .delivery import Delivery, DeliveryAttempt
from .draft import Draft
from .entrance import Entrance
from .installation import OutboxHold, ProcessHeartbeat
from .live_event import LiveEvent, LiveHead
from .message import Message
from .mini_program import MiniProgram
from .page import Page
from .picture import Attachment, Picture, Upload
from .received_push import ReceivedPush, RejectedCount, RejectedPush
from .seat import Seat
from .spent_nonce import SpentNonce
from .tag import CustomerTag, Tag
from .together import Attention, DeskSettings, Mention, Pin, ReadMark, SavedView

__all__ = [
    "AccessToken",
    "Assignment",
    "Attachment",
    "Attention",
    "AutoReplyRule",
    "CannedAnswer",
    "Conversation",
    "Customer",
    "CustomerTag",
    "Delivery",
    "DeliveryAttempt",
    "DeskSettings",
    "Draft",
    "DueReply",
    "Entrance",
    "Light",
    "LiveEvent",
    "LiveHead",
    "Mention",
    "Message",
    "MiniProgram",
    "OutboxHold",
    "Page",
    "Pause",
    "Picture",
    "Pin",
    "ProcessHeartbeat",
    "PushDay",
    "ReadMark",
    "ReceivedPush",
    "RejectedCount",
    "RejectedPush",
    "SavedView",
    "Seat",
    "SpentNonce",
    "Tag",
    "Upload",
]
