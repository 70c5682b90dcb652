"""WeChat's own faces, which come as codes in a text, and what is nearest in Unicode.

    [微笑]   how clients in Chinese write them
    [Smile]  how clients in English do
    /::)     how older clients do

A customer's phone draws these as faces, in what we send too. Codes that aren't here stay
text: new ones appear every year, and some are jokes that no character tells.

Source: the codes that WeChat's clients offer; seen in messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Face, Chinese names, English names, older codes.
_FACES = """
🙂|微笑|Smile|/::)
😖|撇嘴|Grimace|/::~
😍|色|Drool|/::B
😳|发呆|Scowl|/::|
😎|得意|CoolGuy|/:8-)
😢|流泪|Sob|/::<
😊|害羞|Shy|/::$
🤐|闭嘴|Silent|/::X
😴|睡|Sleep|/::Z
😭|大哭|Cry|/::'(
😅|尴尬|Awkward|/::-|
😡|发怒|Angry|/::@
😜|调皮|Tongue|/::P
😁|呲牙|Grin|/::D
😲|惊讶|Surprise|/::O
🙁|难过|Frown|/::(
😎|酷||/::+
😰|冷汗|Blush|/:--b
😫|抓狂|Scream|/::Q
🤮|吐|Puke|/::T
🤭|偷笑|Chuckle|/:,@P
😄|愉快,可爱|Joyful|/:,@-D
🙄|白眼|Slight|/::d
😤|傲慢|Smug|/:,@o
😋|饥饿|Hungry|/::g
😪|困|Drowsy|/:|-)
😱|惊恐|Panic|/::!
😓|流汗|Sweat|/::L
😃|憨笑|Laugh|/::>
😌|悠闲,大兵|Commando,Loafer|/::,@
💪|奋斗|Determined,Strive|/:,@f
🤬|咒骂|Scold|/::-S
❓|疑问|Shocked|/:?
🤫|嘘|Shhh|/:,@x
😵|晕|Dizzy|/:,@@
😣|折磨,疯了|Tormented|/::8
😞|衰|Toasted|/:,@!
💀|骷髅|Skull|/:!!!
🔨|敲打|Hammer|/:xx
👋|再见|Wave|/:bye
😥|擦汗|Speechless,Relief|/:wipe
🤏|抠鼻|NosePick,DigNose|/:dig
👏|鼓掌|Clap|/:handclap
😶|糗大了|Shame|/:&-(
😏|坏笑|Trick|/:B-)
😒|左哼哼|Bah！L|/:<@
😒|右哼哼|Bah！R|/:@>
🥱|哈欠|Yawn|/::-O
😠|鄙视|Pooh-pooh,Lookdown|/:>-|
🥺|委屈|Shrunken,Wronged|/:P-(
😿|快哭了|TearingUp,Puling|/::'|
😈|阴险|Sly|/:X-)
😘|亲亲|Kiss|/::*
🥺|可怜|Whimper|/:8*
😆|笑脸|Happy|
🤒|生病|Sick|
😳|脸红|Flushed|
😂|破涕为笑|Lol|
😨|恐惧|Terror|
😔|失望|Let Down,LetDown|
😑|无语|Duh|
😸|嘿哈|Hey|
🤦|捂脸|Facepalm|
😼|奸笑|Smirk|
🤓|机智|Smart|
😟|皱眉|Concerned,Moue|
✌️|耶|Yeah!|
🍉|吃瓜|Onlooker|
💪|加油|GoForIt|
😅|汗|Sweats|
😱|天啊|OMG|
🤔|Emm|Emm|
👍|社会社会|Respect|
🐶|旺柴|Doge|
👌|好的|NoProb|
👋|打脸|MyBad,Slap|
🤩|哇|Wow|
🙄|翻白眼|Boring,KeepFighting|
🤙|666|Awesome|
👀|让我看看|LetMeSee|
😮‍💨|叹气|Sigh|
😣|苦涩|Hurt|
💔|裂开|Broken|
👄|嘴唇|Lips|/:showlove
❤️|爱心|Heart|/:heart
💔|心碎|BrokenHeart|/:break
🤗|拥抱|Hug|/:hug
👍|强|ThumbsUp,Thumbs Up|/:strong
👎|弱|ThumbsDown,Thumbs Down|/:weak
🤝|握手|Shake|/:share
✌️|胜利|Peace|/:v
🙏|抱拳|Salute,Fight|/:@)
👉|勾引|Beckon|/:jj
✊|拳头|Fist|/:@@
👌|OK|OK|/:ok
🙏|合十|Worship|
🍺|啤酒|Beer|/:beer
☕|咖啡|Coffee|/:coffee
🎂|蛋糕|Cake|/:cake
🌹|玫瑰|Rose|/:rose
🥀|凋谢|Wilt|/:fade
🔪|菜刀|Cleaver|/:pd
💣|炸弹|Bomb|/:bome
💩|便便|Poop|/:shit
🌙|月亮|Moon|/:moon
☀️|太阳|Sun|/:sun
🎉|庆祝|Party|
🎁|礼物|Gift|/:gift
🧧|红包|Packet|
🀅|發,发|Rich|
🧨|爆竹|Firecracker|
🎆|烟花|Fireworks|
🐷|猪头|Pig|/:pig
💃|跳跳|Waddle|/:jump
🥶|发抖|Tremble|/:shake
🕺|转圈|Twirl|/:circle
"""


def _codes() -> dict[str, str]:
    found = {}
    for line in _FACES.strip().splitlines():
        face, chinese, english, older = line.split("|", 3)
        for name in f"{chinese},{english}".split(","):
            if name:
                found[f"[{name}]"] = face
        if older:
            found[older] = face
    return found


CODES = _codes()
_CODE = re.compile(
    "|".join(re.escape(code) for code in sorted(CODES, key=len, reverse=True))
)


@dataclass(frozen=True, slots=True)
class Face:
    """code  as it stands in the text
    face  the character nearest to it
    """

    code: str
    face: str


def pieces(text: str) -> Iterator[str | Face]:
    """Yield a text's words and its faces, in order."""
    end = 0
    for match in _CODE.finditer(text):
        if words := text[end : match.start()]:
            yield words
        yield Face(match[0], CODES[match[0]])
        end = match.end()
    if words := text[end:]:
        yield words


def plain(text: str) -> str:
    """Return a text with characters for its codes, for where only a line is shown."""
    return _CODE.sub(lambda match: CODES[match[0]], text)
