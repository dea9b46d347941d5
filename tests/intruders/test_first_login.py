"""An initial password is known to many; it opens the completion of the profile, once, and nothing else."""

from uuid import uuid4

from server.http.endpoint import Access, Audience
from tests.server.http.cast import Who, a_password
from tests.server.http.client import Answer, Client, Order
from tests.server.http.matrix import ENDPOINTS
from tests.server.http.stage import Stage

LOGIN, COMPLETE = "POST /api/v1/auth/login", "POST /api/v1/auth/complete-profile"
GUARDED = {route: found.access for route, found in ENDPOINTS.items() if found.access.audience is not Audience.PUBLIC}
OPEN = {COMPLETE, "POST /api/v1/auth/logout"}


async def log_in_with_the_initial_password(client: Client, stage: Stage, who: Who = Who.INCOMPLETE) -> Answer:
    newcomer = await stage.actor(who)
    answer = await client.send(LOGIN, Order(body={"account": newcomer.account.number, "password": stage.initial}))
    if answer.status == 200:
        stage.secrets.add(answer.body["token"])
    return answer


def order_to(route: str) -> Order:
    """Names in the path that are somebody's or nobody's: the answer must not depend on it."""
    return Order(path={name: uuid4() for name in ENDPOINTS[route].path_types})


def refusal(access: Access) -> str:
    return "403 forbidden" if access.audience is Audience.STAFF else "403 must_complete_profile"


async def test_it_opens_the_profile_and_no_other_route(client: Client, stage: Stage) -> None:
    token = (await log_in_with_the_initial_password(client, stage)).body["token"]

    said = {r: (await client.send(r, order_to(r), token)).said for r in GUARDED if r not in OPEN}

    assert {route for route, access in GUARDED.items() if access.audience is Audience.INCOMPLETE} == OPEN
    assert said == {route: refusal(access) for route, access in GUARDED.items() if route not in OPEN}


async def test_it_opens_it_once_and_never_logs_in_again(client: Client, stage: Stage) -> None:
    first = (await log_in_with_the_initial_password(client, stage)).body["token"]
    second = (await log_in_with_the_initial_password(client, stage)).body["token"]
    new = a_password()
    stage.secrets.add(new)
    order = Order(body={"contact_name": "张成", "contact_mobile": "13500000000", "new_password": new})

    completed = await client.send(COMPLETE, order, first)
    repeated = [await client.send(COMPLETE, order, token) for token in (first, second, completed.body["token"])]
    again = await log_in_with_the_initial_password(client, stage)

    assert (completed.said, completed.body["must_complete_profile"]) == ("200", False)
    assert [answer.said for answer in repeated] == [
        "401 session_expired",
        "401 session_expired",
        "409 profile_already_complete",
    ]
    assert again.said == "401 bad_credentials"
