"""Answers of all kinds, and the messages that show them."""

import json
from dataclasses import replace

import discord
from hypothesis import strategies as st
from lianju.bot.i18n import Localizer
from lianju.bot.ui.answer import answer_layout
from lianju.bot.ui.answer_message import AnswerMessage, CandidateView
from lianju.bot.ui.buttons import DetailsButton, RequestOptions
from lianju.bot.verse import Acrostic, Beam, Couplet, NextLine, Poem, Rerank, Revision, Sample
from lianju.bot.verses import Verse

from .interactions import BOT, V2
from .limits import fault
from .messages import written

LANGUAGES = ("en", "zh-CN", "zh-TW")
ENGLISH = Localizer("en")

# Whatever a vocabulary may hold, Discord's markdown and our own separators above all.
verse = st.text(
    st.one_of(
        st.sampled_from("\\*_~`|<>[]#@/，。▰-1. \n♥"),
        st.characters(codec="utf-8"),
        st.sampled_from("黄河远上白云间"),
    ),
    min_size=1,
    max_size=40,
)
line = verse.map(lambda text: text.replace("\n", "")).filter(bool)
log_probs = st.floats(max_value=0, allow_nan=False)
relaxations = st.sampled_from(
    [(), ("tones",), ("tones", "rhyme", "repetition"), ("end",), ("end", "kinds")]
)


def candidates_of(couplets, new_lines):
    """Candidates of one answer: either all have marks, or the bundle has no corpus index."""
    marks = st.lists(st.booleans(), min_size=new_lines, max_size=new_lines).map(tuple)
    return st.sampled_from([marks, st.just(())]).flatmap(
        lambda known: st.lists(
            st.builds(CandidateView, couplets, log_probs, known, relaxations),
            min_size=1,
            max_size=10,
        ).map(tuple)
    )


option_fields = (
    st.integers(1, 2**64 - 1),
    st.integers(1, 10),
    st.sampled_from(["auto", "simplified", "traditional"]),
    st.sampled_from(["chosen", "sampled"]),
)
rules = (
    st.sampled_from([None, "东", "删"]),
    st.sampled_from(["strict", "loose", "free"]),
    st.sampled_from(["exclude", "allow"]),
)
seeds = st.integers(0, 2**32 - 1)
searches = st.one_of(
    st.builds(Beam, st.integers(1, 64)),
    st.builds(Rerank, seeds, st.integers(1, 64)),
    st.builds(Sample, st.floats(0.1, 2.0), st.integers(1, 1000), st.floats(0.05, 1.0), seeds),
)
details = st.builds(DetailsButton, st.integers(1, 64), searches, st.booleans())
models = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=50)
continuations = st.none() | line
unknowns = st.lists(verse.map(lambda text: "".join(text.split())).filter(bool)).map(tuple)


def answers_of(prompt, couplets, new_lines, form):
    options = st.builds(RequestOptions, *option_fields, st.just(form), *rules)
    candidates = candidates_of(couplets, new_lines)
    return st.builds(
        AnswerMessage, prompt, candidates, options, details, models, continuations, unknowns
    )


def poems(size):
    return st.lists(line, min_size=size, max_size=size).map(lambda lines: Verse.of(*lines))


single_lines = answers_of(verse, st.builds(Verse, verse, verse), 1, NextLine())
rests = st.sampled_from([("jueju", 4), ("lushi", 8)]).flatmap(
    lambda form: st.integers(1, form[1] - 1).flatmap(
        lambda given: answers_of(
            st.lists(line, min_size=given, max_size=given).map("\n".join),
            poems(form[1]),
            form[1] - given,
            Poem(form[0]),
        )
    )
)
acrostics = st.integers(2, 8).flatmap(lambda n: answers_of(line, poems(n), n, Acrostic(7)))
couplets = st.booleans().flatmap(
    lambda upper: answers_of(line, st.builds(Verse, verse, verse), 1, Couplet(upper))
)
revisions = st.sampled_from([2, 4, 8]).flatmap(
    lambda size: answers_of(
        st.lists(line, min_size=size, max_size=size).map("，".join), poems(size), size, Revision()
    )
)
answer_messages = single_lines | rests | acrostics | couplets | revisions

ANSWER = AnswerMessage(
    "黄河远上白云间",
    (
        CandidateView(Verse("黄河远上白云间", "万里江山万里遥"), -14.302_897_954_883_52),
        CandidateView(Verse("黄河远上白云间", "万里江山万里余"), -9.0),
    ),
    RequestOptions(77, 2, "auto"),
    DetailsButton(7, Beam(5)),
    "tang-lstm 1.0.0",
)
QUATRAINS = AnswerMessage(
    "白日依山尽\n黄河入海流",
    (
        CandidateView(
            Verse.of("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"),
            -30.0,
            (False, True),
        ),
        CandidateView(
            Verse.of("白日依山尽", "黄河入海流", "青云步水迟", "空有故人期"),
            -60.0,
            (True, True),
            ("tones", "repetition"),
        ),
    ),
    RequestOptions(77, 2, "auto", form=Poem("jueju")),
    DetailsButton(10, Beam(5)),
    "tang-lstm 1.0.0",
    "欲穷千里目",
)
SPRING = CandidateView(Verse.of("春风卷帘幕", "夏月照窗庭"), -24.0)
SAMPLED = replace(ANSWER, details=DetailsButton(7, Sample(0.8, 100, 0.9, 4_294_967_295)))


def payload(view):
    """The message that Discord stores: it numbers the components."""
    message = written("", BOT, flags=V2, components=json.loads(json.dumps(view.to_components())))
    assert fault(message) is None
    return message


def received(message):
    """The message as discord.py parses it for a press of one of its buttons."""
    client = discord.Client(intents=discord.Intents.none())
    return discord.Message(
        state=client._connection, channel=client.get_partial_messageable(99), data=message
    )


def posted(answer, localizer=ENGLISH):
    return received(payload(answer_layout(answer, localizer)))
