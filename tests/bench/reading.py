"""Rows 1, 8 and 11: the grid, warm and during logins, and lists that grow."""

import asyncio
import statistics
import time

import aiohttp

from tests.bench.load import RUSH, Crowd, crowd, offer, request
from tests.bench.rows import Compared, check, compare
from tests.bench.stage import GRID, PASSWORD, Firm, grow_lists
from tests.bench.table import Row

_READS, _TURNS = 2000, 3  # reads a turn, and turns a round
_PAGES = ("/api/v1/messages?limit=20", "/api/v1/appointments?limit=20")
_STILL = "/api/v1/applications?limit=20"
_DEEP = 45  # pages of a hundred before the deep one
_ASKED = 100
_PAIRS = 5


async def reads(service: int, bare: int, firms: list[Firm]) -> list[Row]:
    """Row 1: the same requests, with their logins, to the grid and to a bare JSON route."""
    askers = firms[:500] * (_READS // 500)
    asked = [request("GET", GRID, token=firm.token) for firm in askers]
    plain = [request("GET", "/healthz/live", token=firm.token) for firm in askers]
    async with crowd(service, RUSH) as ours, crowd(bare, RUSH) as theirs:
        await ours.offer(asked)
        rates = await compare(lambda: rate(ours, asked, 200), lambda: rate(theirs, plain, 200), turns=_TURNS)
    return [rates.row("1", "grid read, warm / bare Sanic JSON route", 0.5, "answers/s")]


async def rate(asking: Crowd, requests: list[bytes], status: int) -> float:
    outcome = await asking.offer(requests)
    check(outcome, {status: len(requests)})
    return outcome.rate


async def lists(service: int, firm: Firm) -> list[Row]:
    """Row 8: p50 of an account's lists before and after they grew a hundredfold.

    Minutes lie between the two: by how much the machine itself became slower or faster shows in a list that did not
    grow, and is taken out.
    """
    await grow_lists(firm, 50)
    before = {path: await _beside_a_still_one(service, firm, path) for path in _PAGES}
    await grow_lists(firm, 5000)
    rows = []
    for path in _PAGES:
        name = path.partition("?")[0].rpartition("/")[2]
        for page, cursor in (("first", ""), ("deep", await _deep_cursor(service, firm, path))):
            now, still_now = await _beside_a_still_one(service, firm, f"{path}{cursor}")
            then, still_then = before[path]
            reference = then * still_now / still_then
            rows.append(Row("8", f"{name}, {page} page, rows x 100", now, reference, 1.3, "ms", at_least=False))
    return rows


async def _beside_a_still_one(service: int, firm: Firm, path: str) -> tuple[float, float]:
    """Milliseconds, one request after the other: medians of five lots of each, in turns."""
    lots = [[await _p50_of_a_lot(service, firm, asked) for asked in (path, _STILL)] for _ in range(5)]
    grown, still = zip(*lots, strict=True)
    return statistics.median(grown), statistics.median(still)


async def _p50_of_a_lot(service: int, firm: Firm, path: str) -> float:
    asked = [request("GET", path, token=firm.token)] * _ASKED
    outcome = await offer(service, asked, connections=1)
    check(outcome, {200: len(asked)})
    return outcome.quantile(0.5) * 1000


async def _deep_cursor(service: int, firm: Firm, path: str) -> str:
    url, cursor = f"http://127.0.0.1:{service}{path.replace('limit=20', 'limit=100')}", ""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {firm.token}"}) as http:
        for _ in range(_DEEP):
            async with http.get(url + cursor) as answer:
                cursor = f"&cursor={(await answer.json())['next_cursor']}"
    return cursor


async def logins(service: int, firms: list[Firm]) -> list[Row]:
    """Row 11: p99 of 200 grid reads a second, with and without 20 logins a second beside them.

    Twice a minute every session is looked up anew, and the lot that meets it is slower: of five, medians leave it out.
    """
    quiet, busy = [], []
    for _ in range(_PAIRS):
        quiet.append(await _p99(service, firms))
        end = time.monotonic() + 6
        crowd = asyncio.create_task(_log_in(service, firms, end))
        busy.append(await _p99(service, firms))
        await crowd
    found = Compared(statistics.median(busy), statistics.median(quiet), noisy=max(quiet) > 1.5 * min(quiet))
    return [found.row("11", "grid p99 during 20 logins/s / without", 2.0, "ms", at_least=False)]


async def _p99(service: int, firms: list[Firm]) -> float:
    asked = [request("GET", GRID, token=firms[n % 100].token) for n in range(1000)]
    outcome = await offer(service, asked, every=1 / 200)
    check(outcome, {200: len(asked)})
    return outcome.quantile(0.99) * 1000


async def _log_in(service: int, firms: list[Firm], end: float) -> None:
    bodies = [f'{{"account":"{firm.number}","password":"{PASSWORD}"}}'.encode() for firm in firms[:100]]
    asked = [request("POST", "/api/v1/auth/login", body=body) for body in bodies]
    outcome = await offer(service, asked, every=1 / 20, connections=20)
    check(outcome, {200: len(asked)})
    await asyncio.sleep(max(0.0, end - time.monotonic()))
