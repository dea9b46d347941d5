"""Nobody learns from an answer whether an account exists, is closed, or has never been used (decisions D31)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from models.accounts import VerificationCode
from server.accounts.reset import CODE_TRIES, codes_written, request_code
from server.accounts.reset_password import Reset, ResetRefused, reset_password
from server.transactions import connection
from tests.engines.engine import Engine
from tests.fakes_accounts import INITIAL, CountingHasher, Party, World
from tests.server.http.cast import Who
from tests.server.http.client import Answer, Client, Order
from tests.server.http.rows_public import code_of
from tests.server.http.stage import Stage

CODE, RESET = "POST /api/v1/auth/password-reset/code", "POST /api/v1/auth/password-reset"
WRONG = "Wrong-pass-1"


@pytest.fixture
def world(database: Engine) -> World:
    return World()


def told(answer: Answer) -> tuple[object, ...]:
    """All that a stranger sees of an answer but for what is drawn by lot."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-ID", "Date")}
    return answer.status, sorted(headers.items()), {**answer.body, "request_id": ""}


async def numbers(stage: Stage) -> dict[str, str]:
    """Accounts of every kind by what is the matter with them, and one that nobody has."""
    kinds = (Who.FIRM, Who.CUSTODY, Who.INCOMPLETE, Who.DISABLED, Who.REVIEWER)
    return {who.value: (await stage.fresh(who)).account.number for who in kinds} | {"nobody": "no-such-number"}


async def all_told(client: Client, route: str, bodies: dict[str, dict[str, str]]) -> set[str]:
    return {repr(told(await client.send(route, Order(body=body)))) for body in bodies.values()}


async def test_a_refused_login_looks_the_same_for_every_account(client: Client, stage: Stage) -> None:
    found = await numbers(stage)
    bodies = {who: {"account": number, "password": f"{WRONG}{who}"} for who, number in found.items()}
    bodies["closed, right"] = {"account": found[Who.DISABLED], "password": stage.password}
    bodies["staff, right, at the wrong door"] = {"account": found[Who.REVIEWER], "password": stage.password}
    bodies["initial password, used up"] = {"account": found[Who.FIRM], "password": stage.initial}

    assert len(await all_told(client, "POST /api/v1/auth/login", bodies)) == 1


async def test_a_refused_binding_login_looks_the_same_for_every_account(client: Client, stage: Stage) -> None:
    found, ticket = await numbers(stage), await stage.login_ticket()
    bodies = {who: {"account": number, "password": f"{WRONG}{who}", "ticket": ticket} for who, number in found.items()}

    assert len(await all_told(client, "POST /api/v1/auth/wechat/bind", bodies)) == 1


async def test_asking_for_a_code_looks_the_same_for_every_account(client: Client, stage: Stage) -> None:
    """Also where a code is sent."""
    found = await numbers(stage)
    bodies = {who: {"account": number, "initial_password": stage.initial} for who, number in found.items()}
    bodies["wrong"] = {"account": found[Who.FIRM], "initial_password": WRONG}

    assert len(await all_told(client, CODE, bodies)) == 1


async def test_a_refused_reset_looks_the_same_for_every_account(client: Client, stage: Stage) -> None:
    found, asked = await numbers(stage), await stage.fresh(Who.FIRM)
    code = await code_of(stage, asked)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    new = {"new_password": "Neu-2026-x"}
    bodies = {
        who: {"account": number, "initial_password": stage.initial, "code": code} | new for who, number in found.items()
    }
    of_asked = {"account": asked.account.number} | new
    bodies["wrong code"] = of_asked | {"initial_password": stage.initial, "code": wrong}
    bodies["wrong initial"] = of_asked | {"initial_password": WRONG, "code": code}

    assert len(await all_told(client, RESET, bodies)) == 1


async def everybody(world: World) -> list[Party]:
    return [await world.firm(), await world.custody(), await world.firm(complete=False), await world.staff("clerk")]


async def costs(hasher: CountingHasher, attempts: list[Callable[[], Awaitable[object]]]) -> list[int]:
    """How many hashes each refused attempt costs."""
    found = []
    for attempt in attempts:
        hasher.verified = 0
        with suppress(ResetRefused):
            await attempt()
        found.append(hasher.verified)
    await codes_written()
    return found


async def test_asking_for_a_code_costs_one_hash_for_every_account(world: World, hasher: CountingHasher) -> None:
    tried = [(p.number, secret) for p in await everybody(world) for secret in (INITIAL, WRONG)] + [("nobody", WRONG)]

    def ask(number: str, secret: str) -> Callable[[], Awaitable[object]]:
        return lambda: request_code(
            number, secret, address=f"192.0.2.{tried.index((number, secret))}", limiter=world.limiter
        )

    assert await costs(hasher, [ask(*one) for one in tried]) == [1] * len(tried)


async def test_a_refused_reset_costs_one_hash_for_every_account(world: World, hasher: CountingHasher) -> None:
    tried = [(p.number, secret) for p in await everybody(world) for secret in (INITIAL, WRONG)] + [("nobody", WRONG)]

    def ask(number: str, secret: str) -> Callable[[], Awaitable[object]]:
        reset, address = Reset(number, secret, "Neu-2026-x", "000000"), f"192.0.2.{tried.index((number, secret))}"
        return lambda: reset_password(
            reset, address=address, limiter=world.limiter, phones=world.phones, views=world.views
        )

    assert await costs(hasher, [ask(*one) for one in tried]) == [1] * len(tried)


class Statements:
    """What is asked of the database and what is written to it; each write outside of a transaction is a commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        for name in ("execute_query", "execute_insert", "execute_query_dict"):
            monkeypatch.setattr(type(connection()), name, self._noting(getattr(type(connection()), name)))

    def _noting(self, original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def noting(client: object, query: str, *rest: object) -> object:
            self.done.append("read" if query.startswith("SELECT") else "write")
            return await original(client, query, *rest)

        return noting


async def test_a_refused_reset_asks_and_writes_the_same_for_every_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all for a right initial password with a wrong code: it is right until its owner changes it."""
    asked, firm, spent = await world.firm(), await world.firm(), await world.firm()
    for n, party in enumerate((asked, spent)):
        await request_code(party.number, INITIAL, address=f"203.0.113.{n}", limiter=world.limiter)
    await codes_written()
    await VerificationCode.filter(account_id=spent.id).update(tries=CODE_TRIES)
    tried = {
        "wrong code": (asked.number, INITIAL),
        "wrong initial": (asked.number, WRONG),
        "no code": (firm.number, INITIAL),
        "no more tries": (spent.number, INITIAL),
        "never used": ((await world.firm(complete=False)).number, INITIAL),
        "nobody": ("nobody", INITIAL),
    }
    statements, costs = Statements(monkeypatch), {}

    for n, (what, (number, initial)) in enumerate(tried.items()):
        statements.done.clear()
        reset = Reset(number, initial, "Neu-2026-x", "no code")
        with pytest.raises(ResetRefused):
            await reset_password(
                reset, address=f"192.0.2.{n}", limiter=world.limiter, phones=world.phones, views=world.views
            )
        costs[what] = list(statements.done)

    assert costs == {what: ["read", "read", "write"] for what in tried}  # the account, its code, the try
