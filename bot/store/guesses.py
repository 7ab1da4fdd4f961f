"""Rounds of `/guess`, what members chose, and how often they were right."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Insert, Row, bindparam, case, delete, exists, func, select, update

from ..rounds import RANKED, GuessFigure, GuessScore, Round, RoundResult
from ..verses import Page
from .database import Database, finish_if_cancelled
from .favorites import stored_guild_id
from .forgotten import Act, find_forgotten
from .statements import Columns, insert, later, split_total, with_total
from .tables import guess, guess_figure, guess_round, guess_score

__all__ = ["REMEMBERED", "Guesses"]

REMEMBERED = 500  # rounds of a place, none of whose poems comes again

TEXTS = ("lines", "options")  # several lines in one column


class Guesses:
    """The rounds of all places, and the scores of all servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def used_poems(self, place_id: int) -> set[str]:
        """Returns the ids of the poems of the latest rounds of a place."""
        async with self._database.reader("list") as connection:
            return set(await connection.scalars(_USED, {"place_id": place_id}))

    async def running_in(self, channel_id: int) -> Round | None:
        """Returns the round of a channel that has not ended."""
        async with self._database.reader() as connection:
            row = (await connection.execute(_RUNNING, {"channel_id": channel_id})).one_or_none()
        return None if row is None else _round(row)

    async def get(self, round_id: int) -> Round | None:
        """Returns a round; None if there is none."""
        async with self._database.reader() as connection:
            return await _find(connection, round_id)

    @finish_if_cancelled
    async def begin(self, begun: Round, acted_at: float = math.inf) -> bool:
        """Stores a round, and deletes the oldest ones of the place.

        Args:
            begun: The round; without its host if that was forgotten since.
            acted_at: When the host did this, by Discord's clock.

        Returns:
            Whether it was stored. It is not if the channel has another one, or the place had its
            poem already.

        Raises:
            StoreError: It cannot be stored.
        """
        host = Act("user", begun.host_id, acted_at) if begun.host_id else None
        async with self._database.write_transaction(f"guesses:{begun.place_id}") as connection:
            gone = await find_forgotten(connection, [host] if host else [])
            row = _row(begun) | ({"host_id": None} if gone else {})
            surplus = {"place_id": begun.place_id, "remembered": REMEMBERED}
            await connection.execute(_DELETE_SURPLUS, surplus)
            return bool((await connection.execute(_add(connection.dialect.name), row)).rowcount)

    @finish_if_cancelled
    async def set_message(self, round_id: int, message_id: int) -> None:
        """Stores in which message a round is."""
        values = {"the_id": round_id, "the_message": message_id}
        async with self._database.write_transaction(_part(round_id)) as connection:
            await connection.execute(_SET_MESSAGE, values)

    @finish_if_cancelled
    async def abandon(self, round_id: int) -> bool:
        """Deletes a round whose message could not be sent, as far as anybody knows.

        Returns:
            Whether it did; a round in which somebody has chosen a line has a message, and goes on.
        """
        async with self._database.write_transaction(_part(round_id)) as connection:
            return bool((await connection.execute(_ABANDON, {"the_id": round_id})).rowcount)

    @finish_if_cancelled
    async def choose(
        self, round_id: int, user_id: int, choice: int, at: float, acted_at: float = math.inf
    ) -> Round | None:
        """Stores what a member chose, in the place of an earlier choice.

        Nothing is stored if the round has ended, or its time is over, or the member was forgotten
        since.

        Args:
            round_id: The round.
            user_id: The member.
            choice: The option, from 0.
            at: The time, in Unix seconds.
            acted_at: When the member did this, by Discord's clock.

        Returns:
            The round; None if there is none.

        Raises:
            StoreError: It cannot be stored.
        """
        row = {"round_id": round_id, "user_id": user_id, "choice": choice}
        async with self._database.write_transaction(_part(round_id)) as connection:
            found = await _find(connection, round_id)
            if found is None or found.ended or found.ends_at <= at:
                return found
            if not await find_forgotten(connection, [Act("user", user_id, acted_at)]):
                await connection.execute(_choose(connection.dialect.name), row)
        return found

    @finish_if_cancelled
    async def end(self, round_id: int) -> RoundResult | None:
        """Ends a round and counts its guesses, unless it has ended already.

        Returns:
            The result; None if there is no such round.

        Raises:
            StoreError: It cannot be stored; the round goes on.
        """
        async with self._database.write_transaction(_part(round_id)) as connection:
            found = await _find(connection, round_id)
            if found is None:
                return None
            rows = await connection.execute(_CHOICES, {"round_id": round_id})
            choices = {row.user_id: row.choice for row in rows}
            if not found.ended:
                dialect = connection.dialect.name
                # In the order of ids, so that two rounds of a server cannot wait for each other.
                scores = _scores(found, choices)
                if scores:
                    await connection.execute(_count_score(dialect), scores)
                    await connection.execute(_count_figure(dialect), _figure(found, choices))
                await connection.execute(_END, {"the_id": round_id})
                found = await _find(connection, round_id)
        return None if found is None else RoundResult(found, choices)

    @finish_if_cancelled
    async def set_shown(self, round_id: int) -> None:
        """Notes that everybody can see the result: who chose what is deleted."""
        async with self._database.write_transaction(_part(round_id)) as connection:
            await connection.execute(_SET_SHOWN, {"the_id": round_id})
            await connection.execute(_FORGET_CHOICES, {"round_id": round_id})

    async def unfinished(self) -> list[Round]:
        """Returns the rounds whose result has not been shown, those that end first before."""
        async with self._database.reader("list") as connection:
            return [_round(row) for row in await connection.execute(_UNFINISHED)]

    async def board(self, guild_id: int, offset: int, limit: int) -> Page[GuessScore]:
        """Returns the members of a server by hit rate, those with few guesses last.

        Args:
            guild_id: The server.
            offset: How many members to skip.
            limit: How many to return at most.
        """
        values = {"guild_id": guild_id, "ranked": RANKED, "offset": offset, "limit": limit}
        async with self._database.reader("list") as connection:
            rows, total = split_total(await connection.execute(_BOARD, values))
        return Page([GuessScore(*row) for row in rows], total)

    async def score(self, guild_id: int | None, user_id: int) -> GuessScore | None:
        """Returns a member's score in a server, or outside servers; None without a guess."""
        values = {"guild_id": stored_guild_id(guild_id), "user_id": user_id}
        async with self._database.reader() as connection:
            row = (await connection.execute(_SCORE, values)).one_or_none()
        return None if row is None else GuessScore(*row)

    async def scores_of(self, user_id: int) -> dict[int, GuessScore]:
        """Returns a member's scores by server; 0 is outside servers."""
        async with self._database.reader("list") as connection:
            rows = await connection.execute(_SCORES_OF, {"user_id": user_id})
            return {guild_id: GuessScore(*score) for guild_id, *score in rows}

    async def figures(self) -> list[GuessFigure]:
        """Returns what the guesses say of each bundle, those with most guesses first."""
        async with self._database.reader() as connection:
            return [GuessFigure(*row) for row in await connection.execute(_FIGURES)]


