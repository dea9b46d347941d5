"""Replaces the names that a business file uses by what they name, so that a loaded business stands alone."""

from collections.abc import Mapping
from typing import Any

from server.businesses.defaults import Defaults
from server.businesses.fault import CatalogueFault

Plain = dict[str, Any]


class Shared:
    """The named parts: {name: plain data} of options, validators and places, and the defaults."""

    def __init__(self, options: Plain, validators: Plain, places: Plain, defaults: Defaults, desk: str) -> None:
        self.options = options
        self.validators = validators
        self.places = places
        self.defaults = defaults
        self.desk = desk

    def resolve(self, file: str, raw: Plain) -> Plain:
        """The business with nothing left to look up. Raises CatalogueFault naming file and key."""
        resolved = {"desk": self.desk, **raw, **self._defaults(raw)}
        resolved["fields"] = [self._field(file, "fields", field) for field in _rows(file, "fields", raw)]
        if isinstance(result := raw.get("result"), dict):
            fields = [self._field(file, "result.fields", field) for field in _rows(file, "fields", result)]
            resolved["result"] = {**result, "fields": fields}
        if "location" in raw:
            place = _named(self.places, raw["location"], file, "location")
            resolved["location"] = {"key": raw["location"], **place}
        return resolved

    def validator(self, file: str, at: str, name: object) -> Plain:
        found = _named(self.validators, name, file, at)
        if "any_of" not in found:
            return {"name": name, **found}
        kinds = [self.validator(file, f"{at}.any_of", kind) for kind in found["any_of"]]
        return {"name": name, **found, "any_of": kinds}

    def _defaults(self, raw: Plain) -> Plain:
        words = self.defaults.commitment
        commitment = words.plain()
        link = commitment.pop("guide_link").format(business=raw.get("label"))
        return {
            "commitment": {**commitment, "guide_link": link} if raw.get("guide") else commitment,
            "files": self.defaults.file.plain(),
            "texts": self.defaults.faults.plain(),
            "max_answer": self.defaults.max_answer,
            "custody_unit": self.defaults.custody_unit,
        }

    def _field(self, file: str, under: str, raw: Plain) -> Plain:
        at = f"{under}.{raw.get('key')}"
        field = dict(raw)
        if "options" in raw:
            chosen = _named(self.options, raw["options"], file, f"{at}.options")
            field |= {"options": chosen["options"], "options_basis": chosen["basis"]}
        if "validate" in raw:
            field["validate"] = self.validator(file, f"{at}.validate", raw["validate"])
        return field


def _rows(file: str, key: str, raw: Mapping[str, Any]) -> list[Plain]:
    rows = raw.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueFault(file, key, "应为一列表项")
    return rows


def _named(known: Plain, name: object, file: str, at: str) -> Plain:
    if not isinstance(name, str) or name not in known:
        raise CatalogueFault(file, at, f"没有名为 {name} 的项，可用的有 {'、'.join(known)}")
    found: Plain = known[name]
    return found
