"""The rules of the game, played through without Discord."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.errors import LianjuError
from lianju.bot.linked import FORMS, IDLE_S, MAX_PLAYERS, Line, open_table
from lianju.bot.verses import Verse

HOST, SECOND, THIRD, STRANGER = 1, 2, 3, 9
MINUTE = 60.0


def table(now=0.0, **options):
    return open_table(HOST, 5, 50, now, **{"form": "jueju5", **options})


def turns(*named, **options):
    return table(order="turns", minutes=10, named=named, **options)


def refused(key, act, *arguments, **options):
    with pytest.raises(LianjuError) as caught:
        act(*arguments, **options)
    assert caught.value.key == key
    return caught.value.facts


@pytest.mark.parametrize("form", FORMS)
def test_the_poem_is_complete_with_its_last_line(form):
    played = table(form=form)
    for number in range(FORMS[form].lines):
        assert played.state == "open"
        played = played.write(number % 3, "line", float(number))
    assert played.state == "finished"
    assert played.due_at == math.inf
    refused("linked-closed", played.write, HOST, "more", 99.0)
    refused("linked-closed", played.undo, 2, 99.0)
    assert played.verse == Verse.of(*["line"] * FORMS[form].lines)


def test_whoever_comes_first_writes_where_the_order_is_free():
    played = table().write(STRANGER, "a", 1.0).write(STRANGER, "b", 2.0).write(HOST, "c", 3.0)
    assert played.texts == ("a", "b", "c")
    assert played.player is None
    assert played.writers == {STRANGER: 1.0, HOST: 3.0}
    refused("linked-no-turns", played.skip, HOST, 4.0)
    refused("linked-no-turns", played.join, THIRD, 4.0)


def test_only_the_named_may_write():
    played = table(named=(SECOND,))
    refused("linked-not-invited", played.write, STRANGER, "a", 1.0)
    assert played.write(SECOND, "a", 1.0).texts == ("a",)


def test_one_writes_after_the_other():
    played = turns(SECOND, THIRD, form="lushi5")
    for number, user in enumerate((HOST, SECOND, THIRD, HOST, SECOND, THIRD)):
        assert played.player == user
        assert played.turn_ends_at == 60.0 * max(0, number - 1) + 600 or number == 0
        for other in {HOST, SECOND, THIRD} - {user}:
            facts = refused("linked-not-your-turn", played.write, other, "x", 0.0)
            assert facts == {"member": str(user)}
            refused("linked-not-your-turn", played.skip, other, 0.0)
        played = played.write(user, "x", 60.0 * number)
    refused("linked-not-invited", played.write, STRANGER, "x", 0.0)
    refused("linked-not-invited", played.join, STRANGER, 0.0)


def test_an_opening_of_the_host_is_the_hosts_turn():
    opening = Line("x", "member", HOST, 0.0)
    assert turns(SECOND).begin(opening, 0.0).player == SECOND
    assert turns(SECOND).begin(Line("x", "poet", None, 0.0, "who"), 0.0).player == HOST


@pytest.mark.parametrize("by", ["member", "lianju"])
def test_whoever_joins_after_a_line_of_the_only_player_is_next(by):
    played = turns().write(HOST, "x", 0.0, by)
    assert played.player == HOST  # who may go on alone
    joined = played.join(SECOND, 100.0)
    assert (joined.player, joined.turn_ends_at) == (SECOND, 700.0)
    opened = turns().begin(Line("x", "member", HOST, 0.0), 0.0)
    assert opened.join(SECOND, 100.0).player == SECOND
    by_a_poet = turns().begin(Line("x", "poet", None, 0.0, "who"), 0.0)
    assert by_a_poet.join(SECOND, 100.0).player == HOST
    assert played.undo(HOST, 50.0).join(SECOND, 100.0).player == HOST


def test_members_join_at_the_end():
    played = turns()
    assert played.turn_ends_at is None  # nobody waits for the only player
    refused("linked-join-first", played.write, SECOND, "x", 0.0)
    played = played.join(SECOND, 100.0)
    assert (played.player, played.turn_ends_at) == (HOST, 700.0)
    played = played.join(THIRD, 200.0)
    assert (played.player, played.turn_ends_at) == (HOST, 700.0)
    refused("linked-joined-already", played.join, THIRD, 300.0)
    for user in range(10, 10 + MAX_PLAYERS - 3):
        played = played.join(user, 0.0)
    refused("linked-full", played.join, STRANGER, 0.0)


def test_a_turn_times_out_and_a_missed_round_waits_for_anybody():
    played = turns(SECOND, THIRD)
    assert played.due_at == 600.0
    assert played.time_out(599.0) is played
    for user in (SECOND, THIRD):
        played = played.time_out(played.due_at)
        assert played.player == user
    played = played.time_out(played.due_at)
    assert played.is_round_missed
    assert played.player is None
    assert played.due_at == IDLE_S  # nobody is asked again every ten minutes
    refused("linked-not-invited", played.write, STRANGER, "x", 0.0)
    played = played.write(THIRD, "x", 5000.0)
    assert (played.player, played.turn_ends_at) == (HOST, 5600.0)


def test_a_late_writer_is_told_whose_turn_it_is():
    played = turns(SECOND).time_out(600.0)
    assert refused("linked-not-your-turn", played.write, HOST, "x", 601.0) == {"member": "2"}
    assert played.skip(SECOND, 601.0).player == HOST


def test_a_table_closes_after_a_day_without_anybody():
    played = table().write(HOST, "x", 1000.0)
    assert played.due_at == 1000.0 + IDLE_S
    assert played.time_out(999.0 + IDLE_S) is played
    closed = played.time_out(1000.0 + IDLE_S)
    assert (closed.state, closed.texts) == ("idle", ("x",))
    refused("linked-closed", closed.write, HOST, "x", 0.0)
    assert turns(SECOND).time_out(IDLE_S).state == "idle"  # after a night without the bot


@pytest.mark.parametrize("named", [(SECOND,), (SECOND, THIRD)])
def test_turns_of_a_whole_day_are_passed_on_until_all_have_missed_one(named):
    played = table(order="turns", minutes=24 * 60, named=named)
    for rounds, user in enumerate(named, 1):
        assert played.due_at == rounds * IDLE_S
        played = played.time_out(played.due_at)
        assert (played.state, played.player) == ("open", user)
    closed = played.time_out(played.due_at)
    assert (closed.state, played.due_at) == ("idle", (len(named) + 1) * IDLE_S)


def test_a_table_whose_players_were_all_deleted_waits_for_the_day():
    played = replace(turns(SECOND), players=())
    played = played.time_out(played.due_at)
    assert (played.turn_ends_at, played.due_at) == (None, IDLE_S)
    assert played.time_out(IDLE_S).state == "idle"
    joined = replace(turns(), players=()).join(THIRD, 100.0)
    assert (joined.player, joined.turn_ends_at) == (THIRD, None)


def test_a_line_is_taken_back_until_the_next_is_written():
    played = turns(SECOND).write(HOST, "a", 0.0)
    refused("linked-undo-not-yours", played.undo, SECOND, 0.0)
    undone = played.undo(HOST, 30.0)
    assert (undone.texts, undone.player, undone.turn_ends_at) == ((), HOST, 630.0)
    refused("linked-undo-not-yours", undone.undo, HOST, 30.0)
    refused("linked-undo-not-yours", played.write(SECOND, "b", 40.0).undo, HOST, 50.0)


def test_a_line_of_lianju_is_taken_back_by_who_chose_it_and_credits_nobody():
    played = table().write(HOST, "a", 0.0, by="lianju")
    assert played.writers == {}
    assert played.undo(HOST, 0.0).texts == ()


def test_those_who_take_part_end_the_poem():
    played = table().write(SECOND, "a", 0.0)
    refused("linked-finish-not-yours", played.finish, STRANGER, 1.0)
    for user, moderates in ((HOST, False), (SECOND, False), (STRANGER, True)):
        assert played.finish(user, 1.0, moderates=moderates).state == "finished"
    assert played.verse is None  # a single line is no verse to keep


def test_a_line_for_another_place_is_too_late():
    played = table().write(HOST, "a", 0.0)
    assert refused("linked-too-late", played.check_place, 0) == {"line": 1}
    played.check_place(1)
    refused("linked-closed", played.finish(HOST, 0.0).check_place, 0)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"form": "ballad"}, "unknown-choice"),
        ({"rules": "hard"}, "unknown-choice"),
        ({"order": "turns", "minutes": 0}, "request-range"),
        ({"order": "turns", "minutes": 1441}, "request-range"),
        ({"minutes": 5}, "linked-minutes-free"),
        ({"named": range(2, 3 + MAX_PLAYERS)}, "linked-full"),
    ],
)
def test_bad_options_are_refused(options, key):
    refused(key, table, **options)


ACTS = st.tuples(
    st.sampled_from(["write", "skip", "undo", "join", "time_out"]),
    st.integers(1, 4),
    st.integers(0, 900),
)


@given(st.lists(ACTS, max_size=40), st.sampled_from([(), (2, 3)]))
def test_whatever_members_do_the_table_is_in_order(acts, named):
    played, now, texts = turns(*named, form="pailu5"), 0.0, []
    for act, user, later in acts:
        now += later
        before = played
        try:
            if act == "write":
                played = played.write(user, f"{now}", now)
            elif act == "time_out":
                played = played.time_out(now)
            else:
                played = getattr(played, act)(user, now)
        except LianjuError:
            assert played is before
            continue
        if act == "write":
            assert before.player in (None, user)
            texts.append(f"{now}")
        elif act == "undo":
            assert before.lines[-1].user_id == user
            texts.pop()
        assert played.texts == tuple(texts)
        assert len(set(played.players)) == len(played.players)
        assert played.player is None or played.player in played.players
        if played.turn_ends_at is not None:
            assert played.state == "open"
            assert played.due_at <= played.turn_ends_at <= now + 600
