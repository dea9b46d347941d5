"""Writes openapi.json, or with --check refuses when the committed one is out of date."""

import sys
from pathlib import Path

import orjson

from server.http.openapi import document
from server.run.web import BLUEPRINTS

COMMITTED = Path(__file__).resolve().parents[2] / "openapi.json"


def main() -> None:
    fresh = orjson.dumps(document(BLUEPRINTS), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if "--check" not in sys.argv:
        COMMITTED.write_bytes(fresh)
    elif not COMMITTED.exists() or COMMITTED.read_bytes() != fresh:
        sys.exit("openapi.json is out of date: python -m server.run.openapi")


if __name__ == "__main__":
    main()
