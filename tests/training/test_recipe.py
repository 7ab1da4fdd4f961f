import pytest
from lianju.training.errors import RecipeError
from lianju.training.optimizer import rate_share
from lianju.training.progress import Budget, Progress
from lianju.training.recipe import load_recipe, preset_names


def test_every_preset_is_valid():
    assert {"seed", "tiny", "tang", "release", "couplet", "tiny-pairs"} <= set(preset_names())
    for name in preset_names():
        assert load_recipe(name).name == name


def test_the_seed_preset_is_the_classic_recipe():
    seed = load_recipe("seed")
    model, batch, data, run = seed.model, seed.batch, seed.data, seed.run
    assert (model.cell, model.layers, model.embedding_size, model.hidden_size) == (
        "lstm",
        2,
        256,
        256,
    )
    assert (batch.size, run.epochs, run.log_every, run.save_every) == (32, 50, 50, 50)
    assert (seed.optimizer.name, seed.optimizer.learning_rate) == ("adam", 1e-3)
    assert (seed.optimizer.weight_decay, seed.optimizer.schedule) == (1e-3, "constant")
    assert (seed.averaging.window, seed.averaging.maximum) == (0.5, 10_000)
    assert (data.minimum_length, data.maximum_length, data.overlong) == (3, 100, "drop")
    assert (data.lowercase, data.line_tokens, data.minimum_count) == (True, False, 1)
    assert data.maximum_vocabulary == 51_198 + 2


def test_overrides_have_toml_types():
    recipe = load_recipe(
        "tiny", ("model.cell=gru", "optimizer.betas=[0.5, 0.9]", "batch.bucketing=false")
    )
    assert recipe.model.cell == "gru"
    assert recipe.optimizer.betas == (0.5, 0.9)
    assert recipe.batch.bucketing is False


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.hiden_size=3", "model.hiden_size: unknown key"),
        ("modle.layers=3", "modle: unknown key"),
        ("data.emphasis=3", "data.emphasis: unknown key, now data.oversampling"),
        ("run.passes=3", "run.passes: unknown key, now run.epochs"),
        ("optimiser.name=adam", "optimiser: unknown key, now optimizer"),
        ("model.initialisation=uniform", "model.initialisation: .* now model.initialization"),
        ("model.layers=3.5", "model.layers"),
        ("model.layers=two", "model.layers"),
        ("model.layers=0", "model.layers"),
        ("model.tied=1", "model.tied"),
        ("model.initialization=identity", 'is for cell "rnn" only'),
        ("model.attention=dot", 'attention is for kind "seq2seq" only'),
        ("model.kind=seq2seq", "Recipe tiny: pairs .* need data.line_tokens=false"),
        ("batch.tokens=100", "exactly one of size and tokens"),
        ("layers=3", "section.key=value"),
        ("name.x=3", "name"),
    ],
)
def test_a_wrong_override_is_one_sentence_naming_it(override, message):
    with pytest.raises(RecipeError, match=message) as error:
        load_recipe("tiny", (override,))
    assert "\n" not in str(error.value)


def test_an_unknown_preset_lists_the_known(tmp_path):
    with pytest.raises(RecipeError, match="seed, tang, tiny"):
        load_recipe("large")
    broken = tmp_path / "mine.toml"
    broken.write_bytes(b"[model]\n# \xff\n")
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_recipe(str(broken))
    broken.write_text("[model\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="not TOML"):
        load_recipe(str(broken))
    broken.write_text("[model]\nlayers = 3\n", encoding="utf-8")
    assert load_recipe(str(broken)).model.layers == 3


@pytest.mark.parametrize(
    ("schedule", "middle", "end"),
    [("constant", 1, 1), ("linear", 0.55, 0.1), ("cosine", 0.55, 0.1), ("wsd", 1, 0.1)],
)
def test_the_rate_rises_and_falls(schedule, middle, end):
    options = load_recipe("tiny").optimizer.model_copy(
        update={"schedule": schedule, "warmup": 9, "final": 0.1}
    )
    assert rate_share(options, 0, 0.0) == pytest.approx(0.1)
    assert rate_share(options, 9, 0.0) == pytest.approx(1)
    assert rate_share(options, 500, 0.5) == pytest.approx(middle)
    assert rate_share(options, 999, 1.0) == pytest.approx(end)


def test_the_rate_is_held_until_the_decay_begins():
    options = load_recipe("tiny").optimizer.model_copy(update={"schedule": "wsd", "decay": 0.4})
    shares = [rate_share(options, 99, progress) for progress in (0.0, 0.6, 0.8, 0.9)]
    assert shares == pytest.approx([1, 1, 0.5, 0.25])


def test_the_decay_moves_to_the_end_of_a_new_budget():
    options = load_recipe("tiny").optimizer.model_copy(update={"schedule": "wsd", "decay": 0.2})
    progress = Progress(update=50, tokens=900)
    shares = [
        rate_share(options, 50, Budget(epochs=1, tokens=tokens).share_done(progress, 100))
        for tokens in (1000, 2000, 900)
    ]
    assert shares == pytest.approx([0.5, 1, 0])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.stream=true", "need data.stream=false"),
        ("data.overlong=split", "need data.overlong=drop"),
        ("model.hidden_size=33", "hidden_size must be even"),
    ],
)
def test_what_an_encoder_decoder_cannot_be_is_one_sentence(override, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe("tiny-pairs", (override,))
    load_recipe("tiny-pairs", ("model.hidden_size=33", "model.bidirectional=false"))
