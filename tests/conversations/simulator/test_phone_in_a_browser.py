from __future__ import annotations

import json

import httpx
import pytest
from django.core.asgi import get_asgi_application
from playwright.sync_api import expect, sync_playwright

from conversations.simulator import state
from conversations.simulator.api import application
from conversations.simulator.http import PREFIX
from conversations.simulator.media import painted
from tests.browser.conftest import FLAGS, chromium

from .conftest import AES_KEY, APPID, OLD_AES_KEY, SECRET, WeChat, eventually

WAYS = ("url", "relay", "cloudrun")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(settings, tmp_path, receiver, serve_app):
    """The page in Chromium, and what it complained about."""
    path = chromium()
    settings.ROOT_URLCONF = f"{__package__}.urls"
    settings.WECHAT_SIMULATOR_STATE = str(tmp_path / "wechat.sqlite3")
    world = state.world()
    world.register_app(
        APPID, name="云上小店", secret=SECRET, token="t", push_url=receiver.url
    )
    world.add_customer(APPID, "小明")
    django = get_asgi_application()

    async def door(scope, receive, send):
        of_wechat = scope["path"].startswith(PREFIX)
        await (application if of_wechat else django)(scope, receive, send)

    root = serve_app(door)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        complaints = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{root}/simulator/?lang=en")
        yield page
        browser.close()
    world.close()
    assert complaints == []


@pytest.fixture
def service(page):
    """The mini program's side: it sends to whoever the phone belongs to."""
    root = page.url.partition("/simulator/")[0] + PREFIX
    world = state.world()
    [xiaoming] = world.customers(APPID)
    with httpx.Client(base_url=root, trust_env=False) as client:
        yield WeChat(root, world, client, xiaoming.openid)


def enter(page, session_from):
    page.locator(f"[data-session-from='{session_from}']").click()
    expect(page.locator("#chat")).to_be_visible()


def write(page, words):
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")


def take(page, *names):
    """Take something from behind the plus."""
    page.get_by_role("button", name="More").click()
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def test_a_conversation_on_the_phone(page, service, receiver):
    enter(page, "训练营")
    write(page, "请问怎么加入？")
    expect(page.locator(".line--customer .bubble")).to_have_text("请问怎么加入？")

    assert service.set_typing() == 0
    expect(page.locator("#chat-title")).to_have_text("Typing…")
    service.send_text("在的")
    expect(page.locator(".line--service .bubble")).to_have_text("在的")
    expect(page.locator("#chat-title")).to_have_text("云上小店")
    expect(page.locator("#strip-left")).to_contain_text("WeChat: 4 left, until")

    take(page, "Sample pictures", "Sample picture 2")
    expect(page.locator(".line--customer .picture img")).to_be_visible()
    take(page, "Card", "Send the card")
    expect(page.locator(".line--customer .card--program")).to_be_visible()
    eventually(lambda: "PagePath" in json.loads(receiver.received[-1].body))
    said = json.loads(receiver.received[-1].body)
    assert said["PagePath"] == "pages/order/detail?id=20260918001"

    before = page.locator(".line").all_inner_texts()
    page.reload()
    expect(page.locator(".line")).to_have_count(len(before))
    assert page.locator(".line").all_inner_texts() == before


def test_words_never_become_markup(page, service):
    enter(page, "首页客服")
    words = (
        '<img src=x onerror=alert(1)> <a href="javascript:alert(1)">no</a>'
        ' <a href="https://example.com/" data-miniprogram-appid="x"'
        ' data-miniprogram-path="pages/a?id=1">jump</a> https://example.com/b'
    )
    service.send_text(words)
    bubble = page.locator(".line--service .bubble")
    expect(bubble.locator(".jump")).to_have_text("jump")
    assert bubble.locator("img").count() == 0
    assert bubble.locator("a").evaluate_all("links => links.map(a => a.href)") == [
        "https://example.com/b"
    ]
    assert '<a href="javascript:alert(1)">no</a>' in bubble.inner_text()
    bubble.locator(".jump").click()
    for name, words in {
        "appid": "x",
        "page": "pages/a",
        "query": "id=1",
        "href": "https://example.com/",
    }.items():
        expect(page.locator(f"#leads-{name}")).to_have_text(words)
    page.keyboard.press("Escape")
    expect(page.locator("#leads")).to_be_hidden()


def test_when_nobody_answers_the_phone_says_so_in_grey(page, service, receiver):
    service.control("limits", retry_pause=0)
    receiver.answers = [(500, b"")]
    enter(page, "售后退款")
    write(page, "在吗")
    expect(page.locator(".line--system")).to_contain_text("请稍后再试")
    expect(page.get_by_role("img", name="Not delivered")).to_be_visible()


