"""What /metrics says of waiting work, on both engines: counted as the rows stand, with ages in seconds."""

from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from models.base import new_id
from models.messages import Alert, Channel, Delivery, DeliveryState, SendingPause
from models.work import Heartbeat, JobLease
from server import clock
from server.http.gauges import exposed
from tests.engines.engine import Engine
from tests.engines.servers import MariaDB, RedisServer


async def samples(parts: dict[str, str] | None = None) -> dict[tuple[str, ...], float]:
    """(name, label values…) -> value."""
    families = text_string_to_metric_families((await exposed(parts or {})).decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def deliver_row(state: DeliveryState, seconds_ago: int) -> None:
    then = clock.now() - timedelta(seconds=seconds_ago)
    await Delivery.create(
        created_at=then,
        account_id=new_id(),
        event="booked",
        occurrence=new_id().hex,
        recipient=f"binding:{new_id()}",
        channel=Channel.WECHAT,
        payload="",
        state=state,
        next_at=then,
        first_attempt_at=then if state is DeliveryState.IN_DOUBT else None,
    )


async def test_a_part_that_is_down_is_nought(engine: Engine) -> None:
    found = await samples({"database": "ok", "redis": "RedisDown"})

    assert (found["zcgl_part_up", "database"], found["zcgl_part_up", "redis"]) == (1.0, 0.0)


async def test_deliveries_are_counted_by_channel_and_state(engine: Engine) -> None:
    await Delivery.all().delete()
    for state in (DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.DELIVERED):
        await deliver_row(state, 0)

    found = await samples()

    counts = {key[1:]: value for key, value in found.items() if key[0] == "zcgl_deliveries"}
    nought = {("mini_program", "failed"): 0.0, ("sms", "failed"): 0.0}
    assert counts == {("wechat", "pending"): 2.0, ("wechat", "failed"): 1.0} | nought


async def test_what_has_waited_longest_says_for_how_long(engine: Engine) -> None:
    await Delivery.all().delete()
    for seconds in (600, 5):
        await deliver_row(DeliveryState.PENDING, seconds)
        await deliver_row(DeliveryState.IN_DOUBT, 2 * seconds)

    found = await samples()

    assert 600 <= found["zcgl_delivery_due_seconds", "wechat"] < 660
    assert 1200 <= found["zcgl_delivery_in_doubt_seconds", "wechat"] < 1260


async def test_a_silent_worker_and_a_late_job_show(engine: Engine) -> None:
    await Heartbeat.all().delete()
    await Heartbeat.create(owner="here:1", beat_at=clock.now() - timedelta(seconds=90))
    name, then = f"job-{new_id().hex[:8]}", clock.now() - timedelta(seconds=300)
    await JobLease.create(name=name, next_at=then, leased_until=then)

    found = await samples()

    assert 90 <= found["zcgl_worker_heartbeat_seconds",] < 150
    assert 300 <= found["zcgl_task_late_seconds", name] < 360


async def test_open_alerts_and_pauses_show_until_they_are_gone(engine: Engine) -> None:
    kind, scope, now = f"kind_{new_id().hex[:8]}", f"template:{new_id().hex[:8]}", clock.now()
    alert = await Alert.create(kind=kind, subject=kind, open_subject=kind, text="", last_at=now, created_at=now)
    pause = await SendingPause.create(scope=scope, by="系统", created_at=now)
    before = await samples()

    await Alert.filter(id=alert.id).update(resolved_at=now, open_subject=None)
    await pause.delete()
    after = await samples()

    assert (before["zcgl_open_alerts", kind], before["zcgl_sending_paused", scope]) == (1.0, 1.0)
    assert {("zcgl_open_alerts", kind), ("zcgl_sending_paused", scope)} & set(after) == set()


async def test_without_a_database_the_parts_are_all_there_is(own_mariadb: MariaDB, tmp_path: Path) -> None:
    engine = Engine("down", tmp_path, own_mariadb.create_database("down"), RedisServer(tmp_path))
    async with engine.opened():
        own_mariadb.kill()

        found = await samples({"database": "OperationalError"})

    assert found == {("zcgl_part_up", "database"): 0.0}
