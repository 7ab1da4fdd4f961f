"""Recipes: the settings of a training run, as typed TOML presets with overrides."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import RecipeError
from .precision import Precision

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, lt=10)]
Share = Annotated[float, Field(ge=0, lt=1)]


# Keys of versions before 0.2, for the message that refuses them.
_RENAMED = {
    "data.emphasis": "data.oversampling",
    "model.initialisation": "model.initialization",
    "optimiser": "optimizer",
    "run.passes": "run.epochs",
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Section):
    """How poems, or pairs of texts, become sequences of token ids."""

    line_tokens: bool = False  # the vocabulary has <s> (before a poem) and </l> (after each line)
    lowercase: bool = False
    minimum_length: Count = 1  # tokens of a poem, or of each side of a pair
    maximum_length: Count = 128
    overlong: Literal["drop", "split"] = "split"  # longer poems: left out, or cut into windows
    minimum_count: Count = 1  # rarer tokens become <unk>
    maximum_vocabulary: Count = 51_200  # special tokens included
    oversampling: Count = 1  # times that an epoch has each poem of the first part of the corpus
    stream: bool = False  # one continuous text; the state is carried from window to window
    window: Count = 64  # tokens, of a continuous text


class Model(_Section):
    """The shape of the model.

    Attributes:
        kind: "seq2seq" is an encoder-decoder, which answers a source by a target; "language"
            predicts the next token of one text.
        nonlinearity: Activation of the plain recurrent cell; LSTM and GRU ignore it.
        tied: The output layer shares the embedding's weights (Press & Wolf 2017); where the
            embedding is narrower than the hidden state, there is a projection between them.
        bias: Whether the recurrent layers and the output layer have biases.
        dropout: Probability, on the embedding, between the layers and before the output.
        initialization: "identity" is IRNN's (Le, Jaitly & Hinton 2015): recurrent weights the
            identity, biases zero; for the plain recurrent cell only.
        attention_heads: Heads of the attention over the last layer's earlier outputs; 0 is none.
        attention_size: Size of each head's keys and values.
        attention_window: How many outputs, the present one included, can be attended to.
        encoder_layers: Layers of the encoder, of the decoder's cell.
        bidirectional: Whether the encoder reads the source in both directions, with half of the
            hidden size each.
        attention: The decoder's attention over the encoder's outputs: "dot" (Luong and others
            2015), "additive" (Bahdanau and others 2015), or "none", where it sees the encoder's
            last state alone.
        memory_heads: Heads of that attention.
        memory_size: Size of each head's keys and values.
    """

    kind: Literal["language", "seq2seq"] = "language"
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    layers: Count = 2
    embedding_size: Count = 256
    hidden_size: Count = 256
    tied: bool = False
    bias: bool = True
    dropout: Share = 0.0
    initialization: Literal["uniform", "identity"] = "uniform"
    attention_heads: Annotated[int, Field(ge=0)] = 0
    attention_size: Count = 32
    attention_window: Count = 40
    encoder_layers: Count = 1
    bidirectional: bool = True
    attention: Literal["none", "dot", "additive"] = "none"
    memory_heads: Count = 4
    memory_size: Count = 32

    @property
    def is_relu(self) -> bool:
        """Whether the recurrent outputs are those of a ReLU, without an upper bound."""
        return self.cell == "rnn" and self.nonlinearity == "relu"

    @property
    def has_encoder(self) -> bool:
        """Whether it is an encoder-decoder, which learns from pairs."""
        return self.kind == "seq2seq"

    @property
    def has_memory(self) -> bool:
        """Whether its decoder attends to the encoder's outputs."""
        return self.has_encoder and self.attention != "none"

    @model_validator(mode="after")
    def _encoder_fits(self) -> Model:
        if not self.has_encoder and self.attention != "none":
            raise ValueError('attention is for kind "seq2seq" only')
        if self.has_encoder and self.bidirectional and self.hidden_size % 2:
            raise ValueError("hidden_size must be even, as each direction has half of it")
        return self

    @model_validator(mode="after")
    def _identity_needs_rnn(self) -> Model:
        if self.initialization == "identity" and self.cell != "rnn":
            raise ValueError('initialization "identity" is for cell "rnn" only')
        return self

    def config(self, vocabulary_size: int) -> ModelConfig:
        """Returns the configuration of a model with that many tokens."""
        return ModelConfig(vocabulary_size=vocabulary_size, **self.model_dump())


