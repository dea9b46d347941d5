"""What happens once before anything serves: migrations, the editions of the businesses, demo data."""

import asyncio
import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tortoise.exceptions import BaseORMException

from config.settings import Settings
from models.accounts import Account
from models.orm import orm_config
from server.businesses.catalogue import catalogue
from server.businesses.editions import store_editions
from server.businesses.fault import CatalogueFault
from server.run.compose import open_database
from server.run.configuration import WrongSettings, load_settings
from server.run.schema import SchemaBusy, apply_migrations
from server.run.seed import seed as load_demo_data


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
    applied = await apply_migrations(orm_of(chosen))
    async with open_database(chosen):
        await store_editions(catalogue())
    return applied


def orm_of(chosen: Settings) -> dict[str, Any]:
    return orm_config(chosen.database_url.get_secret_value(), chosen.home, chosen.database_pool)


async def seed(chosen: Settings) -> None:
    """Demo data, once: a second call changes nothing."""
    async with open_database(chosen):
        await load_demo_data()


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


def main() -> None:
    """`python -m server.run.preparation`, which the supervisor runs: says why when it fails."""
    try:
        applied = asyncio.run(prepare(load_settings()))
    except (DemoInProduction, SchemaBusy, WrongSettings, CatalogueFault, BaseORMException) as reason:
        sys.exit(f"{type(reason).__name__}: {reason}")
    if applied:
        sys.stdout.write(f"数据库已升级：{'、'.join(applied)}\n")


if __name__ == "__main__":
    main()
