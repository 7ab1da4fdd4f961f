"""How verse is asked for and answered, whichever command does it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypedDict, Unpack, get_args

import discord
from discord.app_commands import Choice

from ..errors import LianjuError
from ..guild_settings import CANDIDATES, GuildSettings
from ..i18n import Markdown, localizer_for
from ..store import Verse
from ..ui.answer import answer_layout
from ..ui.answer_message import AnswerMessage, CandidateView
from ..ui.buttons import DetailsButton, RequestOptions
from ..ui.replies import defer_reply, respond
from ..ui.rhymes import matching_rhymes
from ..verse.composer import Answer, Composer, Request, Rerank
from ..verse.errors import RequestError
from ..verse.request import Form, Known, Sample, Script, Strictness
from .base import Context, LianjuCog, is_allowed_here
from .options import Mode

__all__ = [
    "MAX_CHOICE",
    "MAX_CHOICES",
    "ComposingCog",
    "ElsewhereError",
    "RequestChoices",
    "request_for",
]

MAX_CHOICES, MAX_CHOICE = 25, 100  # of an autocomplete, and characters of each

Interaction = discord.Interaction[Any]


class ElsewhereError(LianjuError):
    """The server has other channels for verse."""

    def __init__(self, channels: Iterable[int]) -> None:
        mentions = Markdown(" ".join(f"<#{channel}>" for channel in sorted(channels)))
        super().__init__(
            f"I do not answer in this channel: ask me in {mentions}.",
            "poem-elsewhere",
            channels=mentions,
        )


class RequestChoices(TypedDict, total=False):
    """Fields of a `Request` that are passed on as they are."""

    form: Form
    heads: str
    chars: int | None
    rhyme: str | None
    strictness: Strictness
    known: Known


def request_for(
    text: str,
    guild_settings: GuildSettings,
    *,
    mode: Mode = "chosen",
    seed: int | None = 0,
    count: int | None = None,
    script: Script | None = None,
    **wishes: Unpack[RequestChoices],
) -> Request:
    """What was asked for, completed with what the server prefers.

    Args:
        text: The line or lines; empty for an acrostic.
        guild_settings: The server's.
        mode: How candidates are found.
        seed: Where chance starts from; None draws a seed.
        count: How many candidates; more than the beam size widen the search as well.
        script: Characters of the answer.
        wishes: The rest.

    Raises:
        RequestError: Something is out of its range, or wishes exclude each other.
    """
    # discord.py leaves it to Discord's own client to keep bounds and choices.
    if count is not None:
        CANDIDATES.check("Count", count)
    if mode not in get_args(Mode):
        choices = ", ".join(get_args(Mode))
        raise RequestError(
            f"The mode {mode} is not known: choose from {choices}.",
            "unknown-choice",
            value=mode,
            choices=choices,
        )
    wanted = guild_settings.candidates if count is None else count
    request = Request(text, count=wanted, script=script or guild_settings.script, **wishes)
    if mode == "sampled":
        return replace(request, sampling=Sample(seed=seed))
    width = max(guild_settings.beam_size, wanted)
    if mode == "beam":
        return replace(request, width=width)
    return replace(request, width=width, choosing=Rerank(seed))


class ComposingCog(LianjuCog):
    """A cog that answers with verse."""

    async def compose(self, interaction: Interaction, context: Context, request: Request) -> None:
        """Answers a request with a new message.

        Raises:
            LianjuError: It cannot be answered, or not here, or not now.
            discord.HTTPException: Discord did not take the answer.
        """
        resources, guild_settings = self.resources, context.guild_settings
        composer = resources.composer  # the same to the end, whatever is loaded meanwhile
        if not is_allowed_here(interaction, guild_settings):
            raise ElsewhereError(guild_settings.channels)
        composer.read(request)  # refused now, a bad line is answered in private
        context.add_log_fields(
            form=request.form, width=request.width or "none", lines=request.lines
        )
        with resources.limiter.acquire(
            interaction.user.id, interaction.guild_id, guild_settings.cooldown_s
        ):
            await defer_reply(interaction)
            answer = await composer.compose(request, resources.settings.deadline)
            sheet = _sheet(composer, request, answer, interaction.user.id)
            await respond(interaction, answer_layout(sheet, context.localizer), private=False)
            if not answer.complete:
                context.outcome = "cut-short"

    def rhyme_choices(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """The rhyme groups that suit what is typed; none where the bundle knows none."""
        bundle = self.resources.composer.bundle
        if bundle.prosody is None:
            return []
        traditional = localizer_for(interaction, None).language == "zh-TW"
        fitting = matching_rhymes(bundle.prosody, bundle.vocabulary, current, traditional)
        return [Choice(name=text[:MAX_CHOICE], value=name) for name, text in fitting.items()][
            :MAX_CHOICES
        ]


def _sheet(composer: Composer, request: Request, answer: Answer, asker: int) -> AnswerMessage:
    """What the message says; the composer is the one that answered."""
    wish = RequestOptions(
        asker,
        request.lines,
        request.script,
        "sampled" if request.sampling else "chosen",
        request.form,
        None if request.heads is None else answer.length,
        _rhyme(composer, answer.request),
        request.strictness,
        request.known,
    )
    # As it was written: characters changed into another script do not all change back.
    written = composer.read(replace(request, script="auto")).shown
    given = () if wish.is_acrostic else composer.read(request).shown
    found = answer.length - wish.is_acrostic  # heads were given
    return AnswerMessage(
        prompt="\n".join(written),
        offers=tuple(
            CandidateView(
                Verse.of(*given, *candidate.lines)
                if wish.is_poem
                else Verse(given[-1], candidate.text),
                candidate.log_prob,
                candidate.known,
                candidate.relaxed,
            )
            for candidate in answer.candidates
        ),
        wish=wish,
        method=DetailsButton(
            found * max(len(candidate.lines) for candidate in answer.candidates),
            None if answer.sampling else answer.width,
            answer.sampling,
            answer.choosing,
            answer.complete,
        ),
        model=f"{answer.bundle_name} {answer.bundle_version}",
        original=answer.known_answer,
    )


def _rhyme(composer: Composer, request: Request) -> str | None:
    """The name of the group that was asked for, perhaps by a character that rhymes."""
    prosody = composer.bundle.prosody
    if prosody is None or request.rhyme is None:
        return None
    return prosody.groups[prosody.group(request.rhyme)]
