"""The result as a table for people and as JSON for machines."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measure beside its reference. `at_least`: the ratio must reach the bar; else it must not exceed it.
    `noisy`: the ratios of the rounds lay too far apart, however often they were repeated.
    """

    row: str
    name: str
    value: float
    reference: float
    bar: float
    unit: str
    at_least: bool = True
    noisy: bool = False

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else 0.0

    @property
    def holds(self) -> bool:
        return self.ratio >= self.bar if self.at_least else self.ratio <= self.bar


def show(rows: list[Row]) -> str:
    lines = [f"{'row':4} {'measure':44} {'value':>10} {'reference':>10} {'ratio':>7} {'bar':>7}  verdict"]
    for r in rows:
        bar = f"{'>=' if r.at_least else '<='}{r.bar:g}"
        lines.append(
            f"{r.row:4} {r.name:44} {r.value:>10.1f} {r.reference:>10.1f} {r.ratio:>7.2f} {bar:>7}  "
            f"{'holds' if r.holds else 'MISSED'} ({r.unit}){', noisy' if r.noisy else ''}"
        )
    return "\n".join(lines)


def write(rows: list[Row], path: Path) -> None:
    """[{"row", "name", "value", "reference", "ratio", "bar", "holds"}]"""
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = ("row", "name", "value", "reference", "bar")
    found = [{k: asdict(r)[k] for k in keys} | {"ratio": round(r.ratio, 3), "holds": r.holds} for r in rows]
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
