"""The service as intruders meet it: on the sites, stages and worlds of the other tests."""

from tests.server.accounts.conftest import hasher
from tests.server.http.conftest import (
    client,
    contract,
    embedded_site,
    engine_client,
    engine_site,
    engine_stage,
    http,
    installed_site,
    site,
    site_logs,
    stage,
)

__all__ = [
    "client",
    "contract",
    "embedded_site",
    "engine_client",
    "engine_site",
    "engine_stage",
    "hasher",
    "http",
    "installed_site",
    "site",
    "site_logs",
    "stage",
]