def test_every_kind_a_service_sends_is_drawn(page, service):
    enter(page, "训练营")
    write(page, "看看[强]")
    expect(page.locator(".bubble .face")).to_have_attribute("title", "[强]")
    upload = {"files": {"media": ("a.png", painted("a", 90, 60))}}
    upload["params"] = {"access_token": service.get_token(), "type": "image"}
    media_id = service.http.post("/cgi-bin/media/upload", **upload).json()["media_id"]
    contents = {
        "image": {"media_id": media_id},
        "link": {
            "title": "须知",
            "description": "d",
            "url": "https://e.cn/a",
            "thumb_url": "u",
        },
        "miniprogrampage": {
            "title": "我的订单",
            "pagepath": "pages/order?id=7",
            "thumb_media_id": media_id,
        },
    }
    for kind, content in contents.items():
        fields = {"touser": service.openid, "msgtype": kind, kind: content}
        fields["aimsgcontext"] = {"is_ai_msg": int(kind == "link")}
        answer = service.call("/cgi-bin/message/custom/send", fields)
        assert answer["errcode"] == 0
    expect(page.locator(".card--link")).to_have_attribute("href", "https://e.cn/a")
    expect(page.locator(".by-ai")).to_have_count(1)
    page.locator(".picture").click()
    expect(page.locator("#viewer img")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".card--program").click()
    expect(page.locator("#leads-page")).to_have_text("pages/order")
    expect(page.locator("#leads-query")).to_have_text("id=7")
    expect(page.locator("#leads-appid")).to_have_text(APPID)
    expect(page.locator("#leads-href")).to_be_hidden()


def test_what_a_mini_program_cannot_take_is_sent_all_the_same(page, receiver):
    enter(page, "训练营")
    for name in ("Voice", "Video", "Location", "File"):
        take(page, name)
    expect(page.locator(".line--customer .unknown")).to_have_count(4)
    expect(page.locator(".person__last")).to_contain_text("[File] 发票.pdf")
    eventually(lambda: len(receiver.received) == 5)  # The last is still on its way
    kinds = [json.loads(push.body)["MsgType"] for push in receiver.received]
    assert kinds == ["event", "voice", "video", "location", "file"]


def test_a_message_handed_over_says_so_quietly(page, service, receiver):
    enter(page, "训练营")

    def hand_over(received):
        fields = json.loads(received.body)
        answer = {
            "ToUserName": fields["FromUserName"],
            "FromUserName": fields["ToUserName"],
            "CreateTime": 1,
            "MsgType": "transfer_customer_service",
        }
        return 200, json.dumps(answer).encode()

    receiver.answers = [hand_over]
    write(page, "转人工")
    expect(page.locator(".line__note")).to_contain_text("Handed over")


def test_a_fault_is_armed_by_a_click_and_counted_down(page, service):
    enter(page, "训练营")
    write(page, "在吗")
    page.get_by_label("How often").select_option("2")
    bench = page.get_by_role("complementary", name="Faults")
    bench.get_by_role("button", name="45011 too fast").click()
    armed = bench.get_by_role("list", name="Armed")
    expect(armed).to_contain_text("2×")
    assert service.send_text() == 45011
    expect(armed).to_contain_text("1×")
    bench.get_by_role("button", name="Slow answer").click()
    expect(armed.get_by_role("listitem")).to_have_count(2)
    armed.get_by_role("button", name="Remove").last.click()
    expect(armed.get_by_role("listitem")).to_have_count(1)
    bench.get_by_role("button", name="Clear all").click()
    expect(bench.get_by_text("Nothing is set to go wrong.")).to_be_visible()
    assert service.send_text() == 0


def test_an_ip_refused_is_met_at_the_next_token(page, service):
    enter(page, "训练营")
    token = service.get_token()
    page.get_by_role("button", name="40164 IP refused").click()
    expect(page.locator(".armed__one")).to_have_count(1)
    params = {"access_token": token}
    answer = service.http.get("/cgi-bin/getcallbackip", params=params).json()
    assert answer["errcode"] == 42001
    with pytest.raises(KeyError):
        service.get_token()


