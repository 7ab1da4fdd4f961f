"""A real Red-DiscordBot with Lianju's cog package, driven through the fake Discord.

Run by Red's own Python from the root of the repository: `python -m tests.discord.red_bot FOLDER`.
It needs Red 3.5, Lianju and nothing else; FOLDER becomes Red's data folder. It prints what it saw,
as one JSON object on the last line; `test_red.py` compares that.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(sys.argv[1]).resolve()
os.environ["XDG_CONFIG_HOME"] = str(FOLDER / "config")  # where Red looks for its instances

import discord  # noqa: E402
from redbot import __version__  # noqa: E402
from redbot.core import _drivers, app_commands, data_manager  # noqa: E402
from redbot.core._cli import parse_cli_flags  # noqa: E402
from redbot.core.bot import Red  # noqa: E402

from .bots import Receiver, items, names, threads  # noqa: E402
from .fake_discord import FakeDiscord  # noqa: E402
from .interactions import HANGS_S, custom_ids, labels, slash, texts  # noqa: E402

COGS = Path(__file__).parents[2] / "docs" / "examples" / "red"
LINE = "黄河远上白云间"


class DrivenRed(Receiver, Red):
    """Red, which takes interactions as if from the gateway."""


def create_instance() -> None:
    """Writes what `redbot-setup` would write."""
    instance = data_manager.basic_config_default | {
        "DATA_PATH": str(FOLDER / "data"),
        "STORAGE_TYPE": "JSON",
        "STORAGE_DETAILS": {},
    }
    data_manager.config_file.parent.mkdir(parents=True, exist_ok=True)
    data_manager.config_file.write_text(json.dumps({"test": instance}), encoding="utf-8")
    data_manager.load_basic_configuration("test")
    (data_manager.cog_data_path(raw_name="Downloader") / "lib").mkdir(parents=True)


class Session:
    """What an owner and a member do with Red."""

    def __init__(self, fake: FakeDiscord, red: DrivenRed) -> None:
        self.fake, self.red = fake, red
        self.core = red.get_cog("Core")

    async def load(self, package="lianjucog"):
        """`[p]load`, and what it would say."""
        result = await self.core._load([package])
        return {key: value for key, value in result.items() if value}

    async def unload(self):
        return {
            key: value for key, value in (await self.core._unload(["lianjucog"])).items() if value
        }

    async def reload(self):
        result = await self.core._reload(["lianjucog"])
        return {key: value for key, value in result.items() if value}

    async def owner(self, command, *arguments):
        """Runs one of Red's own text commands, and returns what it says."""
        said = []

        async def send(content=None, **_):
            said.append(content)

        context = SimpleNamespace(send=send, prefix="!", bot=self.red)
        await self.red.get_command(command).callback(self.core, context, *arguments)
        return said

    async def ask(self, path, **options):
        payload = self.fake.interaction(slash(path, **options))
        await self.red.receive(payload)
        return self.fake.exchange(payload).messages

    async def press(self, message, user):
        """Presses the first heart; returns what it shows then, or None if nobody was there."""
        heart = custom_ids(message, "lianju:heart")[0]
        payload = self.fake.press(message, heart, user=user)
        await self.red.receive(payload)
        exchange = self.fake.exchange(payload)
        return labels(message)[heart] if exchange.acknowledged else None

    def left(self):
        """What of Lianju is in this process."""
        return {
            "cogs": [name for name in self.red.cogs if name.startswith("Lianju")],
            "commands": sorted(names(self.red) & {"lianju", "Answer this line"}),
            "hidden": "lianju" in self.red.tree._disabled_global_commands,
            "items": [str(each.pattern) for each in items(self.red) if "lianju" in each.pattern],
            "threads": sorted(name for name in threads() if name.startswith("lianju")),
        }


async def drive(fake: FakeDiscord, red: DrivenRed):
    session, seen = Session(fake, red), {"red": __version__, "discord.py": discord.__version__}
    seen["before"] = session.left()
    seen["load"] = await session.load()
    seen["loaded"] = session.left()
    seen["enable"] = await session.owner("slash enablecog", "lianju")
    await red.tree.sync()
    seen["registered"] = sorted(command["name"] for command in fake.commands["global"])
    (answer,) = await session.ask("lianju poem", line=LINE)
    seen["answer"] = texts(answer)[0]
    seen["hearts"] = [await session.press(answer, 78)]
    (about,) = await session.ask("lianju about")
    seen["about"] = texts(about)[0]
    for _ in range(2):
        seen["reload"] = await session.reload()
        seen["hearts"].append(await session.press(answer, 79 + len(seen["hearts"])))
    seen["exported"] = {
        name: file.read().decode()
        for cog in red.cogs.values()
        if hasattr(cog, "delete_user")
        for name, file in (await cog.red_get_data_for_user(user_id=78)).items()
    }
    # What `[p]mydata forgetme` calls, once Red is online.
    deleted = await red._handle_data_deletion_request(requester="user", user_id=78)
    seen["deletion"] = {name: list(failed) for name, failed in deleted._asdict().items()}
    seen["hearts"].append(await session.press(answer, 90))  # one is gone, one comes
    seen["statement"] = red.extensions["lianjucog"].__red_end_user_data_statement__
    seen["unload"] = await session.unload()
    seen["left"] = session.left()
    seen["pressed without it"] = await session.press(answer, 91)

    @app_commands.command(name="lianju", description="Theirs.")
    async def theirs(interaction):
        pass

    red.tree.add_command(theirs)
    seen["clash"] = await session.load()
    seen["left after a clash"] = session.left() | {"hidden": None, "commands": None}
    red.tree.remove_command("lianju")
    seen["load again"] = await session.load()
    seen["hearts"].append(await session.press(answer, 92))
    seen["refusals"] = fake.refusals
    return seen


async def main():
    create_instance()
    await _drivers.get_driver_class().initialize(**data_manager.storage_details())
    flags = parse_cli_flags(["test", "--no-prompt"])
    async with FakeDiscord.running() as fake:
        fake.seconds_to_acknowledge = HANGS_S
        discord.http.Route.BASE = fake.rest_base
        red = DrivenRed(cli_flags=flags, description="Red", dm_help=None)
        await red._cog_mgr.add_path(COGS)
        await red._pre_login()
        await red.login(fake.token)
        try:
            return await drive(fake, red)
        finally:
            await red.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main()), ensure_ascii=False))
