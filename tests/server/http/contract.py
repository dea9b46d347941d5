"""The published OpenAPI document as a judge of real answers."""

from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_URI = "urn:openapi"
OF_THE_DOCUMENT = {"GET /openapi.json", "GET /docs"}  # it does not describe itself


class Contract:
    """`document` as served at /openapi.json."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[tuple[str, ...], Draft202012Validator] = {}

    @cached_property
    def _registry(self) -> Any:
        resource: Resource[Any] = Resource(contents=self.document, specification=DRAFT202012)
        return Registry().with_resource(_URI, resource)

    def faults(self, route: str, status: int, media: str, body: Any) -> list[str]:
        """What is undocumented about an answer of "GET /api/v1/applications/<id>"; empty when all is as documented."""
        if route in OF_THE_DOCUMENT:
            return []
        method, path = route.replace("<", "{").replace(">", "}").split(" ")
        if not (operation := self.document["paths"].get(path, {}).get(method.lower())):
            return ["the route is not documented"]
        responses = operation["responses"]
        if str(status) not in responses:
            return [f"status {status} is not documented"]
        content = responses[str(status)].get("content", {})
        if media not in content:
            return [f"{media} is not documented for {status}"]
        if media != "application/json":
            return []
        pointer = ("paths", path, method.lower(), "responses", str(status), "content", media, "schema")
        return [
            f"{'.'.join(map(str, error.path))}: {error.message[:200]}"
            for error in self._validator(pointer).iter_errors(body)
        ]

    def _validator(self, pointer: tuple[str, ...]) -> Draft202012Validator:
        """Of the schema at this place in the document."""
        if pointer not in self._validators:
            escaped = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
            schema = {"$ref": f"{_URI}#/{escaped}"}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        return self._validators[pointer]
