"""Pictures of verse, from the page."""

import datetime
import re
from html import unescape
from urllib.parse import urlencode

import aiohttp
import pytest
from lianju.bot.engine import open_local_engine
from lianju.bot.i18n import Localizer
from lianju.bot.picture import Card, PictureError, render
from lianju.bot.settings import Settings
from lianju.bot.verse import RequestError
from lianju.bot.web.server import configure

from .served import serving

LINE = "黄河远上白云间"
VERSE = ("白日依山尽", "黄河入海流")


@pytest.fixture
def settings():
    return {"web_rate": 0}


@pytest.fixture
async def client(page_bundle, settings):
    engine = open_local_engine(page_bundle, "cpu", 1)
    config = configure(engine, Settings(**settings))
    async with serving(config) as address, aiohttp.ClientSession(address) as session:
        yield session
    await engine.close()


async def get(client, **parameters):
    return await client.get(f"/picture?{urlencode(parameters)}")


async def test_a_picture_is_a_file_to_be_kept(client):
    parameters = {"title": "登楼", "date": "2026-11-30", "style": "night", "script": "traditional"}
    response = await get(client, verse="\r\n".join(VERSE), **parameters, utm_source="x")
    assert response.status == 200
    assert response.content_type == "image/png"
    assert response.headers["Content-Disposition"] == 'attachment; filename="lianju.png"'
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    date = datetime.date(2026, 11, 30)
    card = Card(lines=VERSE, title="登楼", date=date, style="night", script="traditional")
    assert await response.read() == render(card)


async def test_the_page_offers_a_picture_of_each_answer(client):
    source = await (await client.get(f"/?{urlencode({'line': LINE})}")).text()
    forms = re.findall(r'<form action="picture">.*?</form>', source, re.DOTALL)
    assert len(forms) == 5
    for form in forms:
        fields = {k: unescape(v) for k, v in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        styles = re.findall(r'name="style" value="(\w+)"', form)
        assert styles == ["paper", "ink", "night"]
        given, new = fields["verse"].split("\n")
        assert given == LINE
        response = await get(client, **fields)
        date = datetime.date.fromisoformat(fields["date"])
        assert await response.read() == render(Card(lines=(given, new), date=date, style="night"))


async def test_an_acrostic_has_its_characters_as_the_title(client):
    source = await (await client.get(f"/?{urlencode({'heads': '山海', 'chars': '5'})}")).text()
    assert source.count('<input type="hidden" name="title" value="山海">') == 5


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, PictureError("picture-empty")),
        ({"verse": "，"}, PictureError("picture-empty")),
        ({"verse": "山" * 61}, PictureError("picture-line", size=61, most=60)),
        ({"verse": "山\n" * 25}, PictureError("picture-lines", size=25, most=24)),
        ({"verse": "山", "title": "山" * 41}, PictureError("picture-title", size=41, most=40)),
        ({"verse": "山", "date": "tomorrow"}, PictureError("picture-date", value="tomorrow")),
        (
            {"verse": "山", "style": "gold"},
            RequestError("unknown-choice", value="gold", choices="paper, ink, night"),
        ),
    ],
)
async def test_bad_input_is_told_in_the_page(client, parameters, error):
    response = await get(client, **parameters)
    assert response.status == 422
    text = unescape(await response.text())
    assert Localizer("en").format(error.key, **error.facts) in text


async def test_pictures_count_as_answers_of_an_address(page_bundle):
    engine = open_local_engine(page_bundle, "cpu", 1)
    config = configure(engine, Settings(web_rate=2))
    async with serving(config) as address, aiohttp.ClientSession(address) as session:
        statuses = [(await get(session, verse="山")).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        refused = await get(session, verse="山")
        assert int(refused.headers["Retry-After"]) > 0
        assert (await session.get(f"/?{urlencode({'line': LINE})}")).status == 429
    await engine.close()


async def test_a_full_queue_is_429(client, monkeypatch):
    async def refuse(self, card):
        raise PictureError("picture-busy")

    monkeypatch.setattr("lianju.bot.picture.pictures.Pictures.draw", refuse)
    response = await get(client, verse="山")
    assert (response.status, response.headers["Retry-After"]) == (429, "1")
