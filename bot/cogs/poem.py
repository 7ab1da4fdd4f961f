"""`/poem`, and a message's *Answer this line*: next lines for a line of verse."""

import logging
from typing import Any, Literal, get_args

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from ..preferences import CANDIDATES, Preferences
from ..verse.composer import MAX_CHARACTERS, Request
from ..verse.errors import PromptError, RequestError
from ..verse.request import SEED, Sampling, Script
from .composing import ComposingCog, choose

__all__ = ["POEM", "Poem", "answer_this_line"]

POEM = "Lianju poem"

# The composer counts characters of verse; spaces and punctuation come on top.
MAX_TYPED = 4 * MAX_CHARACTERS
MAX_CHOICES, MAX_CHOICE = 25, 100  # of an autocomplete, and characters of each

_log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
Mode = Literal["chosen", "beam", "sampled"]


def _choice(value: str, name: str, option: str) -> Choice[str]:
    return Choice(name=locale_str(name, key=f"choice-poem-{option}-{value}"), value=value)


@app_commands.context_menu(name="Answer this line")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def answer_this_line(interaction: Interaction, message: discord.Message) -> None:
    """The context menu of a message; a cog's own methods cannot be one."""
    cog = interaction.client.get_cog(POEM)
    if isinstance(cog, Poem):
        await cog.answer_message(interaction, message)


class Poem(ComposingCog, name=POEM):
    """Answers lines that members write, and lines of messages that they point at."""

    menus = (answer_this_line,)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.choices(
        mode=[
            _choice("chosen", "what suits this very line", "mode"),
            _choice("beam", "the likeliest", "mode"),
            _choice("sampled", "drawn at random", "mode"),
        ],
        script=[
            _choice("auto", "as in the line", "script"),
            _choice("simplified", "simplified", "script"),
            _choice("traditional", "traditional", "script"),
        ],
    )
    async def poem(
        self,
        interaction: Interaction,
        line: app_commands.Range[str, 1, MAX_TYPED],
        count: app_commands.Range[int, CANDIDATES.low, CANDIDATES.high] | None = None,
        mode: Mode | None = None,
        script: Script | None = None,
        seed: app_commands.Range[int, SEED.low, SEED.high] | None = None,
    ) -> None:
        """Answers your line of verse with next lines to choose from.

        Args:
            line: A line of classical Chinese verse, such as 黄河远上白云间; at most four lines.
            count: How many lines; more than this server's beam size widen the search as well.
            mode: Lines that suit this very one (if left out), the likeliest, or drawn at random.
            script: The characters of the answer; if left out, this server's choice.
            seed: Other lines for another number, the same lines for the same one.
        """
        async with self.answering(interaction) as context:
            request = _request(line, context.preferences, count, mode, script, seed)
            await self.compose(interaction, context, request)
            await self._remember(interaction.user.id, line)

    @poem.autocomplete("line")
    async def _complete_line(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """The member's own recent lines, then the lines that the server loves best."""
        store, user_id, guild_id = self.resources.store, interaction.user.id, interaction.guild_id
        try:
            lines = await store.prompts.recent(user_id, current, MAX_CHOICES)
            if guild_id is not None:
                lines += await store.leaderboard.lines(guild_id, current, MAX_CHOICES)
        except Exception as error:  # there is nobody to be told; typing goes on without it
            _log.warning("autocomplete failed: %s", type(error).__name__)
            return []
        fitting = (line for line in dict.fromkeys(lines) if len(line) <= MAX_CHOICE)
        return [Choice(name=line, value=line) for line in fitting][:MAX_CHOICES]

    async def answer_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Answers what a message says, as `/poem` would.

        Somebody else may have written it, so it is not remembered among the lines of whoever asks.
        An answer of this bot holds many lines, of which no rule would choose the one that is meant.
        """
        async with self.answering(interaction) as context:
            if message.author.id == interaction.application_id:
                raise PromptError(
                    "This is an answer of mine already: press its buttons, or give /poem the "
                    "line that you like.",
                    "answer-line-mine",
                )
            if not message.content.strip():
                raise PromptError(
                    "There is no text in this message: choose one with a line of verse.",
                    "answer-line-empty",
                )
            plain = discord.utils.remove_markdown(message.content)
            await self.compose(interaction, context, _request(plain, context.preferences))

    async def _remember(self, user_id: int, line: str) -> None:
        """Keeps a line to offer it again; the answer is there, so a failure is not the member's."""
        if not line.strip() or len(line.strip()) > MAX_CHOICE:
            return
        try:
            await self.resources.store.prompts.add(user_id, line.strip(), self.resources.clock())
        except Exception as error:
            _log.warning("a line was not remembered: %s", type(error).__name__)


def _request(
    line: str,
    preferences: Preferences,
    count: int | None = None,
    mode: Mode | None = None,
    script: Script | None = None,
    seed: int | None = None,
) -> Request:
    """What was asked for, completed with what the server prefers."""
    # discord.py leaves it to Discord's own client to keep the bounds.
    if count is not None:
        CANDIDATES.check("Count", count)
    if mode is not None and mode not in get_args(Mode):
        raise RequestError(f"There is no mode {mode}: leave it out.", "poem-mode")
    wished = preferences.candidates if count is None else count
    chosen = script or preferences.script
    if mode == "sampled":
        return Request(line, count=wished, script=chosen, sampling=Sampling(seed=seed))
    if mode != "beam":
        return choose(line, preferences, wished, chosen, seed or 0)
    if seed is not None:
        raise RequestError(
            "The likeliest lines leave nothing to chance: leave the seed out, or choose another "
            "mode.",
            "poem-seed",
        )
    width = max(preferences.beam_size, wished)
    return Request(line, width=width, count=wished, script=chosen)
