"""The rules of nginx as deployed: what stays inside the house, and limits that count something."""

import re
from pathlib import Path

import pytest

NGINX = Path(__file__).parents[2] / "deploy" / "nginx"
ENTRANCE = (NGINX / "zcgl.conf").read_text()
LOCATIONS = (NGINX / "zcgl-locations.conf").read_text()


def is_inside(path: str) -> bool:
    """Answered only to the addresses that are allowed."""
    closed = re.findall(r"location ~ (\S+) \{[^}]*deny all;", LOCATIONS)
    return any(re.search(rule, path) for rule in closed)


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "/healthz/ready", "/docs", "/docs/", "/openapi.json", "/console/v1/auth/login"]
)
def test_what_is_for_the_house_is_not_for_the_public(path: str) -> None:
    assert is_inside(path)


@pytest.mark.parametrize(
    "path", ["/healthz/live", "/api/v1/auth/login", "/wechat/official-account/callback", "/api/v1/docs", "/consoles"]
)
def test_what_is_for_the_public_is_answered(path: str) -> None:
    assert not is_inside(path)


def test_no_log_has_what_stands_behind_an_address() -> None:
    """nginx's own format of either log has the whole line of the request."""
    for server in ENTRANCE.split("server {")[1:]:
        assert re.findall(r"access_log (?:off|\S+ zcgl);", server)
        assert re.findall(r"error_log \S+ crit;", server)
    assert "$request " not in ENTRANCE
    assert "$args" not in ENTRANCE


def test_every_limit_counts_in_a_zone_and_refuses_with_429() -> None:
    zones = set(re.findall(r"zone=(\w+):", ENTRANCE))
    limits = set(re.findall(r"limit_conn (\w+) \d+;", ENTRANCE)) | set(re.findall(r"limit_req zone=(\w+) ", ENTRANCE))

    assert limits == zones
    assert re.findall(r"limit_(\w+)_status (\d+);", ENTRANCE) == [("conn", "429"), ("req", "429")]