def _part(round_id: int) -> str:
    """Returns what a transaction about a round writes."""
    return f"guess:{round_id}"


def _row(of: Round) -> dict[str, Any]:
    row = {column.name: getattr(of, column.name) for column in guess_round.columns}
    row |= {name: "\n".join(row[name]) for name in TEXTS}
    return row | {name: int(row[name]) for name in ("traditional", "ended", "shown")}


def _round(row: Row[Any]) -> Round:
    values = dict(row._mapping)
    del values["place_id"]
    values |= {name: tuple(values[name].split("\n")) for name in TEXTS}
    values |= {name: bool(values[name]) for name in ("traditional", "ended", "shown")}
    return Round(**values)


async def _find(connection: Any, round_id: int) -> Round | None:
    row = (await connection.execute(_ONE, {"the_id": round_id})).one_or_none()
    return None if row is None else _round(row)


def _scores(of: Round, choices: Mapping[int, int]) -> list[dict[str, int]]:
    return [
        {
            "guild_id": of.guild_id,
            "user_id": user_id,
            "guesses": 1,
            **dict.fromkeys(("hits", "streak", "best_streak"), int(choice == of.answer)),
        }
        for user_id, choice in sorted(choices.items())
    ]


def _figure(of: Round, choices: Mapping[int, int]) -> dict[str, Any]:
    fooled = sum(choice != of.answer for choice in choices.values())
    return {"bundle": of.bundle, "guesses": len(choices), "fooled": fooled}


