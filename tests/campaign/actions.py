"""What members do, each action a function of its scene."""

import json
import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any

from lianju.bot.i18n import LANGUAGES, Localizer

from ..discord.interactions import (
    ADMIN,
    BOT,
    UPDATE,
    Exchange,
    Json,
    custom_ids,
    person,
    poem,
    slash,
)
from ..discord.limits import SECTION, TEXT_SELECT, within
from ..discord.messages import written
from .ledger import Key, Outcome
from .scene import Answer, Scene

HEART = "lianju:heart:"
HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]+"
COUPLET = re.compile(rf"\*\*\d+\.\*\* ({HAN})，({HAN})\n-# .*")
POEM = re.compile(rf"-# \*\*\d+\.\*\* .*((?:\n(?:\*\*.\*\*)?{HAN})+)")

# Sentences after which nothing has changed.
UNCHANGED = {
    Localizer(language).format(key)
    for language in ("en", *LANGUAGES)
    if language != "auto"
    for key in ("store-busy", "store-failed", "busy-closing")
}


async def ask_for_lines(scene: Scene) -> None:
    rng = scene.rng
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        options["form"] = rng.choice(["next", "jueju", "lushi"])
    if rng.random() < 0.3:
        options["mode"] = rng.choice(["chosen", "beam", "sampled", "none"])
    if rng.random() < 0.2:
        options["rhyme"] = rng.choice(["东", "阳", "董", "x", "\ud800"])
    if rng.random() < 0.2:
        options["rules"] = rng.choice(["strict", "loose", "free"])
    if rng.random() < 0.2:
        options["count"] = rng.choice([1, 3, 10, 11, -1, 2**53])
    if rng.random() < 0.2:
        options["script"] = rng.choice(["auto", "simplified", "traditional", ""])
    if rng.random() < 0.2:
        options["seed"] = rng.choice([0, 1, 2**32 - 1, 2**32, -1])
    _show(scene, await scene.command("poem", poem(scene.text(), **options)))


async def ask_for_acrostic(scene: Scene) -> None:
    rng = scene.rng
    heads = scene.line()[: rng.randint(1, 9)] if rng.random() < 0.9 else scene.text()
    options = {"chars": rng.choice([5, 7])} if rng.random() < 0.5 else {}
    _show(scene, await scene.command("acrostic", slash("acrostic", heads=heads, **options)))


async def answer_a_message(scene: Scene) -> None:
    rng = scene.rng
    author = person(rng.choice(scene.world.members)) if rng.random() < 0.9 else BOT
    message = written(scene.text(), author, rng.randrange(10**9))
    exchange = await scene.menu("answer this line", "Answer this line", message)
    _show(scene, exchange)


async def press_heart(scene: Scene) -> None:
    answer = some_answer(scene)
    verses = {} if answer is None else verses_of(answer.message)
    if answer is None or not verses:
        return
    custom_id = scene.rng.choice(sorted(verses))
    key = scene.ledger.begin((scene.member, answer.guild or 0, *verses[custom_id]))
    if key is None:
        return
    exchange = await scene.press("heart", answer.message, custom_id)
    scene.ledger.finish(key, "refused" if exchange is None else heart_outcome(exchange))


async def press_button(scene: Scene) -> None:
    answer = some_answer(scene)
    if answer is None:
        return
    action = scene.rng.choice(["again", "details"])
    if action == "again" and scene.rng.random() < 0.7 and answer.asker in scene.world.members:
        scene.member = scene.place["user"] = answer.asker
    (custom_id,) = custom_ids(answer.message, f"lianju:{action}:")
    _show(scene, await scene.press(action, answer.message, custom_id))


async def press_forged_button(scene: Scene) -> None:
    """Presses a button of an older or damaged message."""
    answer = some_answer(scene)
    if answer is None:
        return
    message = deepcopy(answer.message)
    parts = [part for part in within(message["components"]) if part.get("custom_id")]
    part = scene.rng.choice(parts)
    fields = part["custom_id"].split(":")
    place = scene.rng.randrange(2, len(fields))
    fields[place] = scene.rng.choice(["", "0", "99", "-1", "x", "1e999", "9" * 20])
    custom_id = ":".join(fields)[:100]
    if custom_id == part["custom_id"] or custom_id in custom_ids(message):
        return
    verse = verses_of(message).get(part["custom_id"])
    if fields[1] == "heart" and verse is None:
        return
    part["custom_id"] = custom_id
    if verse is None:
        await scene.press("forged button", message, custom_id)
        return
    key = scene.ledger.begin((scene.member, answer.guild or 0, *verse))
    if key is None:
        return
    await scene.press("forged heart", message, custom_id)
    scene.ledger.finish(key, "unclear")


