"""The log of a run: CSV, TensorBoard, and the loss curve as PNG."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

COLUMNS = (
    "update",
    "epoch",
    "tokens",
    "seconds",
    "loss",
    "learning_rate",
    "tokens_per_second",
    "validation_perplexity",
    "validation_han_perplexity",
)


class RunLog:
    """Appends measurements of one run to its folder.

    Args:
        folder: The run's folder.
        update: The update that the run starts from. Rows of later updates are dropped: a run that
            was cut off wrote them after its last checkpoint.
    """

    def __init__(self, folder: Path, update: int) -> None:
        self._path = folder / "log.csv"
        rows = [row for row in read_log(self._path) if int(row["update"]) <= update]
        temporary = self._path.with_name(f".{self._path.name}")
        with temporary.open("w", encoding="utf-8", newline="") as file:
            whole = csv.DictWriter(file, COLUMNS)
            whole.writeheader()
            whole.writerows(rows)
        temporary.replace(self._path)  # a run that is killed here keeps its log
        self._file = self._path.open("a", encoding="utf-8", newline="")
        self._csv = csv.DictWriter(self._file, COLUMNS)
        self._board = SummaryWriter(folder / "tensorboard", purge_step=update + 1)
        self._curve = folder / "loss.png"

    def write(self, update: int, **values: Any) -> None:
        """Writes one row; columns without a value stay empty."""
        self._csv.writerow({"update": update, **values})
        self._file.flush()
        for name, value in values.items():
            if isinstance(value, float):
                self._board.add_scalar(name, value, update)

    def write_samples(self, update: int, texts: list[str]) -> None:
        """Writes sampled texts to TensorBoard."""
        self._board.add_text("samples", "\n\n".join(texts), update)

    def draw(self) -> None:
        """Draws the loss curve with all rows so far."""
        self._file.flush()
        draw_curve(read_log(self._path), self._curve)

    def close(self) -> None:
        """Draws the final curve and closes the files."""
        self.draw()
        self._file.close()
        self._board.close()


def read_log(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a log, none if there is no log yet."""
    if not path.is_file():
        return []
    # A run that was cut off may have left half a row.
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if None not in row.values() and row["update"].isdigit()]


def draw_curve(rows: list[dict[str, str]], path: Path) -> None:
    """Draws training loss and validation perplexity against training tokens."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    losses = [(int(row["tokens"]) / 1e6, float(row["loss"])) for row in rows if row["loss"]]
    if losses:
        axes.plot(*zip(*losses, strict=True), linewidth=1, color="tab:blue")
    axes.set_xlabel("million tokens seen")
    axes.set_ylabel("training loss, nats a token", color="tab:blue")
    measured = [
        (int(row["tokens"]) / 1e6, float(row["validation_perplexity"]))
        for row in rows
        if row["validation_perplexity"]
    ]
    if measured:
        other = axes.twinx()
        other.plot(*zip(*measured, strict=True), marker=".", color="tab:red")
        other.set_yscale("log")
        other.yaxis.set_major_formatter("{x:g}")
        other.yaxis.set_minor_formatter("{x:g}")
        other.set_ylabel("validation perplexity, all tokens", color="tab:red")
    axes.grid(alpha=0.3)
    temporary = path.with_name(f".{path.name}")
    figure.savefig(temporary, format="png", dpi=120)
    temporary.replace(path)
