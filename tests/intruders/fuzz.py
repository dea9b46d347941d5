"""Requests drawn from the published document, alone and mixed with good ones, and what it says of the answers."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup

from tests.server.http.client import Order, fresh_address

Operation = Any  # schemathesis.schemas.APIOperation
SEED = 20261127
LOOKED_AT = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
_CALM: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
# How much of a good request is taken over: nothing, the names in the path, also the headers, all but one field.
MIXTURES = range(4)


@dataclass
class Findings:
    """`statuses`: of every operation the statuses it was answered with, and how often."""

    faults: list[str] = field(default_factory=list)
    statuses: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))


@dataclass(frozen=True)
class Fuzzer:
    """Sends to `url` what `document` allows and what it does not. It blocks: run it in a thread."""

    url: str
    document: dict[str, Any]
    examples: int  # of each operation, as the document allows, and as many as it does not
    findings: Findings = field(default_factory=Findings)

    def operations(self) -> dict[str, Operation]:
        """By route as our tests write it: "GET /api/v1/applications/<id>"."""
        loaded = schemathesis.openapi.from_dict(self.document)
        found = [result.ok() for result in loaded.get_all_operations()]
        return {f"{o.method.upper()} {o.path.replace('{', '<').replace('}', '>')}": o for o in found}

    def attack(self, route: str, operation: Operation, good: Order, tokens: Sequence[str]) -> None:
        """`good` is a request that the owner of its thing could send; every drawn one is sent with each token."""
        with requests.Session() as session:
            for mode in GenerationMode:
                self._draw(route, operation.as_strategy(generation_mode=mode), good, tokens, session)

    def _draw(
        self, route: str, cases: st.SearchStrategy[Any], good: Order, tokens: Sequence[str], session: requests.Session
    ) -> None:
        @seed(SEED)
        @settings(max_examples=self.examples, **_CALM)
        @given(case=cases, mixture=st.sampled_from(MIXTURES), data=st.data())
        def send(case: Any, mixture: int, data: st.DataObject) -> None:
            mix(case, good, mixture, data)
            for token in tokens:
                self._send(route, case, token, session)

        with suppress(Unsatisfiable):  # nothing can be wrong about a request without parts
            send()

    def _send(self, route: str, case: Any, token: str, session: requests.Session) -> None:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": fresh_address()}
        answer = case.call(base_url=self.url, headers=headers, session=session, timeout=20)
        self.findings.statuses[route][answer.status_code] += 1
        try:
            case.validate_response(answer, checks=_checks())
        except (Failure, FailureGroup) as failure:
            self.findings.faults.append(f"{route} {answer.status_code} {answer.text[:200]}\n{failure}")


def _checks() -> list[Any]:
    return schemathesis.checks.CHECKS.get_by_names(list(LOOKED_AT))


def mix(case: Any, good: Order, mixture: int, data: st.DataObject) -> None:
    """Take so much of the good request over into a drawn one."""
    if mixture >= 1 and good.path:
        case.path_parameters = {name: str(value) for name, value in good.path.items()}
    if mixture >= 2 and good.headers:
        case.headers = dict(good.headers)
    if mixture >= 3:
        case.query = _query_of(good)
        case.body = _body_of(case.body, good.body, data)


def _query_of(good: Order) -> Any:
    return dict(parse_qsl(good.query)) if isinstance(good.query, str) else dict(good.query)


def _body_of(drawn: Any, good: Any, data: st.DataObject) -> Any:
    """The good body with one field as drawn, or whole."""
    if not isinstance(good, dict) or not isinstance(drawn, dict):
        return drawn if good is None else good
    return good | dict([data.draw(st.sampled_from(sorted(drawn.items(), key=str)))] if drawn else [])
