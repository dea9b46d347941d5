"""订阅消息: which of them the mini program may ask its user to agree to."""

from sanic import Blueprint

from miniprogram_api.schemas.consents import ConsentsView, ConsentView
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.messages.consents import list_consents

blueprint = Blueprint("consents", url_prefix="/api/v1")


@endpoint(blueprint, "GET /me/subscribe-templates", access=APPLICANT)
async def consents(call: Call) -> ConsentsView:
    """小程序可以请用户同意接收的订阅消息，各还剩几条"""
    found = await list_consents(call.caller.account_id)
    return ConsentsView(items=[ConsentView.model_validate(consent) for consent in found])