async def list_favorites(scene: Scene) -> None:
    exchange = await scene.command("favorites list", slash("favorites list"))
    message = _layout(exchange)
    if message is None or scene.rng.random() < 0.3:
        return
    menus = [part for part in within(message["components"]) if part["type"] == TEXT_SELECT]
    if menus and scene.rng.random() < 0.4:
        option = scene.rng.choice(menus[0]["options"])
        await _remove(
            scene,
            int(option["value"]),
            lambda: scene.press(
                "favorites menu", message, menus[0]["custom_id"], [option["value"]]
            ),
        )
    else:
        await _turn_page(scene, "favorites page", message)


async def remove_favorite(scene: Scene) -> None:
    data = slash("favorites remove", focused="verse", verse=scene.rng.choice(["", "黄", "\ud800"]))
    typed = await scene.type("typing a favorite", data)
    if typed is None or not typed.choices or scene.is_gone:
        await scene.command("favorites remove", slash("favorites remove", verse=scene.text()))
        return
    chosen = scene.rng.choice(typed.choices)["value"]
    data = slash("favorites remove", verse=chosen)
    await _remove(scene, int(chosen), lambda: scene.command("favorites remove", data))


async def export_favorites(scene: Scene) -> None:
    form = scene.rng.choice(["json", "json", "csv", "txt"])
    before, kept = scene.ledger.version(scene.member), scene.ledger.certain(scene.member)
    data = slash("favorites export", format=form)
    exchange = await scene.command("favorites export", data)
    if exchange is None or form != "json" or kept is None:
        return
    attached = [each for message in exchange.messages for each in message["attachments"]]
    if not attached or scene.ledger.version(scene.member) != before:
        return
    content = json.loads(scene.fake.messages.files[attached[0]["id"]])
    exported = {
        (scene.member, int(each["server_id"] or 0), each["line"], each["answer"])
        for each in content["couplets"]
    }
    if exported != kept or len(content["couplets"]) != len(kept):
        what = f"{len(content['couplets'])} in the file, {len(kept)} acknowledged"
        scene.report.fault("export-differs", scene.event, what)


async def remove_verse(scene: Scene) -> None:
    """A moderator, or somebody who is none, removes a verse from the leaderboard."""
    if scene.guild is None:
        return
    scene.place["permissions"] = ADMIN if scene.rng.random() < 0.8 else 0
    data = slash("remove-verse", focused="verse", verse="")
    typed = await scene.type("typing a verse", data)
    if typed is None or not typed.choices or scene.is_gone:
        return
    chosen = scene.rng.choice(typed.choices)["value"]
    verse = scene.read_verse(int(chosen))
    if verse is None:
        return
    on_board = (scene.guild, *verse)
    scene.ledger.begin_removal(on_board)
    data = slash("remove-verse", verse=chosen, reason=scene.rng.choice(["spam", "other"]))
    exchange = await scene.command("remove verse", data)
    removed: bool | None = None
    if exchange is None or any(each["content"] in UNCHANGED for each in exchange.messages):
        removed = False
    elif _answered_in_private(exchange):
        removed = True
    scene.ledger.finish_removal(on_board, removed=removed)


async def show_leaderboard(scene: Scene) -> None:
    rng = scene.rng
    options = {"of": rng.choice(["couplets", "members"]), "period": rng.choice(["all", "week"])}
    exchange = await scene.command("leaderboard", slash("leaderboard", **options))
    if (message := _layout(exchange)) is not None:
        await _turn_page(scene, "leaderboard page", message)


async def change_settings(scene: Scene) -> None:
    rng = scene.rng
    command, options = rng.choice(
        [
            ("show", {}),
            ("reset", {}),
            ("beam-size", {"width": rng.choice([1, 5, 8, 64, 65])}),
            ("candidates", {"number": rng.choice([1, 5, 10, 11])}),
            ("cooldown", {"seconds": rng.choice([0, 0, 1, 5, 3601])}),
            ("script", {"script": rng.choice(["auto", "traditional"])}),
            ("language", {"language": rng.choice(["auto", "en", "zh-CN", "zh-TW", "xx"])}),
            ("channels", {}),
            ("linked-tables", {"number": rng.choice([1, 2, 5, 6])}),
        ]
    )
    exchange = await scene.command("settings", slash(f"settings {command}", **options))
    message = _layout(exchange)
    if command == "channels" and message is not None and not scene.is_gone:
        (custom_id,) = custom_ids(message)
        values = rng.choice([[], [99], [98, 99], [98]])
        await scene.press("settings channels", message, custom_id, values)


async def read_page(scene: Scene) -> None:
    page = scene.rng.choice(["about", "help", "privacy"])
    await scene.command(page, slash(page))


