"""A short soak in every run: ten processes are killed while everybody books. The long one is `make soak`."""

from tests.soak.run import Plan, run_soak


async def test_ten_kills_break_no_invariant() -> None:
    report = await run_soak(Plan(seconds=20, seed=20261127, kills=10, pause=2))

    assert report.violations == [], "\n".join(report.lines())
    assert report.kills.total() >= 10
    assert report.answers["acknowledged"] > 0
