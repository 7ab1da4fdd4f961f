"""Who acts where in one event, and the words that members use."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..discord.interactions import ADMIN, Exchange, Json
from ..discord.soak import LINES
from .checks import CANARY, MEMBER, SERVER
from .conversations import Conversations
from .faulty_discord import FaultyDiscord
from .ledger import Ledger
from .plays import Plays
from .report import Report

MEMBERS, SERVERS = 24, 6  # at a time
CHANNELS = 3  # of a server, where members play
LOCALES = ("en-US", "zh-CN", "zh-TW", "de")
MARKS = 0x2A700  # one rare character for each member, unknown to every bundle
ODD = (
    "",
    " ",
    "\ud800",
    "黄河\udfff上",
    "\x00黄河",
    f"{CANARY} {{ $line }} %s %n {{0}}",
    f"'; DROP TABLE favourite; -- {CANARY}",
    "[" * 2000 + "](" * 1000,
    "黄" * 500,
    "黄河\n" * 40,
    "‮黄河远上白云间‬",
    "黄\u034f河\u3164远\u2800上白云间",
    "👨‍👩‍👧‍👦" * 20,
    "@everyone <@&1> <@1> 黄河",
    "||黄河||远上**白云**间",
    "lianju:heart:2:1:-9.0::",
    "龘" * 7,
    "黃河遠上白雲間，一片孤城萬仞山。",
    "=1+1",
    "é" * 90,
)


@dataclass
class Answer:
    """An answer in a channel, whose buttons anybody may press."""

    message: Json
    guild: int | None
    asker: int


@dataclass
class Channel:
    """A table or a round in its channel, where any member of the server plays."""

    message: Json
    guild: int | None
    channel: int


@dataclass
class World:
    """Members, servers and messages, across all lives of the process.

    Attributes:
        members: Who acts at present.
        guilds: Where the bot is.
        answers: The latest answers, and some old ones.
        tables: Tables of linked verse, by their numbers.
        rounds: The latest rounds of `/guess`.
        plays: What must be stored of them.
    """

    members: list[int] = field(default_factory=lambda: [MEMBER + n for n in range(MEMBERS)])
    guilds: list[int] = field(default_factory=lambda: [SERVER + n for n in range(SERVERS)])
    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=60))
    old_answers: list[Answer] = field(default_factory=list)
    tables: dict[int, Channel] = field(default_factory=dict)
    rounds: deque[Channel] = field(default_factory=lambda: deque(maxlen=12))
    plays: Plays = field(default_factory=Plays)
    _joined: int = 0
    _opened: int = 0

    def replace_member(self, member: int) -> None:
        """A member who will never act again is followed by another one."""
        self._joined += 1
        self.members[self.members.index(member)] = MEMBER + MEMBERS + self._joined

    def replace_guild(self, guild: int) -> int:
        """A server that the bot left for ever is followed by another one."""
        self._opened += 1
        self.guilds[self.guilds.index(guild)] = SERVER + SERVERS + self._opened
        return SERVER + SERVERS + self._opened

    def show(self, answer: Answer, rng: random.Random) -> None:
        self.answers.append(answer)
        if len(self.old_answers) < 40:
            self.old_answers.append(answer)
        elif rng.random() < 0.05:
            self.old_answers[rng.randrange(40)] = answer


@dataclass
class Scene:
    """One event: a member in a place, with the dice of the event.

    Attributes:
        rng: Depends on the seed and the number of the event alone.
        event: Its number.
        read_favorite: Returns the key of a favorite by its id, read from the file.
        read_verse: Likewise the lines of a verse.
        is_on_disk: Whether a member's id is in the files, though nobody else reads them.
    """

    rng: random.Random
    event: int
    world: World
    ledger: Ledger
    report: Report
    fake: FaultyDiscord
    conversations: Conversations
    read_favorite: Callable[[int], tuple[int, int, str, str] | None]
    read_verse: Callable[[int], tuple[str, str] | None]
    is_on_disk: Callable[[int], bool]

    def __post_init__(self) -> None:
        rng = self.rng
        self.member = rng.choice(self.world.members)
        self.guild: int | None = rng.choice([*self.world.guilds, None])
        self.place: Json = {
            "user": self.member,
            "guild": self.guild,
            "locale": rng.choice(LOCALES),
            "permissions": rng.choice([0, ADMIN]),
            "installed_by_user": rng.random() < 0.1,
        }

    async def command(self, kind: str, data: Json) -> Exchange | None:
        return await self._hold(kind, lambda: self.fake.interaction(data, **self.place))

    async def type(self, kind: str, data: Json) -> Exchange | None:
        return await self._hold(kind, lambda: self.fake.complete(data, **self.place))

    async def menu(self, kind: str, name: str, message: Json) -> Exchange | None:
        return await self._hold(kind, lambda: self.fake.menu(name, message, **self.place))

    async def press(
        self, kind: str, message: Json, custom_id: str, values: list[Any] | None = None
    ) -> Exchange | None:
        def payload() -> Json:
            return self.fake.press(message, custom_id, values, **self.place)

        return await self._hold(kind, payload)

    async def submit(self, kind: str, opened: Exchange, values: dict[str, str]) -> Exchange | None:
        return await self._hold(kind, lambda: self.fake.submit(opened, values, **self.place))

    async def _hold(self, kind: str, payload: Callable[[], Json]) -> Exchange | None:
        if self.guild is not None and self.guild not in self.world.guilds:
            return None  # the bot has left it meanwhile
        return await self.conversations.hold(kind, self.event, payload())

    def go_to(self, guild: int | None, channel: int | None = None) -> None:
        """Acts in another place from now on."""
        self.guild = self.place["guild"] = guild
        if channel is not None:
            self.place["channel"] = channel

    def sit(self) -> None:
        """Goes to one of the channels where members play."""
        if self.guild is None:
            self.place["channel"] = 10**6 + self.member - MEMBER  # of direct messages
        else:
            self.place["channel"] = self.guild + 1000 * self.rng.randint(1, CHANNELS)

    @property
    def is_gone(self) -> bool:
        """Whether the member has asked to be forgotten meanwhile."""
        return self.member not in self.world.members

    def line(self) -> str:
        """A line of verse, some with a character that this member alone uses."""
        line = self.rng.choice(LINES)
        if self.rng.random() < 0.4:
            place = self.rng.randrange(len(line))
            line = line[:place] + self.mark + line[place + 1 :]
        return line

    @property
    def mark(self) -> str:
        return chr(MARKS + (self.member - MEMBER) % 4000)

    def text(self) -> str:
        """A line of verse, or something odd."""
        return self.rng.choice(ODD) if self.rng.random() < 0.15 else self.line()
