"""What a campaign saw: counts, faults, and a file to reproduce each fault."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

TAIL = 80  # lines of the log


@dataclass(frozen=True)
class Fault:
    """A broken promise.

    Attributes:
        kind: Which one.
        event: The number of the event during which it was seen; 0 is none.
        what: What was seen.
    """

    kind: str
    event: int
    what: str


@dataclass
class Report:
    """Counts and faults of one campaign.

    Attributes:
        seed: Of the campaign.
        command: What runs it again, without the number of events.
        folder: Where reproductions are written; None writes none.
    """

    seed: int
    command: str
    folder: Path | None = None
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    worst: dict[str, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def count(self, group: str, what: str) -> None:
        self.counts[group, what] += 1

    def total(self, group: str) -> int:
        return sum(number for (of, _), number in self.counts.items() if of == group)

    def measure(self, name: str, value: float) -> None:
        """Keeps the largest value of a measurement."""
        self.worst[name] = max(value, self.worst.get(name, 0.0))

    def fault(self, kind: str, event: int, what: str, log: str = "") -> None:
        """Adds a fault and writes its reproduction."""
        self.faults.append(Fault(kind, event, what))
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{len(self.faults):03}-{kind}.txt"
        lines = [
            f"seed {self.seed}, event {event}: {kind}",
            what,
            "",
            f"{self.command} --events {event + 50}",
            "",
            *log.splitlines()[-TAIL:],
        ]
        text = "\n".join(lines) + "\n"
        path.write_bytes(text.encode("utf-8", "backslashreplace"))

    def table(self) -> str:
        """Everything that was counted, and the faults by kind."""
        rows = []
        for group in dict.fromkeys(group for group, _ in self.counts):
            rows.append(f"{group:<42}{self.total(group):>8,}")
            rows += [
                f"  {what:<40}{number:>8,}"
                for (of, what), number in sorted(self.counts.items())
                if of == group
            ]
        rows += [f"{name:<42}{value:>8,.2f}" for name, value in self.worst.items()]
        rows.append(f"{'faults':<42}{len(self.faults):>8,}")
        kinds = Counter(fault.kind for fault in self.faults)
        rows += [f"  {kind:<40}{number:>8,}" for kind, number in sorted(kinds.items())]
        return "\n".join(rows)
