"""A reference implementation of favorites: a list that is searched for every query."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    user: int
    guild: int | None
    verse: tuple[str, str]
    author: int | None
    at: int


class Reference:
    """Favorites in the order of keeping, and `couplets` in the order of their arrival."""

    def __init__(self):
        self.kept = []
        self.couplets = []

    def toggle(self, user, guild, couplet, author, at):
        for each in self.kept:
            if (each.user, each.guild, each.verse) == (user, guild, couplet):
                self.kept.remove(each)
                self._tidy()
                return False
        self.kept.append(Kept(user, guild, couplet, author, at))
        self._tidy()
        return True

    def forget(self, user):
        mine = [each for each in self.kept if each.user == user]
        self.kept = [
            Kept(k.user, k.guild, k.verse, None if k.author == user else k.author, k.at)
            for k in self.kept
            if k.user != user
        ]
        self._tidy()
        return len(mine)

    def hearts(self, guild, couplet, since=0):
        return sum(each.verse == couplet for each in self._here(guild, since))

    def page(self, user, oldest_first):
        mine = [each for each in self.kept if each.user == user]
        mine = sorted(mine, key=lambda each: each.at)  # stable: of one second in order of keeping
        return mine if oldest_first else mine[::-1]

    def loved_couplets(self, guild, since):
        here = self._here(guild, since)

        def order(couplet):
            times = [each.at for each in here if each.verse == couplet]
            return -len(times), min(times), self.couplets.index(couplet)

        ranking = sorted({each.verse for each in here}, key=order)
        return [(couplet, -order(couplet)[0], self._author(guild, couplet)) for couplet in ranking]

    def loved_members(self, guild, since):
        hearts = {}
        for each in self._here(guild, since):
            if each.author not in (None, each.user):
                hearts[each.author] = hearts.get(each.author, 0) + 1
        return sorted(hearts.items(), key=lambda item: (-item[1], item[0]))

    def _author(self, guild, couplet):
        known = [
            (each.at, each.author)
            for each in self._here(guild, 0)
            if each.verse == couplet and each.author is not None
        ]
        return min(known)[1] if known else None

    def _here(self, guild, since):
        return [each for each in self.kept if each.guild == guild and each.at >= since]

    def _tidy(self):
        held = {each.verse for each in self.kept}
        self.couplets = [each for each in self.couplets if each in held]
        self.couplets += [each.verse for each in self.kept if each.verse not in self.couplets]