def test_the_next_two_messages_change_places(page, service, receiver):
    enter(page, "训练营")
    page.get_by_role("button", name="Swap the next two").click()
    expect(page.locator(".armed__one")).to_have_count(1)
    write(page, "一")
    expect(page.locator(".armed__one")).to_have_count(0)
    write(page, "二")
    eventually(lambda: len(receiver.received) == 3)
    said = [json.loads(push.body)["Content"] for push in receiver.received[1:]]
    assert said == ["二", "一"]


def test_the_way_of_the_pushes_is_chosen_among_those_set_up(page, service, receiver):
    relay, container = (page.locator(f"[name=way][value={w}]") for w in WAYS[1:])
    expect(relay).to_be_disabled()
    service.control("apps", appid=APPID, cloudrun_url=receiver.url)
    expect(container).to_be_enabled()
    container.check(force=True)
    expect(page.locator("#address")).to_have_text(receiver.url)
    page.get_by_role("button", name="Check the address").click()
    expect(page.locator("#checked")).to_have_text("It answered as it should.")
    assert json.loads(receiver.received[-1].body) == {"action": "CheckContainerPath"}


def test_new_secrets_are_set_up_here_as_at_wechat(page, service):
    service.control("apps", appid=APPID, encoding_aes_key=OLD_AES_KEY, mode="secure")
    old_key = page.get_by_role("button", name="Previous key")
    expect(page.locator("#form")).to_have_text("secure · JSON")
    expect(old_key).to_be_disabled()
    page.get_by_text("As set up at WeChat").click()
    form = page.locator("#set-up")
    form.get_by_label("EncodingAESKey").fill(AES_KEY)
    form.get_by_label("Token").fill("a-new-token")
    form.get_by_label("Format").select_option("xml")
    form.get_by_role("button", name="Save").click()
    expect(old_key).to_be_enabled()
    app = service.world.app(APPID)
    assert (app.encoding_aes_key, app.previous_aes_key) == (AES_KEY, OLD_AES_KEY)
    assert (app.token, app.format, app.secret) == ("a-new-token", "xml", SECRET)


def test_another_mini_program_can_be_set_up_and_looked_at(page, service):
    page.get_by_text("Another mini program").click()
    form = page.locator("#add-app")
    for label, words in {"AppID": "wxother", "Name": "文具", "AppSecret": "s"}.items():
        form.get_by_label(label).fill(words)
    form.get_by_role("button", name="Add").click()
    expect(page.locator("#apps")).to_have_value("wxother")
    expect(page.get_by_text("Nobody here yet.")).to_be_visible()
    assert service.world.app("wxother").name == "文具"


def test_the_limits_can_be_read(page, service):
    page.get_by_text("Limits").click()
    expect(page.locator("#limits")).to_contain_text("5 / 172800")
    service.control("limits", message_grant=[1, 60])
    expect(page.locator("#limits")).to_contain_text("1 / 60")


def test_on_a_narrow_screen_the_faults_come_from_the_side(page):
    page.set_viewport_size({"width": 390, "height": 844})
    bench = page.locator("#bench")
    expect(bench).to_be_hidden()
    page.locator(".strip__bench").click()
    expect(bench).to_be_visible()
    bench.get_by_role("button", name="Close").click()
    expect(bench).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_whoever_did_something_last_stands_first(page, service):
    enter(page, "训练营")
    write(page, "我先")
    expect(page.locator(".person__last")).to_have_text("我先")
    service.world.add_customer(APPID, "小红")
    expect(page.locator(".person__name")).to_have_text(["小明", "小红"])
    red = service.world.customers(APPID)[-1].openid
    service.http.post(f"/_customers/{red}/text", json={"content": "我后"})
    expect(page.locator(".person__name")).to_have_text(["小红", "小明"])


def test_a_second_customer_has_a_phone_of_their_own(page, service):
    enter(page, "训练营")
    write(page, "小明的话")
    page.get_by_role("textbox", name="Name of a new customer").fill("小红")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-openid][aria-current]")).to_contain_text("小红")
    expect(page.locator("#shop")).to_be_visible()
    service.send_text("给小明")
    xiaoming = page.get_by_role("button", name="小明")
    expect(xiaoming.locator(".person__new")).to_be_visible()
    xiaoming.click()
    expect(page.locator(".bubble")).to_have_text(["小明的话", "给小明"])


def test_enter_while_composing_sends_nothing(page, service, receiver):
    enter(page, "训练营")
    words = page.get_by_role("textbox", name="Message")
    words.fill("zaima")
    words.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    expect(words).to_have_value("zaima")
    words.press("Shift+Enter")
    expect(words).to_have_value("zaima\n")
    words.press("Enter")
    expect(page.locator(".line--customer .bubble")).to_have_text("zaima")
