"""A bundle replaced on disk: nothing changes until the operator asks for it."""

import asyncio
import os
import pty
import shutil
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from lianju.bot.engine import local as opening
from lianju.bot.i18n import LANGUAGES, messages
from lianju.bot.resources import open_resources
from lianju.bot.settings import Settings
from lianju.bot.verse import BundleError, BusyError, Request
from lianju.bot.verse.text import prompt

from ..verse.toy import Toy, read_manifest, write_manifest
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import button
from .interactions import HANGS_S, custom_ids, poem, slash, texts
from .process import serving

LINE = "黄河远上白云间"


def replace(bundle, version="0.0.2", seed=1):
    """Overwrites a bundle in its place with one that answers otherwise."""
    Toy(seed=seed).write(bundle)
    write_manifest(bundle, read_manifest(bundle) | {"version": version})


async def ask(fake, data, **place):
    return await (await fake.send(fake.interaction(data, **place))).answered()


async def answering_version(fake, user):
    return texts(await ask(fake, poem(LINE), user=user))[-1].split("\n")[0].removeprefix("-# toy ")


async def reload(served, version):
    served.signal(signal.SIGHUP)
    await served.logs(f"loaded bundle=toy version={version}")


class TestProcess:
    async def test_sighup_loads_the_new_bundle(self, fake, settings, bundle):
        async with serving(**settings) as served:
            await served.online(fake.ready)
            before = texts(await ask(fake, poem(LINE), user=1))[1:-1]
            replace(bundle)
            assert await answering_version(fake, 2) == "0.0.1"
            await reload(served, "0.0.2")
            assert await answering_version(fake, 3) == "0.0.2"
            assert texts(await ask(fake, poem(LINE), user=4))[1:-1] != before
            assert "toy 0.0.2" in texts(await ask(fake, slash("about")))[2]
            ended = await served.stop()
        assert ended.status == 0
        loaded = [line.split(": ", 1)[1] for line in ended.log.splitlines() if "loaded" in line]
        assert loaded == [
            "loaded bundle=toy version=0.0.1 provider=cpu threads=1",
            "loaded bundle=toy version=0.0.2 provider=cpu threads=1",
        ]
        assert fake.refusals == []

    async def test_invalid_bundle_is_not_loaded(self, fake, settings, bundle):
        async with serving(**settings) as served:
            await served.online(fake.ready)
            (bundle / "vocab.txt").write_text("altered", encoding="utf-8")
            served.signal(signal.SIGHUP)
            await served.logs("not reloaded")
            assert await answering_version(fake, 1) == "0.0.1"
            ended = await served.stop()
        (line,) = (line for line in ended.log.splitlines() if " ERROR " in line)
        assert "bundle not reloaded: " in line
        assert "vocab.txt has 7 bytes" in line

    async def test_deleted_bundle_is_not_read(self, fake, settings, tmp_path):
        bundle = write_bundle_with_prosody(tmp_path / "learned", [(LINE, LINE[::-1])])
        async with serving(**settings | {"LIANJU_BUNDLE": bundle}) as served:
            await served.online(fake.ready)
            shutil.rmtree(bundle)
            message = await ask(fake, poem(LINE), user=1)
            assert f"||{LINE[::-1]}||" in texts(message)[-1]  # the known lines
            for user, mode in enumerate(("beam", "sampled"), 2):
                assert "components" in await ask(fake, poem(LINE, mode=mode), user=user)
            quatrain = await ask(fake, poem(LINE, form="jueju", rhyme="东"), user=4)
            assert custom_ids(quatrain, "lianju:heart:")
            typed = await fake.send(
                fake.complete(slash("poem", focused="rhyme", line=LINE, rhyme=""))
            )
            await typed.until(lambda: typed.acknowledged)
            assert typed.choices
            details = await fake.send(fake.press(message, button(message, "Details")))
            assert "toy 0.0.1" in texts(await details.answered())[0]
            assert "toy 0.0.1" in texts(await ask(fake, slash("about")))[2]
            served.signal(signal.SIGHUP)
            await served.logs("not reloaded")
            assert (await served.stop()).status == 0

    async def test_running_answer_is_finished_by_the_old_bundle(self, fake, settings, bundle):
        gate = fake.gates["/callback"] = asyncio.Event()
        async with serving(**settings) as served:
            await served.online(fake.ready)
            under_way = await fake.send(fake.interaction(poem(LINE), user=1))
            await fake.reached["/callback"].wait()
            replace(bundle)
            await reload(served, "0.0.2")
            gate.set()
            assert "-# toy 0.0.1" in texts(await under_way.answered())[-1]
            assert await answering_version(fake, 2) == "0.0.2"
            assert (await served.stop()).status == 0

    async def test_sighup_during_startup(self, fake, settings, bundle):
        gate = fake.gates["/users/@me"] = asyncio.Event()
        async with serving(**settings) as served:
            await served.online(fake.reached["/users/@me"])
            served.signal(signal.SIGHUP)
            gate.set()
            await served.online(fake.ready)
            ended = await served.stop()
        assert ended.status == 0
        assert ended.log.count("loaded bundle=toy") == 2

    async def test_sighup_before_the_bot_is_online(self, fake, settings, bundle):
        gate = fake.gates["/commands"] = asyncio.Event()
        async with serving(**settings) as served:
            await served.online(fake.reached["/commands"])
            replace(bundle)
            await reload(served, "0.0.2")
            gate.set()
            await served.online(fake.ready)
            assert await answering_version(fake, 1) == "0.0.2"
            assert (await served.stop()).status == 0

    async def test_sighup_during_shutdown(self, fake, settings, bundle):
        gate = fake.gates["@original"] = asyncio.Event()
        async with serving(**settings) as served:
            await served.online(fake.ready)
            under_way = await fake.send(fake.interaction(poem(LINE)))
            await fake.reached["@original"].wait()
            served.signal(signal.SIGTERM)
            await served.logs("stopping")
            served.signal(signal.SIGHUP)
            await served.logs("not reloaded")
            gate.set()
            assert (await under_way.answered())["components"]
            ended = await served.ended()
        assert (ended.status, ended.out) == (0, "")
        assert "Traceback" not in ended.log

    async def test_sighup_of_a_closed_terminal_stops_the_bot(self, fake, settings):
        ours, theirs = pty.openpty()
        async with serving(stdin=theirs, **settings) as served:
            await served.online(fake.ready)
            served.signal(signal.SIGHUP)
            await served.logs("loaded bundle")
            os.close(theirs)
            os.close(ours)
            served.signal(signal.SIGHUP)
            await served.logs("stopping")
            served.signal(signal.SIGHUP)
            assert (await served.ended()).status == 0


