"""The engine in this process, and its bundle for couplets."""

import asyncio
import threading
from dataclasses import replace

import pytest
from lianju.bot.engine import LocalEngine, open_local_engine
from lianju.bot.verse import (
    Beam,
    BundleError,
    BusyError,
    Couplet,
    PromptError,
    Request,
    Rerank,
    SearchError,
    open_composer,
)

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..export.couplet_bundle import write_couplet_bundle
from ..verse.couplets import couplet_composer
from ..verse.toy import Toy

LINE = Request("春花夜月", Couplet(), Rerank())
POEM = Request("黄河远上白云间")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("bundles") / "toy")


class Opener:
    """Opens composers of couplets, or fails."""

    def __init__(self):
        self.opened, self.poems, self.error = [], [], None
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, poems):
        self.may_go_on.wait()
        if self.error is not None:
            raise self.error
        self.poems.append(poems)
        self.opened.append(couplet_composer())
        return self.opened[-1]


@pytest.fixture
def opener():
    return Opener()


@pytest.fixture
async def engine(bundle, opener):
    def open_it():
        return open_composer(bundle, "cpu", 1)

    engine = LocalEngine(open_it(), open_it, open_couplets=opener)
    yield engine
    opener.may_go_on.set()
    await engine.close()


async def test_the_first_request_for_a_couplet_opens_its_bundle(engine, opener):
    assert (await engine.compose(POEM, 60)).bundle_name == "toy"
    assert opener.opened == []
    opener.may_go_on.clear()
    asked = [asyncio.create_task(engine.compose(LINE, 60)) for _ in range(3)]
    assert (await engine.compose(POEM, 60)).bundle_name == "toy"  # meanwhile
    opener.may_go_on.set()
    first, *others = await asyncio.gather(*asked)
    assert first.bundle_name == "table"
    assert [each.candidates for each in others] == [first.candidates] * 2
    assert len(opener.opened) == 1
    assert (await engine.bundle()).name == "toy"


async def test_a_client_that_leaves_does_not_begin_the_loading_anew(engine, opener):
    opener.may_go_on.clear()
    leaves = asyncio.create_task(engine.compose(LINE, 60))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.wait({leaves})
    stays = asyncio.create_task(engine.compose(LINE, 60))
    await asyncio.sleep(0)
    opener.may_go_on.set()
    assert (await stays).candidates
    assert len(opener.opened) == 1


async def test_a_bundle_for_poems_is_refused_for_couplets(bundle, caplog):
    engine = open_local_engine(bundle, "cpu", 1, couplets=bundle)
    with pytest.raises(SearchError) as caught:
        await engine.compose(LINE, 60)
    assert caught.value.key == "couplets-unusable"
    assert str(bundle) in caplog.text
    await engine.close()


async def test_lines_of_the_bundle_for_poems_are_no_couplets(bundle, tmp_path):
    couplets = write_couplet_bundle(tmp_path)

    async def answer(poems, request):
        engine = open_local_engine(poems, "cpu", 1, couplets=couplets)
        found = await engine.compose(request, 60)
        await engine.close()
        return found

    request = replace(LINE, search=Beam(20), count=20)
    before = [each.text for each in (await answer(bundle, request)).candidates]
    first, second = [text for text in before if "猫" not in text][:2]  # which the poems lack
    poems = write_bundle_with_prosody(
        tmp_path / "poems", couplets=[(LINE.text, first)], lines=[second]
    )
    new = await answer(poems, request)
    assert new.corpus_continuation == first
    assert {first, second}.isdisjoint(each.text for each in new.candidates)
    allowed = (await answer(poems, replace(request, known="allow"))).candidates
    assert [each.text for each in allowed] == before
    assert {each.text for each in allowed if each.known == (True,)} == {first, second}


async def test_a_couplet_is_accepted_after_its_errors(engine):
    accepted = []

    async def accept():
        accepted.append(True)

    with pytest.raises(PromptError):
        await engine.compose(Request("春花", Couplet()), 60, None, accept)
    assert accepted == []
    assert (await engine.compose(LINE, 60, None, accept)).candidates
    assert accepted == [True]


async def test_a_damaged_bundle_is_tried_again(engine, opener, caplog):
    opener.error = BundleError("bundle-missing-file", path="/srv/couplet/step.onnx")
    for _ in range(2):
        with pytest.raises(SearchError) as caught:
            await engine.compose(LINE, 60)
        assert (caught.value.key, caught.value.facts) == ("couplets-unusable", {})
    assert caplog.text.count("/srv/couplet/step.onnx") == 2
    opener.error = None
    assert (await engine.compose(LINE, 60)).candidates


async def test_reload_replaces_a_bundle_that_is_open(engine, opener):
    await engine.reload()
    assert opener.opened == []
    before = await engine.compose(LINE, 60)
    await engine.reload()
    assert len(opener.opened) == 2
    assert opener.poems[1] is engine.composer.bundle is not opener.poems[0]
    assert (await engine.compose(LINE, 60)).candidates == before.candidates
    await asyncio.gather(*engine._closing_composers.values())
    with pytest.raises(BusyError):
        await opener.opened[0].compose(LINE, 60)


async def test_failed_reload_changes_nothing(engine, opener):
    await engine.compose(LINE, 60)
    composer = engine.composer
    opener.error = BundleError("bundle-missing-file", path="step.onnx")
    with pytest.raises(BundleError):
        await engine.reload()
    assert engine.composer is composer
    assert (await engine.compose(LINE, 60)).candidates


async def test_closing_ends_both(engine, opener):
    await engine.compose(LINE, 60)
    await engine.close()
    for request in (POEM, LINE):
        with pytest.raises(BusyError):
            await engine.compose(request, 60)
    with pytest.raises(BusyError):
        await opener.opened[0].compose(LINE, 60)


async def test_closed_engine_opens_no_bundle(engine, opener):
    await engine.close()
    with pytest.raises(BusyError):
        await engine.compose(LINE, 60)
    assert opener.opened == []
