"""The alerts and the board speak only of what /metrics says, and every alert leads to a page of the runbook."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.http.gauges import MEANINGS
from server.http.metrics import REGISTRY

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
BOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/board.json").read_text())


def exposed() -> set[str]:
    counters = {sample for family in REGISTRY.collect() for sample in names_of(family.name, family.type)}
    return counters | set(MEANINGS)


def names_of(name: str, kind: str) -> set[str]:
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {name + suffix for suffix in suffixes[kind]}


def metrics_of(expression: str) -> set[str]:
    return set(re.findall(r"\bzcgl_\w+", expression))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert metrics_of(rule["expr"]) <= exposed()


@pytest.mark.parametrize("panel", BOARD["panels"], ids=lambda panel: panel["title"])
def test_a_panel_asks_for_metrics_that_there_are(panel: dict[str, Any]) -> None:
    asked = set().union(*(metrics_of(target["expr"]) for target in panel["targets"]))

    assert asked
    assert asked <= exposed()


def test_everything_that_is_measured_of_waiting_work_stands_on_the_board() -> None:
    shown = metrics_of(json.dumps(BOARD))

    assert set(MEANINGS) - shown == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_its_page_of_the_runbook(rule: dict[str, Any]) -> None:
    document, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^### (.+)$", (ROOT / document).read_text(), re.MULTILINE)

    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