def engines():
    return [thread for thread in threading.enumerate() if thread.name == "lianju-engine"]


@asynccontextmanager
async def opened(bundle, tmp_path):
    settings = Settings(
        bundle=bundle,
        provider="cpu",
        threads=1,
        database=f"sqlite+aiosqlite:///{tmp_path}/other.sqlite3",
    )
    resources = await open_resources(settings)
    try:
        yield resources
    finally:
        await resources.close()


async def test_no_dictionary_is_read_by_the_first_request(bundle, tmp_path, monkeypatch):
    """Reading one takes 20 to 100 ms, in which the event loop would stand still."""
    prompt._converter.cache_clear()
    async with opened(bundle, tmp_path) as resources:
        monkeypatch.setattr(prompt, "OpenCC", None)
        for script in ("auto", "simplified", "traditional"):
            resources.engine.composer.compose_now(Request("黃河遠上白雲間", script=script))


class Loading:
    """Stands in for what opens a bundle; it waits until it may."""

    def __init__(self, monkeypatch):
        self.may_go_on, self._open = threading.Event(), opening.open_composer
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.opened = []
        monkeypatch.setattr(opening, "open_composer", self)

    def __call__(self, *arguments):
        self._loop.call_soon_threadsafe(self.begun.set)
        self.may_go_on.wait()
        self.opened.append(self._open(*arguments))
        return self.opened[-1]