class ModelConfig(Model):
    """The shape of a model with its vocabulary, as a checkpoint and a graph store it."""

    vocabulary_size: Count

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Builds a configuration from the values in a checkpoint or a graph.

        Raises:
            ValueError: A key is missing or unknown, or a value is out of range.
        """
        renamed = {"initialisation": "initialization"}  # before version 0.2
        return cls(**{renamed.get(key, key): value for key, value in values.items()})


class Batch(_Section):
    """How poems are grouped into batches; exactly one of `size` and `tokens` is set."""

    size: Count | None = None  # poems
    tokens: Count | None = None  # tokens, padding included
    bucketing: bool = True  # poems of similar length share a batch

    @model_validator(mode="after")
    def _one_measure(self) -> Batch:
        if (self.size is None) == (self.tokens is None):
            raise ValueError("set exactly one of size and tokens")
        return self


class Optimizer(_Section):
    """How the weights are updated."""

    name: Literal["adam", "adamw", "muon"] = "adam"
    learning_rate: Rate = 1e-3  # muon: of embedding, output layer and biases
    matrix_learning_rate: Rate = 0.02  # muon only
    momentum: Share = 0.95  # muon only
    betas: Annotated[tuple[Share, Share], Field(strict=False)] = (0.9, 0.999)  # TOML has lists
    weight_decay: Annotated[float, Field(ge=0)] = 0.0  # L2 for adam, decoupled for the others
    clip: Annotated[float, Field(ge=0)] = 0.0  # largest norm of the gradient; 0 is no limit
    schedule: Literal["constant", "cosine", "linear", "wsd"] = "constant"
    warmup: Annotated[int, Field(ge=0)] = 0  # updates
    decay: Annotated[float, Field(gt=0, le=1)] = 0.2  # wsd only: last share of the run
    final: Share = 0.0  # final learning rate as a share of the full one


class Averaging(_Section):
    """Averaged weights over the last updates; see `averaging.WindowAverage`."""

    window: Annotated[float, Field(ge=0, le=1)] = 0.0  # share of all updates so far; 0: none
    minimum: Count = 1
    maximum: Count = 10_000


class Run(_Section):
    """Length, number format and logging of the run."""

    epochs: Count = 10
    seed: Annotated[int, Field(ge=0)] = 1
    precision: Precision = "fp32"  # auto: bf16 where the device is faster in it
    log_every: Count = 50  # updates
    save_every: Count = 500
    evaluate_every: Count = 1000
    samples: Annotated[int, Field(ge=0)] = 3  # texts sampled at each evaluation


class Recipe(_Section):
    """A complete recipe, named after its preset."""

    name: str = "custom"
    data: Data = Data()
    model: Model = Model()
    batch: Batch = Batch(size=32)
    optimizer: Optimizer = Optimizer()
    averaging: Averaging = Averaging()
    run: Run = Run()

    @model_validator(mode="after")
    def _pairs_are_read_whole(self) -> Recipe:
        if not self.model.has_encoder:
            return self
        for wrong, fix in (
            (self.data.stream, "stream=false"),
            (self.data.line_tokens, "line_tokens=false"),
            (self.data.overlong == "split", "overlong=drop"),
        ):
            if wrong:
                raise ValueError(f'pairs for kind "seq2seq" need data.{fix}')
        return self


def preset_names() -> list[str]:
    """Returns the names of the installed presets."""
    folder = files(__package__) / "presets"
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml"))


def load_recipe(preset: str, overrides: tuple[str, ...] = ()) -> Recipe:
    """Reads a recipe and applies overrides.

    Args:
        preset: The name of a preset, or the path of a TOML file.
        overrides: `section.key=value`, the value in TOML (a bare word is a string).

    Raises:
        RecipeError: No such preset, an unknown key, or a value of the wrong type.
    """
    path = Path(preset)
    if preset in preset_names():
        text = (files(__package__) / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
        name = preset
    elif path.suffix == ".toml" and path.is_file():
        try:
            text, name = path.read_text(encoding="utf-8"), path.stem
        except UnicodeDecodeError as error:
            raise RecipeError(f"{preset} is not UTF-8 text: save it as UTF-8.") from error
    else:
        raise RecipeError(
            f"There is no preset {preset!r}: give one of {', '.join(preset_names())}, "
            "or give the path of a .toml file."
        )
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{preset} is not TOML: {error}.") from error
    for override in overrides:
        _apply(values, override)
    try:
        return Recipe.model_validate({"name": name, **values})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        fault = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            fault = f"unknown key, now {_RENAMED[key]}" if key in _RENAMED else "unknown key"
        place = f"{name}, {key}" if key else name
        raise RecipeError(f"Recipe {place}: {fault}.") from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    section, dot, field = key.strip().partition(".")
    if not (equals and dot and field):
        raise RecipeError(
            f"{override!r} is not an override: write section.key=value, such as model.layers=3."
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    inner = values.setdefault(section, {})
    if isinstance(inner, dict):
        inner[field] = value
