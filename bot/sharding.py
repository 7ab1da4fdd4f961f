"""Shards of one bot in several processes: turns to identify, and commands registered once."""

import asyncio
import hashlib
import json
import logging
from importlib.metadata import version

from discord import Object, app_commands

from .store import StoreError
from .store.postgres import Processes

__all__ = ["IDENTIFY_EVERY_S", "register_once", "take_turn"]

# https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
IDENTIFY_EVERY_S = 5.0
RETRY_AFTER_S = 5.0

_log = logging.getLogger(__name__)


async def take_turn(processes: Processes, bucket: int) -> None:
    """Waits until a shard may identify, in any process of the bot; it must do so at once.

    While the database is away nobody identifies: what others do cannot be known.
    """
    while True:
        granted = asyncio.get_running_loop().create_future()
        turn = asyncio.create_task(_hold_turn(processes, bucket, granted))
        try:
            await granted
        except StoreError as error:
            _log.warning("not identified: %s", error)
        except asyncio.CancelledError:
            turn.cancel()
            raise
        else:
            return
        await asyncio.sleep(RETRY_AFTER_S)


async def _hold_turn(processes: Processes, bucket: int, granted: "asyncio.Future[None]") -> None:
    try:
        async with processes.identify_turn(bucket, IDENTIFY_EVERY_S):
            granted.set_result(None)
            await asyncio.sleep(0)  # whoever waits for it sends IDENTIFY now
    except StoreError as error:
        if not granted.done():
            granted.set_exception(error)
        else:  # it was sent, and the others do not know when
            _log.warning("%s", error)


async def register_once(
    processes: Processes, tree: app_commands.CommandTree, guild: Object | None
) -> bool:
    """Registers the commands of a tree, unless a process has registered the same ones.

    Args:
        processes: Those of the bot.
        tree: Has the commands.
        guild: Where; None is everywhere.

    Returns:
        Whether they were registered now.
    """
    commands = tree.get_commands(guild=guild)
    translator = tree.translator
    payload = [
        command.to_dict(tree)
        if translator is None
        else await command.get_translated_payload(tree, translator)
        for command in commands
    ]
    # The version as well: a new one registers its commands even if they look the same.
    content = json.dumps([version("lianju"), payload], sort_keys=True).encode()
    scope = f"{tree.client.application_id} {'everywhere' if guild is None else guild.id}"
    digest = hashlib.sha256(content).digest()
    return await processes.register_once(scope, digest, lambda: tree.sync(guild=guild))
