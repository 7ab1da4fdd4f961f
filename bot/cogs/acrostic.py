"""`/acrostic`: a poem whose lines begin with given characters (藏头诗)."""

import re

from discord import app_commands
from discord.app_commands import Choice

from ..guild_settings import CANDIDATES
from ..ui.replies import Interaction, defer_reply
from ..verse import SEED, Acrostic, Rules, Script
from .composing import ComposingCog, request_for
from .options import MAX_RHYME, RULES, SCRIPT, choice

__all__ = ["AcrosticCog"]

MAX_TYPED = 40  # characters; spaces and punctuation come on top of the heads
SEPARATORS = re.compile(r"[\W_]+")  # as in 春、夏、秋、冬


class AcrosticCog(ComposingCog, name="Lianju acrostic"):
    """Writes acrostics."""

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.choices(rules=RULES, script=SCRIPT)
    @app_commands.choices(
        chars=[
            choice("poem-chars", 5, "five characters a line"),
            choice("poem-chars", 7, "seven characters a line"),
        ]
    )
    async def acrostic(
        self,
        interaction: Interaction,
        heads: app_commands.Range[str, 1, MAX_TYPED],
        chars: int = 7,
        rhyme: app_commands.Range[str, 1, MAX_RHYME] | None = None,
        rules: Rules = "strict",
        count: app_commands.Range[int, CANDIDATES.low, CANDIDATES.high] | None = None,
        script: Script | None = None,
        seed: app_commands.Range[int, SEED.low, SEED.high] = 0,
    ) -> None:
        """Writes a poem whose lines begin with the characters that you give (藏头诗).

        Args:
            heads: The first character of each line, two to eight of them, such as 春夏秋冬.
            chars: How long each line is; seven characters, if left out.
            rhyme: A rhyme group, or a character that rhymes; any will do, if left out.
            rules: How tones and rhyme bind; strictly, if left out.
            count: How many poems; more than this server's beam size widen the search as well.
            script: The characters of the answer; if left out, this server's choice.
            seed: Other poems for another number, the same poems for the same one.
        """
        async with (
            self.handle(interaction, defer_reply) as context,
            self.limit(interaction, context),
        ):
            request = request_for(
                SEPARATORS.sub("", heads),
                Acrostic(chars),
                context.guild_settings,
                seed=seed,
                count=count,
                script=script,
                rhyme=rhyme,
                rules=rules,
            )
            await self.compose(interaction, context, request)

    @acrostic.autocomplete("rhyme")
    async def _complete_rhyme(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Completes a rhyme group."""
        return await self.complete_rhyme(interaction, current)
