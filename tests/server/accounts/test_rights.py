"""Role rights: one table, read strictly (decisions D5)."""

from typing import Any

import pytest
from pydantic import ValidationError

from server.accounts.rights import parse_roles, rights_of, roles


def test_each_role_may_do_its_own_work_and_no_more() -> None:
    assert rights_of("reviewer") == {"queue", "verdict", "process", "reveal"}
    assert rights_of("clerk") == {"day", "desk", "certificates"}
    assert rights_of("editor") == {"notices", "help"}


def test_admin_may_do_everything() -> None:
    assert rights_of("admin") == set(roles().rights)


def test_an_unknown_role_may_do_nothing() -> None:
    assert rights_of("guest") == rights_of("") == frozenset()


@pytest.mark.parametrize(
    "document",
    [
        {"rights": {"queue": "x"}, "roles": {"a": {"label": "甲", "rights": ["verdict"]}}},
        {"rights": {}, "roles": {"a": {"label": "甲", "rights": [], "extra": 1}}},
        {"rights": {}, "roles": {"a": {"rights": []}}},
        {"rights": {}},
        [],
    ],
)
def test_a_wrong_table_is_not_loaded(document: Any) -> None:
    with pytest.raises(ValidationError):
        parse_roles(document)