async def type_line(scene: Scene) -> None:
    focused = scene.rng.choice(["line", "rhyme"])
    typed = scene.text()[:100] if scene.rng.random() < 0.5 else ""
    options = {"line": typed} if focused == "line" else {"line": scene.line(), "rhyme": typed}
    await scene.type(f"typing a {focused}", slash("poem", focused=focused, **options))


async def be_forgotten(scene: Scene) -> None:
    """Deletes everything, and never comes back."""
    message = _layout(await scene.command("privacy", slash("privacy")))
    if message is None or scene.is_gone:
        return
    (custom_id,) = custom_ids(message)
    asked = await scene.press("privacy button", message, custom_id)
    if asked is None or not (asked.type == UPDATE or asked.edited) or scene.is_gone:
        return
    (custom_id,) = (each for each in custom_ids(message) if each.endswith(":delete"))
    member = scene.member
    scene.world.replace_member(member)
    exchange = await scene.press("privacy deletion", message, custom_id)
    if exchange is None:
        return  # never sent, so nothing was deleted; the member is silent from now on
    if (exchange.type == UPDATE or exchange.edited) and not exchange.followups:
        scene.ledger.forget(member)
        scene.report.count("members", "forgotten")
        if scene.is_on_disk(member):
            scene.report.count("members", "still in the files right after the deletion")
    else:
        scene.ledger.doubt(member)


ACTIONS: dict[Callable[[Scene], Awaitable[None]], int] = {
    ask_for_lines: 30,
    press_heart: 28,
    press_button: 6,
    press_forged_button: 3,
    ask_for_acrostic: 5,
    answer_a_message: 5,
    list_favorites: 6,
    remove_favorite: 4,
    export_favorites: 4,
    show_leaderboard: 4,
    remove_verse: 2,
    change_settings: 4,
    read_page: 3,
    type_line: 8,
    be_forgotten: 2,
}


def some_answer(scene: Scene) -> Answer | None:
    """An answer in a place where the bot is; the scene moves there."""
    known = [*scene.world.answers, *scene.world.old_answers]
    here = [each for each in known if each.guild is None or each.guild in scene.world.guilds]
    if not here:
        return None
    answer = scene.rng.choice(here[:10] if scene.rng.random() < 0.3 else here)
    scene.go_to(answer.guild)
    return answer


def _show(scene: Scene, exchange: Exchange | None) -> None:
    """Leaves an answer with hearts in its channel."""
    for message in [] if exchange is None else exchange.messages:
        if custom_ids(message, HEART):
            scene.world.show(Answer(message, scene.guild, scene.member), scene.rng)


def _layout(exchange: Exchange | None) -> Json | None:
    """The message that answers, if it has components."""
    messages = [] if exchange is None else exchange.messages
    return next((each for each in messages if custom_ids(each)), None)


def verses_of(message: Json) -> dict[str, tuple[str, str]]:
    """Verses of an answer by the custom id of their hearts, as far as they are plain."""
    found = {}
    for part in within(message["components"]):
        if part["type"] != SECTION:
            continue
        text = part["components"][0]["content"]
        if match := COUPLET.fullmatch(text):
            found[part["accessory"]["custom_id"]] = (match[1], match[2])
        elif match := POEM.fullmatch(text):
            first, _, others = match[1].strip("\n").replace("*", "").partition("\n")
            found[part["accessory"]["custom_id"]] = (first, others)
    return found


def heart_outcome(exchange: Exchange) -> Outcome:
    """What the press of a heart did."""
    if any(message["content"] in UNCHANGED for message in exchange.messages):
        return "refused"
    shown = exchange.type == UPDATE or exchange.edited
    return "toggled" if shown and not exchange.messages else "unclear"


async def _remove(scene: Scene, number: int, act: Callable[[], Awaitable[Exchange | None]]) -> None:
    key: Key | None = scene.read_favorite(number)
    if key is None or key[0] != scene.member:
        return
    begun = scene.ledger.begin(key)
    if begun is None:
        return
    exchange = await act()
    if exchange is None or any(each["content"] in UNCHANGED for each in exchange.messages):
        outcome: Outcome = "refused"
    elif exchange.type == UPDATE or exchange.edited or _answered_in_private(exchange):
        outcome = "removed"
    else:
        outcome = "unclear"
    scene.ledger.finish(begun, outcome if begun == key else "unclear")


def _answered_in_private(exchange: Exchange) -> bool:
    """Whether the answer is a layout: a sentence says why there is none."""
    messages = exchange.messages
    return bool(messages) and not any(message["content"] for message in messages)


async def _turn_page(scene: Scene, kind: str, message: Json) -> None:
    pages = [
        part["custom_id"]
        for part in within(message["components"])
        if part["type"] == 2 and not part.get("disabled")
    ]
    if pages and not scene.is_gone:
        await scene.press(kind, message, scene.rng.choice(pages))
