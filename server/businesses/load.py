"""Loading the catalogue: files read, references resolved, everything checked before anything is served."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

import config
from server.businesses.appointment_rules import AppointmentRules
from server.businesses.consistency import contradictions
from server.businesses.defaults import Defaults
from server.businesses.edition import Edition, edition_of
from server.businesses.fault import CatalogueFault, fault_of
from server.businesses.files import read_yaml
from server.businesses.record import Record
from server.businesses.references import Shared
from server.businesses.schema import Business, OptionSet, Place
from server.businesses.states import States
from server.businesses.validate import Validator

CONFIG = Path(config.__file__).parent

R = TypeVar("R", bound=Record)


class Catalogue(Record):
    """The whole set of businesses in the manual's order, with what they share."""

    businesses: dict[str, Business]
    editions: dict[str, Edition]
    appointments: AppointmentRules
    states: States
    defaults: Defaults
    validators: dict[str, Validator]


def load(*extra: Path, folder: Path = CONFIG) -> Catalogue:
    """The catalogue in `folder`, and further business files in the `extra` folders. Raises CatalogueFault."""
    defaults = _record(Defaults, folder / "defaults.yaml")
    appointments = _record(AppointmentRules, folder / "calendar.yaml")
    shared = Shared(
        options=_checked(folder / "options.yaml", OptionSet),
        validators=read_yaml(folder / "validators.yaml"),
        places=_places(folder / "places.yaml"),
        defaults=defaults,
        desk=appointments.desk,
    )
    validators = _validators("validators.yaml", shared)
    paths = [path for place in (folder / "businesses", *extra) for path in sorted(place.glob("*.yaml"))]
    businesses = _ordered([(path.name, load_business(path, shared)) for path in paths])
    return Catalogue(
        businesses=businesses,
        editions={key: edition_of(business) for key, business in businesses.items()},
        appointments=appointments,
        states=_record(States, folder / "states.yaml"),
        defaults=defaults,
        validators=validators,
    )


def load_business(path: Path, shared: Shared) -> Business:
    """One file. Raises CatalogueFault for a wrong shape, an unknown name or a contradiction."""
    raw = shared.resolve(path.name, read_yaml(path))
    business = _parsed(Business, path.name, raw)
    if business.key != path.stem:
        raise CatalogueFault(path.name, "key", f"{business.key} 应与文件名相同")
    for key, message in contradictions(business):
        raise CatalogueFault(path.name, key, message)
    return business


def _ordered(loaded: list[tuple[str, Business]]) -> dict[str, Business]:
    loaded.sort(key=lambda row: row[1].order)
    for at, (file, business) in enumerate(loaded):
        for _, other in loaded[:at]:
            for attribute in ("key", "label", "order"):
                if getattr(business, attribute) == getattr(other, attribute):
                    raise CatalogueFault(file, attribute, f"与业务 {other.key} 重复")
    return {business.key: business for _, business in loaded}


def _validators(file: str, shared: Shared) -> dict[str, Validator]:
    return {
        name: _parsed(Validator, file, shared.validator(file, name, name), under=name) for name in shared.validators
    }


def _places(path: Path) -> dict[str, Any]:
    places = read_yaml(path)
    for key, place in places.items():
        _parsed(Place, path.name, {"key": key, **_mapping(place)}, under=key)
    return places


def _checked(path: Path, kind: type[Record]) -> dict[str, Any]:
    data = read_yaml(path)
    for key, part in data.items():
        _parsed(kind, path.name, part, under=key)
    return data


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _record(kind: type[R], path: Path) -> R:
    return _parsed(kind, path.name, read_yaml(path))


def _parsed(kind: type[R], file: str, data: object, under: str = "") -> R:
    try:
        return kind.read(data)
    except ValidationError as error:
        fault = fault_of(file, data, error)
        key = ".".join(part for part in (under, fault.key) if part)
        raise CatalogueFault(file, key, fault.message) from error
