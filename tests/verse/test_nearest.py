"""The nearest schemes and the rhyme of most lines, against counting by hand."""

import random
from itertools import product

import pytest
from lianju.bot.verse.prosody.forms import Scheme, all_schemes
from lianju.bot.verse.prosody.nearest import most_shared_groups, nearest_schemes

from .clinic_readings import TOY

# What TOY says of each character: its tones, and its level groups. 谜 is unknown.
TONES = {
    "平": "平",
    "东": "平",
    "冬": "平",
    "江": "平",
    "钟": "平",
    "仄": "仄",
    "两": "平仄",
    "谜": "平仄",
}
RHYMES = {"平": "东", "东": "东", "两": "东", "冬": "冬", "江": "江", "钟": "冬江"}
NAMES = {"level": "平", "oblique": "仄"}
OTHER = {"平": "仄", "仄": "平"}
REGULAR = {"仄仄": ".仄平平仄", "平平": "平平.仄平", "平仄": ".平平仄仄", "仄平": ".仄仄平平"}
SWAPPED = "平平仄平仄"  # in the place of .平平仄仄


def can_be(line, pattern):
    return all(tone == "." or tone in TONES[each] for each, tone in zip(line, pattern, strict=True))


def wanted(scheme, number):
    """The tones at the second and the last place of a line, and whether it rhymes."""
    opening, rhyme = NAMES[scheme.opening], NAMES[scheme.rhyme_tone]
    rhymes = number % 2 == 1 or (number == 0 and scheme.first_rhymes)
    second = opening if number % 4 in (0, 3) else OTHER[opening]
    return second, rhyme if rhymes else OTHER[rhyme], rhymes


def fitting(lines, scheme):
    """Which lines fit in their second, fourth and last place, or as a rescued departure."""
    found = []
    for number, line in enumerate(lines):
        second, last, rhymes = wanted(scheme, number)
        after = lines[number + 1 : number + 2]
        is_rescued = not after or "平" in TONES[after[0][2]]
        bold = (second, last) == ("仄", "仄") and not rhymes and is_rescued
        found.append(
            can_be(line, f".{second}.{OTHER[second]}{last}")
            or ((second, last) == ("平", "仄") and can_be(line, SWAPPED))
            or (bold and can_be(line, f".{second}.{second}{last}"))
        )
    return found


def departures(lines, scheme):
    """How many lines are regular but for a departure that is accepted; 2 for any other one."""
    count = 0
    for number, line in enumerate(lines):
        second, last, _ = wanted(scheme, number)
        licensed = {"仄仄": ".仄仄平仄", "平平": "仄平平仄平", "平仄": SWAPPED, "仄平": "?????"}
        if not can_be(line, REGULAR[second + last]):
            alike = [licensed[second + last], *(["平平仄仄仄"] if second + last == "平仄" else [])]
            count += 1 if any("?" not in p and can_be(line, p) for p in alike) else 2
    return count


def share_a_rhyme(lines, scheme):
    if scheme.rhyme_tone == "oblique":  # TOY has one oblique group
        return True
    ends = [
        {*RHYMES[line[-1]]}
        for number, line in enumerate(lines)
        if wanted(scheme, number)[2] and line[-1] in RHYMES
    ]
    return not ends or bool(set.intersection(*ends))


def poems(count):
    """Poems near a scheme, which some of their lines leave."""
    generator = random.Random(5)  # noqa: S311 - no secret
    for _ in range(count):
        scheme = generator.choice(all_schemes(5))
        poem = []
        for number in range(generator.choice((1, 2, 3, 4, 8))):
            second, last, _ = wanted(scheme, number)
            wish = generator.choice((REGULAR[second + last], SWAPPED, "." * 5))
            pools = [[c for c in TONES if each in (".", *TONES[c])] for each in wish]
            poem.append("".join(map(generator.choice, pools)))
        yield poem


def test_the_nearest_schemes_are_those_that_most_lines_fit_the_most_regular_first():
    seen = set()
    for poem in poems(400):
        for choice in (all_schemes(5), all_schemes(5)[3:6], all_schemes(5)[:1]):
            found = nearest_schemes(poem, choice, TOY)
            fits = {scheme: fitting(poem, scheme) for scheme in choice}
            most = max(map(sum, fits.values()))

            def key(scheme, poem=poem):
                is_oblique = scheme.rhyme_tone == "oblique"
                return is_oblique, not share_a_rhyme(poem, scheme), departures(poem, scheme)

            rivals = [scheme for scheme in choice if sum(fits[scheme]) == most]
            best = min(rivals, key=key)  # the first of equals
            assert found[0] == best, poem
            alike = [s for s in rivals if fits[s] == fits[best] and s.rhyme_tone == best.rhyme_tone]
            assert list(found) == sorted(alike, key=key), poem
            seen.add((len(found), most == len(poem)))
    assert len(seen) > 4


ENDS = "东冬江钟仄谜"


@pytest.mark.parametrize("first_rhymes", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_the_most_shared_groups_are_those_of_most_even_lines(count, first_rhymes):
    names = "东冬江"
    scheme = Scheme(5, "level", first_rhymes)
    for ends in product(ENDS, repeat=1 + count // 2):  # of the first line, and of the even ones
        first, *even = ends
        lines = ["平平平平" + (first if n == 0 else "仄") for n in range(count)]
        lines[1::2] = ["平平平平" + end for end in even]
        read = [RHYMES[end] for end in even if end in RHYMES]
        times = {name: sum(name in own for own in read) for name in names}
        most = max(times.values())
        if not read:
            expected = {*RHYMES.get(first, "")} if first_rhymes else set()
        elif most == len(read):
            expected = {name for name in names if times[name] == most}
            narrowed = expected & {*RHYMES.get(first, "")}
            expected = narrowed if first_rhymes and narrowed else expected
        else:
            leading = {name for name in names if times[name] == most}
            expected = next(leading & {*own} for own in read if leading & {*own})
        found = most_shared_groups(lines, scheme, TOY)
        assert (found and {TOY.groups[group] for group in found}) == (expected or None), ends
