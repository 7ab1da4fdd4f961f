"""The manifest of a bundle: `manifest.json`, format 1."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...characters import printable

__all__ = [
    "ROWS",
    "SOURCE",
    "ConfidencePart",
    "EncoderPart",
    "Graph",
    "Manifest",
    "StateTensor",
    "Tensor",
    "TokenIds",
]

ROWS = "rows"
"""Marks the axis of a state tensor that has one entry per hypothesis."""

FLOATS = ("float32", "float16", "float64")
INPUTS = {"token": ("int64",), "parent": ("int64",), "k": ("int64",)}
OUTPUTS = {"log_prob": FLOATS, "top_log_prob": FLOATS, "top_token": ("int64",)}

MAX_STATE = 1 << 24  # numbers in one row of a state tensor

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=0, lt=1 << 31)]
Text = Annotated[str, AfterValidator(printable)]
DType = Literal["float16", "float32", "float64", "int64", "int32", "bool", "uint8"]
FileName = Annotated[
    str,
    Field(
        pattern=r"^[^/\\\x00-\x1f\x7f]*[^/\\.\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*$", max_length=255
    ),
]


class _Part(BaseModel):
    # Other trainers may add fields.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", protected_namespaces=())


class Architecture(_Part):
    """The network behind the graph.

    Attributes:
        kind: `seq2seq` is an encoder-decoder.
    """

    kind: Literal["language", "seq2seq"] = "language"
    cell: Literal["lstm", "gru", "rnn"]
    layers: Size
    hidden_size: Size
    embedding_size: Size
    vocabulary_size: Size
    parameters: Annotated[int, Field(ge=0, lt=1 << 48)]


class TokenIds(_Part):
    """Ids of the special tokens; None where the model lacks one."""

    unknown: Size
    end: Size
    start: Size | None
    line: Size | None
    lower: Size | None = None
    upper: Size | None = None


class Tensor(_Part):
    """Type and shape of an input or output; sizes that vary are names."""

    dtype: str
    shape: tuple[int | str, ...] = Field(strict=False)


class StateTensor(_Part):
    """One tensor of the hidden state: the output becomes the next step's input.

    Attributes:
        initial: The shape before the first token; `"rows"` marks the row axis, 0 one of any size,
            which grows with every step or follows from the source.
        padding: `front` if zeros before the first entries of a growing axis change nothing, so that
            rows of different length can be joined.
    """

    input: str
    output: str
    dtype: DType
    initial: tuple[Size | Literal["rows"], ...] = Field(strict=False)
    padding: Literal["front"] | None = None

    @property
    def row_axis(self) -> int:
        """The axis that has one entry per hypothesis."""
        return self.initial.index(ROWS)

    @property
    def grows(self) -> bool:
        """Whether an axis has any size, as that of an attention cache has."""
        return 0 in self.initial

    def shape(self, rows: int) -> tuple[int, ...]:
        """Returns the initial shape for a number of rows; 0 stands for an axis that grows."""
        return tuple(rows if size == ROWS else int(size) for size in self.initial)

    def matches(self, array: npt.NDArray[Any], rows: int) -> bool:
        """Returns whether type and shape are right; an axis that grows may have any size."""
        shape = array.shape
        if array.dtype != self.dtype or len(shape) != len(self.initial):
            return False
        expected = [  # checked after every step, and a generator takes twice as long
            found if size == 0 else rows if size == ROWS else size
            for size, found in zip(self.initial, shape, strict=True)
        ]
        return [*shape] == expected

    def description(self, rows: int) -> str:
        """Returns the initial shape and the type, for messages."""
        return f"{list(self.shape(rows))} {self.dtype}"

    def join(self, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Concatenates the rows; growing axes are padded with zeros at the front if need be."""
        if self.padding:
            growing = np.array([size == 0 for size in self.initial])
            shapes = np.array([part.shape for part in parts])
            missing = ((shapes.max(axis=0) - shapes) * growing).tolist()
            parts = [
                np.pad(part, [(size, 0) for size in sizes])
                for part, sizes in zip(parts, missing, strict=True)
            ]
        return np.concatenate(parts, axis=self.row_axis)

    @model_validator(mode="after")
    def _has_one_row_axis(self) -> Self:
        if self.initial.count(ROWS) != 1:
            raise ValueError(f'initial needs exactly one "{ROWS}"')
        if math.prod(size for size in self.shape(1) if size) > MAX_STATE:
            raise ValueError(f"initial has more than {MAX_STATE} numbers in a row")
        return self


