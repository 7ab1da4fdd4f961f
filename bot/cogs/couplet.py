"""`/couplet`: the other line of a couplet (对联)."""

from discord import app_commands

from ..guild_settings import CANDIDATES
from ..ui.replies import Interaction, defer_reply
from ..verse import SEED, Couplet, Known, Rules, Script
from .composing import ComposingCog, request_for
from .options import KNOWN, MODE, SCRIPT, Mode, choice, seed_for

__all__ = ["CoupletCog"]

MAX_TYPED = 60  # characters; spaces and punctuation come on top of twelve


class CoupletCog(ComposingCog, name="Lianju couplet"):
    """Answers lines of couplets."""

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.choices(
        rules=[
            choice("couplet-rules", "strict", "strict: tones are opposed"),
            choice("couplet-rules", "loose", "loose: opposed tones are preferred"),
            choice("couplet-rules", "free", "free: no tones"),
        ],
        known=KNOWN,
        mode=MODE,
        script=SCRIPT,
    )
    async def couplet(
        self,
        interaction: Interaction,
        line: app_commands.Range[str, 1, MAX_TYPED],
        upper: bool = False,
        rules: Rules = "strict",
        known: Known = "exclude",
        count: app_commands.Range[int, CANDIDATES.low, CANDIDATES.high] | None = None,
        mode: Mode = "chosen",
        script: Script | None = None,
        seed: app_commands.Range[int, SEED.low, SEED.high] | None = None,
    ) -> None:
        """Answers your line of a couplet (对联) with the other line.

        Args:
            line: A line of 4 to 12 characters, such as 春风得意马蹄疾; a comma may halve it.
            upper: Whether yours is the lower line, and the upper one (上联) is to be written.
            rules: How tones bind; strictly, if left out.
            known: Whether lines that the poets wrote may be answers; they are marked.
            count: How many answers; more than this server's beam size widen the search as well.
            mode: Re-ranked for this line (if left out), the most probable, or sampled.
            script: The characters of the answer; if left out, this server's choice.
            seed: Other answers for another number, the same answers for the same one.
        """
        async with (
            self.handle(interaction, defer_reply) as context,
            self.limit(interaction, context),
        ):
            request = request_for(
                line,
                Couplet(upper),
                context.guild_settings,
                mode=mode,
                seed=seed_for(mode, seed),
                count=count,
                script=script,
                rules=rules,
                known=known,
            )
            await self.compose(interaction, context, request)
