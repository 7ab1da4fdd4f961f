"""What a bundle says of itself: `manifest.json`, format 1."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

__all__ = ["ROWS", "Graph", "Manifest", "StateTensor", "Tensor"]

ROWS = "rows"
"""Marks the axis of a state tensor that has one entry a hypothesis."""

FLOATS = ("float32", "float16", "float64")
INPUTS = {"token": ("int64",), "parent": ("int64",), "k": ("int64",)}
OUTPUTS = {"log_prob": FLOATS, "top_log_prob": FLOATS, "top_token": ("int64",)}

Size = Annotated[int, Field(ge=0)]
FileName = Annotated[str, Field(pattern=r"^[^/\\]*[^/\\.][^/\\]*$")]


class _Part(BaseModel):
    # Another trainer may say more than we know of.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", protected_namespaces=())


class Architecture(_Part):
    """The network behind the graph."""

    cell: Literal["lstm", "gru", "rnn"]
    layers: Size
    hidden_size: Size
    embedding_size: Size
    vocabulary_size: Size
    parameters: Size


class TokenIds(_Part):
    """Ids of the special tokens; None where the model lacks one."""

    unknown: Size
    end: Size
    start: Size | None
    line: Size | None


class Tensor(_Part):
    """Type and shape of an input or output; a name stands for a size that varies."""

    dtype: str
    shape: tuple[int | str, ...] = Field(strict=False)


class StateTensor(_Part):
    """One tensor of the hidden state: the output becomes the next step's input.

    Attributes:
        initial: The shape before the first token; `"rows"` marks the row axis, 0 one that grows.
        padding: Whether zeros at the front of what has grown change nothing; rows of different age
            can then be put behind each other.
    """

    input: str
    output: str
    dtype: str
    initial: tuple[Size | Literal["rows"], ...] = Field(strict=False)
    padding: Literal["front"] | None = None

    @property
    def row_axis(self) -> int:
        """The axis that has one entry a hypothesis."""
        return self.initial.index(ROWS)

    @property
    def grows(self) -> bool:
        """Whether the tensor grows with every step, as a memory of earlier tokens does."""
        return 0 in self.initial

    def shape(self, rows: int) -> tuple[int, ...]:
        """The initial shape for so many rows; 0 stands where the tensor grows."""
        return tuple(rows if size == ROWS else int(size) for size in self.initial)

    @model_validator(mode="after")
    def _has_one_row_axis(self) -> Self:
        if self.initial.count(ROWS) != 1:
            raise ValueError(f'initial needs exactly one "{ROWS}"')
        return self


class Graph(_Part):
    """One step of the language model, as ONNX."""

    file: FileName
    opset: Size
    precision: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    state: tuple[StateTensor, ...] = Field(strict=False)

    @model_validator(mode="after")
    def _keeps_the_contract(self) -> Self:
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


class File(_Part):
    """Size and checksum of a file of the bundle."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Size


class Manifest(_Part):
    """The whole manifest.

    Attributes:
        training: Where the model comes from, as its trainer tells it.
        metrics: What was measured on this bundle, by name.
    """

    format: Literal[1]
    name: str
    version: str
    model: Architecture
    tokens: TokenIds
    graph: Graph
    files: dict[FileName, File]
    training: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    license: str = ""
    created: str = ""

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Reads the manifest's JSON text.

        Raises:
            ValueError: The text is no manifest of format 1; the message says where.
        """
        try:
            return cls.model_validate(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(f"is not JSON (line {error.lineno})") from None
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            place = ".".join(map(str, fault["loc"])) or "it"
            reason = fault["msg"].removeprefix("Value error, ")
            raise ValueError(f"is not a manifest of format 1: {place}: {reason}") from None
