import json
from types import SimpleNamespace

import pytest
from lianju.bot.engine.bundle import describe_bundle
from lianju.bot.i18n import Localizer
from lianju.bot.ui.about import about_layout, help_layout
from lianju.bot.verse.model.bundle import default_directory, load_bundle

from ..verse.toy import Toy, read_manifest, write_manifest
from .commands import ask
from .interactions import EPHEMERAL, slash, texts

LANGUAGES = ("en", "zh-CN", "zh-TW")
EVERYWHERE = [{"guild": 42}, {"guild": None}, {"guild": 43, "installed_by_user": True}]


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_about_describes_the_model_in_private(place, fake, bot):
    message = await ask(fake, bot, slash("about"), **place)
    assert message["flags"] & EPHEMERAL
    text = "\n".join(texts(message))
    for said in ("toy 0.0.1", "runs on: CPU", "license: MIT"):
        assert said in text
    assert "perplexity" not in text  # nobody has measured the toy's


async def test_about_names_the_current_provider(fake, bot, composer):
    for provider in ("cuda", "cpu"):  # as when CUDA fails in service
        composer._model.provider = provider
        assert f"runs on: {provider.upper()}" in texts(await ask(fake, bot, slash("about")))[2]


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_help_is_private(place, fake, bot):
    message = await ask(fake, bot, slash("help"), **place)
    assert message["flags"] & EPHEMERAL
    assert texts(message)[0] == "### What I can do"


def said(layout):
    return json.dumps(layout.to_components(), ensure_ascii=False)


def described(directory, provider="cpu"):
    return describe_bundle(SimpleNamespace(bundle=load_bundle(directory), provider=provider))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_help_names_every_command(language, bot):
    text = said(help_layout(Localizer(language)))
    ours = {
        command.name
        for command in bot.tree.get_commands()
        if command.module and command.module.startswith("lianju")
    }
    assert {"poem", "about", "help"} <= ours
    for name in ours - {"Answer this line"}:
        assert f"`/{name}`" in text or f"（{name}）" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_about_does_not_describe_the_training_corpus(language):
    text = said(about_layout(Localizer(language), described(default_directory())))
    assert not any(name in text for name in ("Tang", "Song", "唐", "宋"))


def test_metrics_of_the_shipped_bundle_are_shown():
    bundle = described(default_directory(), "cuda")
    text = said(about_layout(Localizer("en"), bundle))
    assert f"{bundle.metrics['perplexity']['test']['han']:.0f} a character" in text
    assert "runs on: CUDA" in text


@pytest.mark.parametrize(
    "metrics",
    [{}, {"perplexity": 3}, {"perplexity": {"test": [1]}}, {"perplexity": {"test": {"all": "?"}}}],
)
def test_foreign_metrics_are_left_out(metrics, tmp_path):
    bundle = Toy().write(tmp_path / "toy")
    manifest = read_manifest(bundle) | {"metrics": metrics, "name": "@everyone `x`"}
    write_manifest(bundle, manifest)
    text = said(about_layout(Localizer("en"), described(bundle)))
    assert "perplexity" not in text
    assert r"\\@everyone \\`x\\`" in text  # as JSON writes a backslash