class TestResources:
    async def test_no_interaction_waits_for_messages_to_be_read(self, bundle, tmp_path):
        messages.cache_clear()
        async with opened(bundle, tmp_path):
            assert messages.cache_info().currsize == len(LANGUAGES)

    async def test_old_composer_answers_while_the_new_one_is_loaded(
        self, bundle, tmp_path, monkeypatch
    ):
        async with opened(bundle, tmp_path) as resources:
            loading = Loading(monkeypatch)
            replace(bundle)
            reload = asyncio.create_task(resources.reload())
            await loading.begun.wait()
            answer = await resources.engine.compose(Request(LINE), 30)
            assert answer.bundle_version == "0.0.1"
            loading.may_go_on.set()
            await reload
            answer = await resources.engine.compose(Request(LINE), 30)
            assert answer.bundle_version == "0.0.2"

    async def test_old_composer_is_freed_after_its_last_answer(self, bundle, tmp_path):
        async with opened(bundle, tmp_path) as resources:
            await resources.engine.compose(Request(LINE), 30)
            (engine,) = engines()
            old = resources.engine.composer
            accepted, may_go_on = asyncio.Event(), asyncio.Event()

            async def wait():
                accepted.set()
                await may_go_on.wait()

            under_way = asyncio.create_task(resources.engine.compose(Request(LINE), 30, None, wait))
            await accepted.wait()
            freed, loop = asyncio.Event(), asyncio.get_running_loop()
            weakref.finalize(old._model, loop.call_soon_threadsafe, freed.set).atexit = False
            await resources.reload()
            (retiring,) = resources.engine._closing_composers.values()
            may_go_on.set()
            assert (await under_way).candidates
            await retiring
            assert not engine.is_alive()
            with pytest.raises(BusyError):
                await old.compose(Request(LINE), 30)
            del old, retiring, under_way
            async with asyncio.timeout(HANGS_S):  # the thread that closed it may be the last
                await freed.wait()
        assert engines() == []

    async def test_failed_reload_changes_nothing(self, bundle, tmp_path):
        async with opened(bundle, tmp_path) as resources:
            before = resources.engine.composer
            (bundle / "step.onnx").unlink()
            with pytest.raises(BundleError) as caught:
                await resources.reload()
            assert caught.value.key == "bundle-missing-file"
            assert resources.engine.composer is before
            assert (await before.compose(Request(LINE), 30)).candidates

    async def test_concurrent_reloads_run_one_after_the_other(self, bundle, tmp_path, monkeypatch):
        async with opened(bundle, tmp_path) as resources:
            await resources.engine.compose(Request(LINE), 30)
            loading = Loading(monkeypatch)
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
            reloads = [asyncio.create_task(resources.reload()) for _ in range(2)]
            await loading.begun.wait()
            try:
                async with asyncio.timeout(HANGS_S):
                    await asyncio.to_thread(int)  # one of two threads is free
            finally:
                loading.may_go_on.set()
            await asyncio.gather(*reloads)
            assert resources.engine.composer is loading.opened[1]
            await asyncio.gather(*resources.engine._closing_composers.values())
            assert engines() == []
            assert (await resources.engine.compose(Request(LINE), 30)).candidates

    async def test_close_during_reload(self, bundle, tmp_path, monkeypatch):
        async with opened(bundle, tmp_path) as resources:
            before, loading = resources.engine.composer, Loading(monkeypatch)
            reload = asyncio.create_task(resources.reload())
            await loading.begun.wait()
            await resources.close()
            loading.may_go_on.set()
            with pytest.raises(BusyError):
                await reload
            assert resources.engine.composer is before
            with pytest.raises(BusyError):
                await resources.reload()
        assert engines() == []
