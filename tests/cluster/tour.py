"""One node of each kind is killed while firms book; the manual's story is told before, while it is dead, and after."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cluster.apart import work_apart
from tests.cluster.stage import Stage
from tests.cluster.streams import held_back
from tests.cluster.town import ClusterTown, town_of
from tests.cluster.verdict import broken_promises
from tests.engines.servers import Server
from tests.server.http.waiting import until
from tests.soak.actors import Crowd

_FIRMS, _PEOPLE = 60, 4
_WHOLE_AGAIN = 90.0  # seconds: a node may have to copy the whole database


@dataclass(frozen=True)
class Blow:
    """`survives`: others of its kind do its work meanwhile, so the story must be told while it is dead."""

    name: str
    victim: Callable[[Stage], Server]
    survives: bool


# The store comes last: moto forgets its objects.
BLOWS = (
    Blow("Galera 首选节点", lambda stage: stage.galera.nodes[0], survives=True),
    Blow("Redis 主节点", lambda stage: stage.redis.master(), survives=True),
    Blow("web 进程", lambda stage: stage.webs[0], survives=True),
    Blow("worker 进程", lambda stage: stage.workers[0], survives=True),
    Blow("nginx", lambda stage: stage.nginx, survives=False),
    Blow("S3 存储", lambda stage: stage.store, survives=False),
)


@dataclass
class Report:
    demos: int = 0
    kills: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        killed = "、".join(self.kills)
        booked = f"预约 {self.answers['确认']} 次确认、{self.answers['拒绝']} 次拒绝、{self.answers['未知']} 次未知"
        outcome = "通过" if not self.faults else f"未通过（{len(self.faults)} 处）"
        held = "核对了不变量 I1-I8、三个数据库节点的内容、跨节点的冲突与读取"
        return f"集群演练{outcome}：各杀一次 {killed}；演示 {self.demos} 遍；{booked}；{held}"


async def tour(stage: Stage, say: Callable[[str], None]) -> Report:
    """Every blow in turn, then the verdict on all that anybody was told."""
    report = Report()
    report.faults += await work_apart(stage, say)
    async with town_of(stage) as town:
        crowd = Crowd(town, random.Random(1))  # type: ignore[arg-type]
        await _tell(stage, report, say, "全部节点")
        report.faults += await held_back(town)
        await crowd.gather_people(_FIRMS)
        living = asyncio.create_task(crowd.live(_PEOPLE))
        for blow in BLOWS:
            await _strike(blow, town, report, say)
        crowd.ending.set()
        await living
        report.faults += await broken_promises(crowd, stage)
        _count(crowd, report)
        say(f"事务所得到的回答（状态码：次数，0 为没有回答）：{dict(sorted(town.answers.items()))}")
    return report


async def _strike(blow: Blow, town: ClusterTown, report: Report, say: Callable[[str], None]) -> None:
    victim = blow.victim(town.stage)
    await asyncio.to_thread(victim.kill)
    report.kills.append(blow.name)
    say(f"已杀死 {blow.name}")
    if blow.survives:
        await _tell(town.stage, report, say, f"没有 {blow.name}")
    await asyncio.to_thread(victim.start)
    await asyncio.to_thread(town.stage.wait_until_joined)
    await until(town.is_whole, f"a whole service after {blow.name}", _WHOLE_AGAIN)
    await _tell(town.stage, report, say, f"{blow.name} 恢复后")


async def _tell(stage: Stage, report: Report, say: Callable[[str], None], when: str) -> None:
    """`zcgl demo`; what it says is kept only when it fails."""
    done = await asyncio.to_thread(stage.zcgl, "demo")
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "没有输出"
    report.demos += 1
    say(f"  {when}：{last}")
    if done.returncode:
        report.faults.append(f"演示（{when}）失败：\n{done.stdout[-3000:]}")


def _count(crowd: Crowd, report: Report) -> None:
    told = crowd.ledger.told
    report.answers["确认"] = sum(bool(one.booked) for one in told)
    report.answers["拒绝"] = sum(bool(one.refused) for one in told)
    report.answers["未知"] = sum(not one.booked and not one.refused for one in told)