class Graph(_Part):
    """The step graph, in ONNX."""

    file: FileName
    opset: Size
    precision: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    state: tuple[StateTensor, ...] = Field(strict=False)

    @model_validator(mode="after")
    def _follows_the_contract(self) -> Self:
        state_in = {tensor.input: (tensor.dtype,) for tensor in self.state}
        state_out = {tensor.output: (tensor.dtype,) for tensor in self.state}
        for side, wanted, found in (
            ("inputs", INPUTS | state_in, self.inputs),
            ("outputs", OUTPUTS | state_out, self.outputs),
        ):
            for name, dtypes in wanted.items():
                if name not in found:
                    raise ValueError(f"{side} lacks {name}")
                if found[name].dtype not in dtypes:
                    raise ValueError(f"{side}.{name} must be {' or '.join(dtypes)}")
        for state in self.state:
            for shape in (self.inputs[state.input].shape, self.outputs[state.output].shape):
                if len(shape) != len(state.initial):
                    raise ValueError(f"the shapes of state {state.input} differ in rank")
        return self


class GpuGraph(_Part):
    """A step graph for GPUs, with the inputs and outputs of the other one.

    Attributes:
        weights: The file of the bundle that holds the graph's weights, as its external data.
    """

    file: FileName
    weights: FileName


SOURCE = "source"
"""The input of an encoder."""


class EncoderPart(_Part):
    """The graph of an encoder, whose outputs are the decoder's first state.

    Attributes:
        weights: The file of the bundle that holds some of its weights, as its external data.
        inputs: `source`, int64 [rows, length].
        outputs: Named as the inputs of the step graph's state; a tensor that is none of them begins
            as without a source.
    """

    file: FileName
    weights: FileName | None = None
    opset: Size
    precision: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


class File(_Part):
    """Size and checksum of a file of the bundle."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Size


class RankingPart(_Part):
    """The weights of a score with a re-ranker; see `ranking.RankingWeights`."""

    poet: float
    next: float
    relevance: float = 0.0


class RerankerPart(_Part):
    """The re-ranker's graph.

    Attributes:
        context: Tokens of context that it reads, at most.
        weights: Of the score that it is a part of.
    """

    file: FileName
    context: Annotated[int, Field(ge=1)]
    weights: RankingPart


class ConfidencePart(_Part):
    """How many of the model's lines readers found sound, by how likely the model finds them.

    Attributes:
        log_probs: Mean natural-log probabilities of a token, rising.
        shares: The share of sound lines at each, which never falls. Between two it is interpolated;
            beyond the first and the last it is theirs.
    """

    log_probs: tuple[Finite, ...] = Field(strict=False, min_length=2)
    shares: tuple[Share, ...] = Field(strict=False, min_length=2)

    @model_validator(mode="after")
    def _is_a_rising_table(self) -> Self:
        if len(self.log_probs) != len(self.shares):
            raise ValueError("log_probs and shares differ in length")
        if any(low >= high for low, high in pairwise(self.log_probs)):
            raise ValueError("log_probs do not rise")
        if any(low > high for low, high in pairwise(self.shares)):
            raise ValueError("shares fall")
        return self

    def share(self, log_prob: float, tokens: int) -> float:
        """Returns the share of sound lines among those as likely as these.

        Args:
            log_prob: Natural-log probability of one or several lines.
            tokens: How many tokens these have, at least one.
        """
        return float(np.interp(log_prob / tokens, self.log_probs, self.shares))


class Manifest(_Part):
    """The whole manifest.

    Attributes:
        training: How the model was trained.
        metrics: Measurements of this bundle by name.
    """

    format: Literal[1]
    name: Text
    version: Text
    model: Architecture
    tokens: TokenIds
    graph: Graph
    files: dict[FileName, File]
    gpu_graph: GpuGraph | None = None
    reranker: RerankerPart | None = None
    encoder: EncoderPart | None = None
    confidence: ConfidencePart | None = None
    training: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    license: Text = ""
    created: Text = ""

    @model_validator(mode="after")
    def _encoder_fits(self) -> Self:
        if (self.encoder is not None) != (self.model.kind == "seq2seq"):
            raise ValueError('encoder is for model.kind "seq2seq", which needs one')
        if self.encoder is None:
            return self
        if [*self.encoder.inputs] != [SOURCE] or self.encoder.inputs[SOURCE].dtype != "int64":
            raise ValueError(f"encoder.inputs must be {SOURCE} alone, of int64")
        dtypes = {tensor.input: tensor.dtype for tensor in self.graph.state}
        for name, tensor in self.encoder.outputs.items():
            if dtypes.get(name) != tensor.dtype:
                raise ValueError(f"encoder.outputs.{name} is no state of the graph")
        return self

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Parses the JSON text of a manifest.

        Raises:
            ValueError: The text is not a manifest of format 1; the message says where.
        """
        try:
            return cls.model_validate(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(f"is not JSON (line {error.lineno})") from None
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            reason = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"is not a manifest of format 1: {place}: {reason}") from None
