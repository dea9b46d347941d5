"""Tortoise's configuration for either engine, from the settings."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from config.settings import settings

MODELS = [
    "models.accounts",
    "models.applications",
    "models.appointments",
    "models.audit",
    "models.businesses",
    "models.materials",
    "models.messages",
    "models.notices",
    "models.roster",
    "models.work",
]

_FOUND_ROWS = 2  # UPDATE reports matched rows, as SQLite does: compare-and-swap reads it


def orm_config(database_url: str, home: Path, pool: int) -> dict[str, Any]:
    """`database_url` empty: SQLite in `home`; else sqlite:///path or mysql://user:password@host:port/name.

    Several hosts (host:port,host:port) are the nodes of a Galera cluster, the preferred one first.
    """
    return {
        "connections": {"default": _connection(database_url, home, pool)},
        "apps": {"models": {"models": MODELS, "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(database_url: str, home: Path, pool: int) -> dict[str, Any]:
    url = urlsplit(database_url)
    if url.scheme in ("", "sqlite"):
        path = url.path if url.scheme else str(home / "zcgl.sqlite3")
        return {
            "engine": "models.engines.sqlite",
            "credentials": {"file_path": path, "busy_timeout": 5000, "synchronous": "NORMAL"},
        }
    if url.scheme != "mysql":
        raise ValueError(f"ZCGL_DATABASE_URL: 不支持的数据库 {url.scheme}")
    nodes = _nodes(url.netloc)
    is_cluster = len(nodes) > 1
    return {
        "engine": "models.engines.mysql_galera" if is_cluster else "models.engines.mysql",
        "credentials": {
            **({"nodes": nodes} if is_cluster else {"host": nodes[0][0], "port": nodes[0][1]}),
            "user": unquote(url.username or ""),
            "password": unquote(url.password or ""),
            "database": url.path.lstrip("/"),
            "minsize": 1,
            "maxsize": pool,
            "connect_timeout": 3,
            "pool_recycle": 3600,
            "client_flag": _FOUND_ROWS,
            "charset": "utf8mb4",
            # Every connection alike: tortoise sets the time zone on one of them only. Its LIKE compares a CAST, which
            # takes the connection's collation instead of the column's.
            "init_command": "SET time_zone='+00:00', collation_connection='utf8mb4_bin', "
            "SESSION tx_isolation='READ-COMMITTED', "
            "SESSION innodb_lock_wait_timeout=2",
        },
    }


def _nodes(netloc: str) -> list[tuple[str, int]]:
    """The hosts of an address with their ports."""
    parts = [urlsplit(f"//{part}") for part in netloc.rpartition("@")[2].split(",")]
    return [(part.hostname or "", part.port or 3306) for part in parts]


def _of_settings() -> dict[str, Any]:
    chosen = settings()
    chosen.home.mkdir(parents=True, exist_ok=True)
    return orm_config(chosen.database_url.get_secret_value(), chosen.home, chosen.database_pool)


def __getattr__(name: str) -> Any:
    """`models.orm.TORTOISE_ORM` for tortoise's command line, computed when asked for."""
    if name == "TORTOISE_ORM":
        return _of_settings()
    raise AttributeError(name)
