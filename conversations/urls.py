from django.urls import include, path

from conversations.views.answers import AnswersView, PicksView, QuickRepliesView
from conversations.views.assignment import AssignmentView
from conversations.views.attempts import AttemptsView
from conversations.views.availability import choose
from conversations.views.bulk import bulk
from conversations.views.cards import CardsView
from conversations.views.closure import ClosureView
from conversations.views.conversation import DeskView
from conversations.views.draft import DraftView
from conversations.views.events import events
from conversations.views.inbox import HomeView, InboxView
from conversations.views.links import LinksView
from conversations.views.messages import MessagesView
from conversations.views.notes import MentionsSeenView, NoteView, mentions
from conversations.views.own_answers import (
    OwnAnswersView,
    OwnAnswerView,
    OwnOrderView,
)
from conversations.views.page_list import PageListView
from conversations.views.panel import (
    BlockView,
    EntriesView,
    HistoryView,
    PanelView,
    RemarkView,
    TagListView,
    TagsView,
    TagView,
)
from conversations.views.pauses import banners, try_again
from conversations.views.pictures import (
    ImagesView,
    PageCoverView,
    PictureView,
    ThumbView,
)
from conversations.views.pinning import PinView
from conversations.views.reading import ReadingView
from conversations.views.saved_views import ChoicesView, SavedViewsView, SavedViewView
from conversations.views.search import SearchView
from conversations.views.settlement import SettlementView
from conversations.views.snoozing import SnoozeView
from conversations.views.splitting import SplittingView
from conversations.views.transfer import AcceptanceView, TransferView

conversation = [
    path("", DeskView.as_view(), name="conversation"),
    path("messages/", MessagesView.as_view(), name="messages"),
    path(
        "messages/<int:message_pk>/settlement/",
        SettlementView.as_view(),
        name="settlement",
    ),
    path(
        "messages/<int:message_pk>/attempts/",
        AttemptsView.as_view(),
        name="attempts",
    ),
    path("images/", ImagesView.as_view(), name="images"),
    path("pictures/<int:message_pk>/", PictureView.as_view(), name="picture"),
    path("pictures/<int:message_pk>/thumb/", ThumbView.as_view(), name="thumb"),
    path("pages/<int:page_pk>/cover/", PageCoverView.as_view(), name="page_cover"),
    path("assignment/", AssignmentView.as_view(), name="assignment"),
    path("snooze/", SnoozeView.as_view(), name="snooze"),
    path("pin/", PinView.as_view(), name="pin"),
    path("closure/", ClosureView.as_view(), name="closure"),
    path("transfer/", TransferView.as_view(), name="transfer"),
    path("transfer/<int:line_pk>/", AcceptanceView.as_view(), name="acceptance"),
    path("note/", NoteView.as_view(), name="note"),
    path("mentions/", MentionsSeenView.as_view(), name="mentions_seen"),
    path("reading/", ReadingView.as_view(), name="reading"),
    path("quick-replies/", QuickRepliesView.as_view(), name="quick_replies"),
    path("picks/", PicksView.as_view(), name="picks"),
    path("draft/", DraftView.as_view(), name="draft"),
    path("splitting/", SplittingView.as_view(), name="splitting"),
    path("links/", LinksView.as_view(), name="links"),
    path("cards/", CardsView.as_view(), name="cards"),
    path("pages/", PageListView.as_view(), name="pages"),
    path("panel/", PanelView.as_view(), name="panel"),
    path("panel/entries/", EntriesView.as_view(), name="entries"),
    path("panel/history/", HistoryView.as_view(), name="history"),
    path("remark/", RemarkView.as_view(), name="remark"),
    path("tags/", TagsView.as_view(), name="customer_tags"),
    path("tags/<int:tag_pk>/", TagView.as_view(), name="customer_tag"),
    path("block/", BlockView.as_view(), name="block"),
]

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("inbox/", InboxView.as_view(), name="inbox"),
    path("inbox/choices/", ChoicesView.as_view(), name="choices"),
    path("inbox/bulk/", bulk, name="bulk"),
    path("inbox/views/", SavedViewsView.as_view(), name="saved_views"),
    path("inbox/views/<int:view_pk>/", SavedViewView.as_view(), name="saved_view"),
    path("answers/", AnswersView.as_view(), name="answers"),
    path("answers/own/", OwnAnswersView.as_view(), name="own_answers"),
    path("answers/own/order/", OwnOrderView.as_view(), name="own_order"),
    path("answers/own/<int:answer_pk>/", OwnAnswerView.as_view(), name="own_answer"),
    path("search/", SearchView.as_view(), name="search"),
    path("events/", events, name="events"),
    path("mentions/", mentions, name="mentions"),
    path("availability/", choose, name="availability"),
    path("tags/", TagListView.as_view(), name="tags"),
    path("pauses/", banners, name="pauses"),
    path("pauses/<int:mini_program_pk>/", try_again, name="pause"),
    path("conversations/<int:pk>/", include(conversation)),
]
