"""How answers look on Discord."""

import discord

from ..verse.composer import Answer
from .markdown import literal

__all__ = ["answer_embed"]

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MAX_TITLE = 256
MAX_DESCRIPTION = 4096
MAX_TOTAL = 6000
MAX_FOOTER = MAX_TOTAL - MAX_TITLE - MAX_DESCRIPTION  # its own limit is higher
INK = discord.Colour(0x2F4F4F)


def answer_embed(answer: Answer) -> discord.Embed:
    """The user's line, and below it the candidates with rank and score.

    Discord's limits hold for whatever an answer contains: what is too long ends in an ellipsis.
    """
    share = MAX_DESCRIPTION // max(1, len(answer.candidates)) - 1  # one line break each
    lines = []
    for rank, candidate in enumerate(answer.candidates, start=1):
        number, score = f"{rank}. ", f" `{candidate.log_prob:.2f}`"
        text = literal(candidate.text, share - len(number) - len(score))
        lines.append(number + text + score)
    embed = discord.Embed(
        title=literal(answer.line.replace("\n", " · "), MAX_TITLE),
        description="\n".join(lines),
        colour=INK,
    )
    footer = (
        f"{answer.bundle_name} {answer.bundle_version} · beam width {answer.width} · "
        "scores are log-probabilities: the nearer to 0, the likelier"
    )
    return embed.set_footer(text=footer[:MAX_FOOTER])
