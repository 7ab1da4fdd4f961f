"""What members do at tables of linked verse, in rounds of `/guess`, and with pictures."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ..discord.bundle_with_prosody import LETTERS
from ..discord.interactions import EPHEMERAL, UPDATE, Exchange, Json, custom_ids, slash, texts
from ..discord.limits import TEXT_SELECT, within
from .actions import heart_outcome, some_answer
from .plays import Line
from .scene import Channel, Scene

TABLE = "lianju:linked:1:"
ROUND = "lianju:guess:1:"
PICTURE = "lianju:picture:"
FORMS = ("jueju5", "jueju7", "lushi5", "lushi7", "pailu5", "pailu7")
ADMIN_FINISHES = 1 << 13  # Manage Messages


async def open_table(scene: Scene) -> None:
    """Opens a table in a channel of a server, or shows those that are there."""
    rng = scene.rng
    if scene.guild is None:
        return
    scene.sit()
    if rng.random() < 0.2:
        _show(scene, await scene.command("lianju show", slash("lianju show")))
        return
    options: dict[str, Any] = {"form": rng.choice(FORMS)}
    options["rules"] = rng.choices(["free", "loose", "strict", "none"], [16, 2, 2, 1])[0]
    if rng.random() < 0.15:
        options |= {"order": "turns", "minutes": rng.choice([1, 60, 1440, 0])}
    if rng.random() < 0.4:
        options["opening"] = rng.choice(["poet", "lianju"])
    if rng.random() < 0.2:
        options["line"] = _line(scene, 5)
    if rng.random() < 0.05:
        options["member1"] = {"user": rng.choice(scene.world.members)}
    _show(scene, await scene.command("lianju start", slash("lianju start", **options)))


async def write_line(scene: Scene) -> None:
    message = _some_table(scene, "write")
    if message is None:
        return
    opened = await scene.press("form for a line", message, _button(message, "write"))
    if opened is None or opened.form is None or scene.is_gone:
        return
    table, number = map(int, opened.form["custom_id"].split(":")[3:])
    text = _line(scene, 7 if "7" in _tones(opened.form) else 5)
    if scene.rng.random() < 0.1:
        text = scene.text()
    await scene.submit("line", opened, {"line": text})
    if _shown_line(message, number) == text and scene.guild is not None:
        scene.world.plays.write((table, number), Line(text, scene.member, scene.guild))
        scene.report.count("plays", "lines acknowledged")


async def let_lianju_write(scene: Scene) -> None:
    """Asks for lines and takes one, or asks for help."""
    action = scene.rng.choice(["lianju", "lianju", "help"])
    message = _some_table(scene, action)
    if message is None:
        return
    exchange = await scene.press(f"lines ({action})", message, _button(message, action))
    offers = _private(exchange)
    picks = [] if offers is None else custom_ids(offers, f"{TABLE}pick:")
    if offers is None or not picks or scene.is_gone or scene.guild is None:
        return
    custom_id = scene.rng.choice(picks)
    *_, table, number, text = custom_id.split(":")
    picked = await scene.press("pick of a line", offers, custom_id)
    if picked is not None and picked.edited | (picked.type == UPDATE) and not picked.followups:
        line = Line(text, scene.member, scene.guild)
        scene.world.plays.write((int(table), int(number)), line)
        scene.report.count("plays", "lines acknowledged")


async def press_table(scene: Scene) -> None:
    """Skips, takes back, joins or finishes."""
    scene.place["permissions"] = scene.rng.choice([0, ADMIN_FINISHES])
    action = scene.rng.choice(["skip", "undo", "join", "finish"])
    message = _some_table(scene, action)
    if message is None:
        return
    if action == "undo":
        scene.world.plays.loosen(_table_of(message))
    exchange = await scene.press(f"table ({action})", message, _button(message, action))
    question = _private(exchange) if action == "finish" else None
    ends = [] if question is None else custom_ids(question, f"{TABLE}end:")
    if question is not None and ends and not scene.is_gone:
        await scene.press("table (end)", question, ends[0])


async def press_finished_poem(scene: Scene) -> None:
    """Keeps a poem that is finished, or has its picture drawn."""
    action = scene.rng.choice(["heart", "heart", "picture"])
    message = _some_table(scene, action)
    if message is None:
        return
    if action == "picture":
        await _draw(scene, message, _button(message, action))
        return
    first, *others = _poem(message)
    key = scene.ledger.begin((scene.member, scene.guild or 0, first, "\n".join(others)))
    if key is None:
        return
    exchange = await scene.press("heart of a poem", message, _button(message, action))
    scene.ledger.finish(key, "refused" if exchange is None else heart_outcome(exchange))


async def draw_picture(scene: Scene) -> None:
    """Has the picture of an answer drawn, restyled and posted."""
    answer = some_answer(scene)
    ids = [] if answer is None else custom_ids(answer.message, f"{PICTURE}answer:")
    if answer is not None and ids:
        await _draw(scene, answer.message, ids[0])


async def begin_round(scene: Scene) -> None:
    scene.sit()
    data = slash("guess start", difficulty=scene.rng.choice(["easy", "hard"]))
    message = _public(await scene.command("guess start", data))
    if message is not None and custom_ids(message, ROUND):
        scene.world.rounds.append(Channel(message, scene.guild, scene.place["channel"]))


async def choose_line(scene: Scene) -> None:
    found = _some_round(scene)
    choices = [] if found is None else custom_ids(found, ROUND)
    if found is None or not choices:
        return
    custom_id = scene.rng.choice(choices)
    round_id = int(custom_id.split(":")[3])
    scene.world.plays.press(round_id, scene.member)
    exchange = await scene.press("choice", found, custom_id)
    noted = _private(exchange)
    if noted is not None and not noted["content"]:
        scene.world.plays.choose(round_id, scene.member)
        scene.report.count("plays", "choices acknowledged")


async def press_round(scene: Scene) -> None:
    """Ends a round, or begins another one below it; or shows the board."""
    found = _some_round(scene)
    if found is None or scene.rng.random() < 0.2:
        await scene.command("guess board", slash("guess board"))
        return
    scene.place["permissions"] = scene.rng.choice([0, ADMIN_FINISHES])
    for prefix in ("lianju:guess-end:", "lianju:guess-again:"):
        if ids := custom_ids(found, prefix):
            exchange = await scene.press(prefix.split(":")[1], found, ids[0])
            message = _public(exchange)
            if message is not None and custom_ids(message, ROUND):
                scene.world.rounds.append(Channel(message, scene.guild, scene.place["channel"]))
            return


PLAYS: dict[Callable[[Scene], Awaitable[None]], int] = {
    open_table: 8,
    write_line: 16,
    let_lianju_write: 4,
    press_table: 4,
    press_finished_poem: 4,
    draw_picture: 5,
    begin_round: 4,
    choose_line: 10,
    press_round: 3,
}


# --- tables ---


def _some_table(scene: Scene, action: str) -> Json | None:
    """A message of a table with a button, and the scene moves to its channel."""
    tables = [
        each
        for each in scene.world.tables.values()
        if each.guild in scene.world.guilds
        and each.message["id"] not in scene.fake.messages.gone
        and custom_ids(each.message, f"{TABLE}{action}:")
    ]
    if not tables:
        return None
    found = scene.rng.choice(tables)
    scene.go_to(found.guild, found.channel)
    return found.message


def _show(scene: Scene, exchange: Exchange | None) -> None:
    """Leaves tables in their channel, in the place of older messages of theirs."""
    for message in [] if exchange is None else exchange.messages:
        if custom_ids(message, TABLE) and not message["flags"] & EPHEMERAL:
            place = Channel(message, scene.guild, scene.place["channel"])
            scene.world.tables[_table_of(message)] = place


def _button(message: Json, action: str) -> str:
    (custom_id,) = custom_ids(message, f"{TABLE}{action}:")
    return custom_id


def _table_of(message: Json) -> int:
    return int(custom_ids(message, TABLE)[0].split(":")[4])


def _poem(message: Json) -> list[str]:
    return re.findall(r"^\*\*\d+\.\*\* ([^ \n]+)", texts(message)[1], re.MULTILINE)


def _shown_line(message: Json, number: int) -> str | None:
    lines = _poem(message)
    return lines[number] if number < len(lines) else None


def _tones(form: Json) -> str:
    """What a form asks for."""
    label: str = form["components"][0]["label"]
    return label


def _line(scene: Scene, length: int) -> str:
    return "".join(scene.rng.sample(LETTERS, length))


# --- rounds, pictures, messages ---


def _some_round(scene: Scene) -> Json | None:
    """A message of a round, which in a direct message only its member sees."""
    rounds = [each for each in scene.world.rounds if each.guild in scene.world.guilds]
    if not rounds:
        return None
    found = scene.rng.choice(rounds)
    scene.go_to(found.guild, found.channel)
    return found.message


async def _draw(scene: Scene, message: Json, custom_id: str) -> None:
    shown = _private(await scene.press("picture", message, custom_id))
    for _ in range(scene.rng.randint(0, 3)):
        ids = [] if shown is None else custom_ids(shown, PICTURE)
        if shown is None or not ids or scene.is_gone:
            return
        chosen = scene.rng.choice(ids)
        (part,) = (each for each in within(shown["components"]) if each.get("custom_id") == chosen)
        if part.get("disabled"):
            continue
        values = None
        if part["type"] == TEXT_SELECT:
            values = [scene.rng.choice(part["options"])["value"]]
        await scene.press("picture (change)", shown, chosen, values)


def _private(exchange: Exchange | None) -> Json | None:
    """The private message that answers."""
    return next((m for m in _messages(exchange) if m["flags"] & EPHEMERAL), None)


def _public(exchange: Exchange | None) -> Json | None:
    return next((m for m in _messages(exchange) if not m["flags"] & EPHEMERAL), None)


def _messages(exchange: Exchange | None) -> list[Json]:
    return [] if exchange is None else exchange.messages