# Statements, built once: building one takes longer than running it.
_THIS = guess_round.c.id == bindparam("the_id")
_HERE = guess_round.c.place_id == bindparam("place_id")
_ONE = select(guess_round).where(_THIS)
_USED = select(guess_round.c.poem_id).where(_HERE)
_RUNNING = select(guess_round).where(
    guess_round.c.channel_id == bindparam("channel_id"), guess_round.c.ended == 0
)
_UNFINISHED = (
    select(guess_round)
    .where(guess_round.c.shown == 0)
    .order_by(guess_round.c.ends_at, guess_round.c.id)
)
_SET_MESSAGE = update(guess_round).where(_THIS).values(message_id=bindparam("the_message"))
_ABANDON = delete(guess_round).where(_THIS, ~exists().where(guess.c.round_id == guess_round.c.id))
# Outside servers the host is kept: what else tells whose direct message a round was in?
_host_kept = case((guess_round.c.guild_id == 0, guess_round.c.host_id), else_=None)
_END = update(guess_round).where(_THIS).values(ended=1, host_id=_host_kept)
_SET_SHOWN = update(guess_round).where(_THIS, guess_round.c.ended == 1).values(shown=1)
_CHOICES = (
    select(guess.c.user_id, guess.c.choice)
    .where(guess.c.round_id == bindparam("round_id"))
    .order_by(guess.c.user_id)
)
_FORGET_CHOICES = delete(guess).where(guess.c.round_id == bindparam("round_id"))
_latest = select(guess_round.c.id).where(_HERE).order_by(guess_round.c.id.desc())
# The ids of rounds are of interactions, so that later rounds have greater ones.
_oldest_kept = _latest.limit(1).offset(bindparam("remembered") - 1).scalar_subquery()
_DELETE_SURPLUS = delete(guess_round).where(
    _HERE, guess_round.c.id < _oldest_kept, guess_round.c.shown == 1
)

_score = select(
    guess_score.c.user_id,
    guess_score.c.guesses,
    guess_score.c.hits,
    guess_score.c.streak,
    guess_score.c.best_streak,
)
_mine = guess_score.c.user_id == bindparam("user_id")
_members = _score.where(guess_score.c.guild_id == bindparam("guild_id"))
_SCORE = _members.where(_mine)
_SCORES_OF = (
    select(guess_score.c.guild_id, *_score.selected_columns)
    .where(_mine)
    .order_by(guess_score.c.guild_id)
)
_FIGURES = select(guess_figure.c.bundle, guess_figure.c.guesses, guess_figure.c.fooled).order_by(
    guess_figure.c.guesses.desc(), guess_figure.c.bundle
)


def _best_first(columns: Columns) -> Columns:
    rate = columns.hits / columns.guesses  # not an integer division, in either dialect
    return (
        (columns.guesses >= bindparam("ranked")).desc(),
        rate.desc(),
        columns.hits.desc(),
        columns.user_id,
    )


_BOARD = with_total(
    _members.order_by(*_best_first(guess_score.c))
    .limit(bindparam("limit"))
    .offset(bindparam("offset")),
    select(func.count())
    .select_from(guess_score)
    .where(guess_score.c.guild_id == bindparam("guild_id")),
    _best_first,
)


@cache
def _add(dialect: str) -> Insert:
    return insert(dialect, guess_round).on_conflict_do_nothing().inline()


@cache
def _choose(dialect: str) -> Insert:
    chosen = insert(dialect, guess)
    return chosen.on_conflict_do_update(
        index_elements=["round_id", "user_id"], set_={"choice": chosen.excluded.choice}
    )


@cache
def _count_score(dialect: str) -> Insert:
    counted, old = insert(dialect, guess_score), guess_score.c
    streak = case((counted.excluded.hits == 1, old.streak + 1), else_=0)
    return counted.on_conflict_do_update(
        index_elements=["guild_id", "user_id"],
        set_={
            "guesses": old.guesses + 1,
            "hits": old.hits + counted.excluded.hits,
            "streak": streak,
            "best_streak": later(old.best_streak, streak),
        },
    )


@cache
def _count_figure(dialect: str) -> Insert:
    counted, old = insert(dialect, guess_figure), guess_figure.c
    return counted.on_conflict_do_update(
        index_elements=["bundle"],
        set_={
            "guesses": old.guesses + counted.excluded.guesses,
            "fooled": old.fooled + counted.excluded.fooled,
        },
    )
