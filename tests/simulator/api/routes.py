"""Which path is answered by what."""

from aiohttp import web

from tests.simulator.api.answering import Answering
from tests.simulator.api.mini_program import MiniProgramEndpoints
from tests.simulator.api.official_account import OfficialAccountEndpoints
from tests.simulator.api.tokens import TokenEndpoints
from tests.simulator.faults import Faults
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes


def api_routes(platform: Platform, faults: Faults, pushes: Pushes) -> list[web.RouteDef]:
    answer = Answering(platform, faults).handler
    tokens = TokenEndpoints(platform)
    account = OfficialAccountEndpoints(platform, pushes)
    mini = MiniProgramEndpoints(platform, pushes)
    return [
        web.get("/cgi-bin/token", answer(tokens.token)),
        web.post("/cgi-bin/stable_token", answer(tokens.stable_token)),
        web.post("/cgi-bin/qrcode/create", answer(account.create_qr)),
        web.get("/cgi-bin/user/info", answer(account.user_info)),
        web.post("/cgi-bin/message/template/send", answer(account.send_template, to_one_person=True)),
        web.get("/sns/jscode2session", answer(mini.code_to_session)),
        web.post("/wxa/getwxacodeunlimit", answer(mini.draw_code)),
        web.post("/wxa/business/getuserphonenumber", answer(mini.phone_number)),
        web.post("/cgi-bin/message/subscribe/send", answer(mini.send_subscribe, to_one_person=True)),
        web.post("/wxa/msg_sec_check", answer(mini.check_text)),
    ]
