"""Five thousand open conversations, one of them long, and all that is ready to be said."""

WORLD = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import (
    AutoReplyRule, CannedAnswer, Conversation, Customer, Message, MiniProgram, Seat
)
from conversations.models.conversation import digest_of

AutoReplyRule.objects.all().delete()
shop = MiniProgram.objects.get()
Seat.objects.give_everyone(shop)
now = timezone.now()

customers = Customer.objects.bulk_create([
    Customer(mini_program=shop, openid=f"oBench-{number}", message_granted_at=now)
    for number in range(5000)
], batch_size=1000)
conversations = Conversation.objects.bulk_create([
    Conversation(
        customer=customer, session_from_digest=digest_of(""), unread=1,
        waiting_since=now - timedelta(seconds=number), last_message_at=now,
    )
    for number, customer in enumerate(customers)
], batch_size=1000)

def said(conversation, text, at):
    return Message(
        conversation=conversation, customer_id=conversation.customer_id,
        author="customer", text=text, said_at=at, ordered_at=at,
    )

begin = now - timedelta(days=1)
Message.objects.bulk_create([
    said(conversations[0], f"第 {n} 句，发票 {n}", begin + timedelta(seconds=n))
    for n in range(20000)
], batch_size=1000)
lasts = Message.objects.bulk_create([
    said(one, "我的iPhone坏了，想退款", now) for one in conversations
], batch_size=1000)
for one, last in zip(conversations, lasts):
    one.last_message = last
Conversation.objects.bulk_update(conversations, ["last_message"], batch_size=500)
CannedAnswer.objects.bulk_create([
    CannedAnswer(
        title=f"答案 {n}", shortcut=f"kd{n}", pinyin=f"daan{n} da{n} dingdan dd",
        parts=[{"kind": "text", "text": f"您好，这是第 {n} 个答案，请看订单页。"}],
    )
    for n in range(2000)
], batch_size=500)
"""
