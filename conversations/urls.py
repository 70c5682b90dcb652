from django.urls import include, path

from conversations.views.answers import AnswersView, PicksView, QuickRepliesView
from conversations.views.assignment import AssignmentView
from conversations.views.cards import CardsView
from conversations.views.closure import ClosureView
from conversations.views.conversation import DeskView
from conversations.views.draft import DraftView
from conversations.views.events import events
from conversations.views.inbox import HomeView, InboxView
from conversations.views.links import LinksView
from conversations.views.messages import MessagesView
from conversations.views.page_list import PageListView
from conversations.views.pauses import banners, try_again
from conversations.views.pictures import (
    ImagesView,
    PageCoverView,
    PictureView,
    ThumbView,
)
from conversations.views.reading import ReadingView
from conversations.views.settlement import SettlementView
from conversations.views.splitting import SplittingView

conversation = [
    path("", DeskView.as_view(), name="conversation"),
    path("messages/", MessagesView.as_view(), name="messages"),
    path(
        "messages/<int:message_pk>/settlement/",
        SettlementView.as_view(),
        name="settlement",
    ),
    path("images/", ImagesView.as_view(), name="images"),
    path("pictures/<int:message_pk>/", PictureView.as_view(), name="picture"),
    path("pictures/<int:message_pk>/thumb/", ThumbView.as_view(), name="thumb"),
    path("pages/<int:page_pk>/cover/", PageCoverView.as_view(), name="page_cover"),
    path("assignment/", AssignmentView.as_view(), name="assignment"),
    path("closure/", ClosureView.as_view(), name="closure"),
    path("reading/", ReadingView.as_view(), name="reading"),
    path("quick-replies/", QuickRepliesView.as_view(), name="quick_replies"),
    path("picks/", PicksView.as_view(), name="picks"),
    path("draft/", DraftView.as_view(), name="draft"),
    path("splitting/", SplittingView.as_view(), name="splitting"),
    path("links/", LinksView.as_view(), name="links"),
    path("cards/", CardsView.as_view(), name="cards"),
    path("pages/", PageListView.as_view(), name="pages"),
]

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("inbox/", InboxView.as_view(), name="inbox"),
    path("answers/", AnswersView.as_view(), name="answers"),
    path("events/", events, name="events"),
    path("pauses/", banners, name="pauses"),
    path("pauses/<int:mini_program_pk>/", try_again, name="pause"),
    path("conversations/<int:pk>/", include(conversation)),
]
