"""`/poem`, and a message's *Answer this line*: what follows a line of verse."""

import asyncio

import discord
from discord import app_commands
from discord.app_commands import Choice

from ..errors import LianjuError
from ..guild_settings import CANDIDATES
from ..markdown import remove_markdown
from ..ui.buttons import Writer
from ..ui.replies import Interaction, defer_reply
from ..verse import (
    MAX_CHARACTERS,
    SEED,
    Known,
    NextLine,
    PoemFormName,
    PromptError,
    Rules,
    Script,
    form_named,
    simplify,
    to_traditional,
)
from .composing import ComposingCog, request_for
from .options import (
    KNOWN,
    MAX_CHOICE,
    MAX_CHOICES,
    MAX_RHYME,
    MODE,
    RULES,
    SCRIPT,
    Mode,
    choice,
    seed_for,
)

__all__ = ["POEM", "PoemCog", "answer_this_line"]

POEM = "Lianju poem"

# The composer counts characters of verse; spaces and punctuation come on top.
MAX_TYPED = 4 * MAX_CHARACTERS
KNOWN_LINES_S = 1.0  # of the 3 s that Discord waits, for a service that may not answer


@app_commands.context_menu(name="Answer this line")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def answer_this_line(interaction: Interaction, message: discord.Message) -> None:
    """The context menu of a message; a cog's own methods cannot be one."""
    cog = interaction.client.get_cog(POEM)
    if isinstance(cog, PoemCog):
        await cog.answer_message(interaction, message)


class PoemCog(ComposingCog, name=POEM):
    """Answers lines that members write, and lines of messages that they point at."""

    menus = (answer_this_line,)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.choices(
        form=[
            choice("poem-form", "next", "the next line"),
            choice("poem-form", "jueju", "绝句: the rest of a quatrain"),
            choice("poem-form", "lushi", "律诗: the rest of eight lines of regulated verse"),
        ],
        rules=RULES,
        known=KNOWN,
        mode=MODE,
        script=SCRIPT,
    )
    async def poem(
        self,
        interaction: Interaction,
        line: app_commands.Range[str, 1, MAX_TYPED],
        form: PoemFormName = "next",
        rhyme: app_commands.Range[str, 1, MAX_RHYME] | None = None,
        rules: Rules = "strict",
        known: Known = "exclude",
        count: app_commands.Range[int, CANDIDATES.low, CANDIDATES.high] | None = None,
        mode: Mode = "chosen",
        script: Script | None = None,
        seed: app_commands.Range[int, SEED.low, SEED.high] | None = None,
    ) -> None:
        """Answers your line of verse with the next line, or with the rest of the poem.

        Args:
            line: A line of classical Chinese verse, such as 黄河远上白云间; at most seven lines.
            form: What to write: one line (if left out), or to the end of a poem.
            rhyme: A rhyme group, or a character that rhymes; if left out, your line decides.
            rules: How tones and rhyme bind; strictly, if left out.
            known: Whether lines that the poets wrote may be answers; they are marked.
            count: How many answers; more than this server's beam size widen the search as well.
            mode: Re-ranked for this line (if left out), the most probable, or sampled.
            script: The characters of the answer; if left out, this server's choice.
            seed: Other answers for another number, the same answers for the same one.
        """
        async with self.handle(interaction, defer_reply) as context:
            async with self.limit(interaction, context):
                request = request_for(
                    line,
                    form_named(form),
                    context.guild_settings,
                    mode=mode,
                    seed=seed_for(mode, seed),
                    count=count,
                    script=script,
                    rhyme=rhyme,
                    rules=rules,
                    known=known,
                )
                await self.compose(interaction, context, request)
            await self._remember(interaction, line)

    @poem.autocomplete("rhyme")
    async def _complete_rhyme(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Completes a rhyme group."""
        return await self.complete_rhyme(interaction, current)

    @poem.autocomplete("line")
    async def _complete_line(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Completes the user's recent lines, then the server's most loved, then poets' lines."""
        store, user_id, guild_id = self.resources.store, interaction.user.id, interaction.guild_id

        async def find() -> list[Choice[str]]:
            since = self.resources.retained_since
            lines = await store.recent_lines.recent(user_id, current, MAX_CHOICES, since)
            if guild_id is not None:
                lines += await store.leaderboard.lines(guild_id, current, MAX_CHOICES)
            if len(lines) < MAX_CHOICES:
                lines += await self._known_lines(interaction, current.strip())
            fitting = (line for line in dict.fromkeys(lines) if len(line) <= MAX_CHOICE)
            return [Choice(name=line, value=line) for line in fitting][:MAX_CHOICES]

        return await self.complete(interaction, find)

    async def _known_lines(self, interaction: Interaction, opening: str) -> list[str]:
        """Returns poets' lines that begin so, in the user's script; none if it fails or is late."""
        try:
            async with asyncio.timeout(KNOWN_LINES_S):
                anthology = await self.resources.engine.anthology()
        except (LianjuError, TimeoutError):
            return []
        read = simplify(opening)
        lines = anthology.lines_beginning(read, MAX_CHOICES)
        traditional = read != opening or self.localizer_for(interaction).language == "zh-TW"
        return [to_traditional(line) for line in lines] if traditional else lines

    async def answer_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Answers the text of a message as `/poem` would.

        Somebody else may have written it: then the verse is credited to them, and the text is not
        stored among the user's recent lines. An answer of this bot is refused, since it has many
        lines.
        """
        async with (
            self.handle(interaction, defer_reply) as context,
            self.limit(interaction, context),
        ):
            if message.author.id == interaction.application_id:
                raise PromptError("answer-line-mine")
            if not message.content.strip():
                raise PromptError("answer-line-empty")
            if (size := len(message.content)) > MAX_TYPED:
                raise PromptError("prompt-characters", size=size, most=MAX_CHARACTERS)
            plain = remove_markdown(message.content)
            request = request_for(plain, NextLine(), context.guild_settings)
            await self.compose(interaction, context, request, _writer(interaction, message))

    async def _remember(self, interaction: Interaction, line: str) -> None:
        """Stores a line for autocompletion; a failure is only logged, as the answer is sent."""
        if not line.strip() or len(line.strip()) > MAX_CHOICE:
            return
        try:
            await self.resources.store.recent_lines.add(
                interaction.user.id,
                line.strip(),
                self.resources.clock(),
                interaction.created_at.timestamp(),
            )
        except Exception as error:
            self.resources.count_failure("storing a recent line", error)


def _writer(interaction: Interaction, message: discord.Message) -> Writer | None:
    """Returns who wrote a message, if it was not the user; bots are not credited."""
    author = message.author
    if author.id == interaction.user.id:
        return None
    is_member = not author.bot and message.webhook_id is None
    return Writer(author.id if is_member else None, int(message.created_at.timestamp()))
