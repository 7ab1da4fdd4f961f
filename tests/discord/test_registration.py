"""The fake Discord refuses what Discord would refuse to register."""

import pytest

from .registration import registration_fault


def command(**changes):
    typed = {"type": 1, "name": "find", "description": "Finds.", "options": [option()]}
    return typed | changes


def option(**changes):
    return {"type": 3, "name": "line", "description": "A line."} | changes


def choice(**changes):
    return {"name": "a", "value": "a"} | changes


def with_options(*options):
    return [command(options=list(options))]


LONG = [choice(name="x" * 100, value="y" * 100)] * 20


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([command(), command()], "must be unique"),
        ([command(name=f"c{number}") for number in range(101)], "Maximum number"),
        ([command(name="Find")], "name is invalid"),
        ([command(name="two words")], "name is invalid"),
        ([command(name="x" * 33)], "name is invalid"),
        ([command(name_localizations={"zh-CN": "查 找"})], "name is invalid"),
        ([command(description="")], "between 1 and 100"),
        ([command(description_localizations={"zh-TW": "x" * 101})], "between 1 and 100"),
        (with_options(option(), option()), "already exists"),
        (with_options(*(option(name=f"o{number}") for number in range(26))), "25 or fewer"),
        (with_options(option(), option(name="other", required=True)), "Required options"),
        (with_options(option(), option(name="sub", type=1)), "mutually exclusive"),
        (with_options(option(choices=[choice(name="x" * 101)])), "between 1 and 100"),
        (with_options(option(choices=[choice(value="x" * 101)])), "between 1 and 100"),
        (with_options(option(choices=[choice()] * 26)), "25 or fewer"),
        (with_options(option(choices=[choice()], autocomplete=True)), "mutually exclusive"),
        (with_options(option(choices=LONG), option(name="o", choices=LONG)), "more than 8000"),
        ([command(type=3, name="Find this")], "cannot have description"),
        ([command(type=3, name="x" * 33, description="", options=[])], "between 1 and 32"),
    ],
)
def test_payload_beyond_a_limit_is_refused(commands, words):
    assert words in registration_fault(commands)


def test_payload_within_the_limits_is_accepted():
    menu = command(type=3, name="Find this", description="", options=[])
    assert registration_fault([command(), menu, command(name="查找")]) is None
