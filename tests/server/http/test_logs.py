"""A line of the log: one JSON object, whatever is in it, and nobody's request depends on who reads it."""

import io
import json
import logging
from datetime import datetime

import pytest

from server.http.logs import JsonLines


class Gone(io.BytesIO):
    """A pipe whose reader has ended."""

    def flush(self) -> None:
        raise BrokenPipeError


def written(event: str, level: int, error: BaseException | None = None, **facts: object) -> dict[str, object]:
    stream = io.BytesIO()
    JsonLines(stream).write(event, level, error, facts)
    assert stream.getvalue().endswith(b"}\n")
    line: dict[str, object] = json.loads(stream.getvalue())
    return line


def test_a_line_says_when_how_grave_what_and_the_facts() -> None:
    line = written("request", logging.INFO, status=200)

    assert datetime.fromisoformat(str(line.pop("at"))).utcoffset() is not None
    assert line == {"level": "info", "event": "request", "status": 200}


def test_of_an_error_its_kind_and_place_are_told() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        line = written("fault", logging.ERROR, error)

    assert (line["level"], line["error"]) == ("error", "JSONDecodeError")
    assert any("json" in frame for frame in line["trace"])  # type: ignore[attr-defined]


def test_bytes_that_are_no_text_are_told_as_they_came() -> None:
    """As Sanic reads a method: GE\\xff."""
    assert written("request", logging.INFO, method="GE\udcff")["method"] == "GE\udcff"


def test_a_reader_who_is_gone_stops_nobody() -> None:
    JsonLines(Gone()).write("request", logging.INFO, None, {})


@pytest.mark.parametrize(
    ("level", "name"), [(logging.WARNING, "warning"), (logging.CRITICAL, "critical"), (17, "notset")]
)
def test_what_comes_through_the_standard_logging_looks_the_same(level: int, name: str) -> None:
    stream = io.BytesIO()
    record = logging.LogRecord("zcgl", level, "", 0, "skipped", None, None)
    record.facts = {"channel": "sms"}

    JsonLines(stream).handle(record)

    line = json.loads(stream.getvalue())
    assert {key: line[key] for key in line if key != "at"} == {"level": name, "event": "skipped", "channel": "sms"}
