"""What happens once before anything serves: migrations, the editions of the businesses, demo data."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.settings import Settings
from models.accounts import Account
from models.orm import orm_config
from server.run.compose import open_database
from server.run.schema import apply_migrations


class DemoInProduction(RuntimeError):
    """Demo accounts have passwords that everybody knows."""


async def prepare(chosen: Settings) -> list[str]:
    """Migrate, then load demo data (never in production). Names of the migrations applied now."""
    with only_one(chosen.home / "run" / "prepare.lock"):
        applied = await migrate(chosen)
        if chosen.is_production:
            await refuse_demo_accounts(chosen)
        else:
            await seed(chosen)
    return applied


async def migrate(chosen: Settings) -> list[str]:
    """Bring the database to head and store the businesses' editions that are new."""
    from server.businesses.catalogue import catalogue  # noqa: PLC0415
    from server.businesses.editions import store_editions  # noqa: PLC0415

    applied = await apply_migrations(orm_of(chosen))
    async with open_database(chosen):
        await store_editions(catalogue())
    return applied


def orm_of(chosen: Settings) -> dict[str, Any]:
    return orm_config(chosen.database_url.get_secret_value(), chosen.home, chosen.database_pool)


async def seed(chosen: Settings) -> None:
    """Demo data, once: a second call changes nothing."""
    from server.run.seed import seed as load  # noqa: PLC0415

    async with open_database(chosen):
        await load()


async def refuse_demo_accounts(chosen: Settings) -> None:
    """Raises DemoInProduction."""
    async with open_database(chosen):
        numbers = await Account.filter(demo=True).values_list("number", flat=True)
    if numbers:
        raise DemoInProduction(f"生产环境的数据库里有演示账号：{'、'.join(map(str, numbers))}。请先删除它们")


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """A lock of this machine; others wait. It goes with the process that held it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
