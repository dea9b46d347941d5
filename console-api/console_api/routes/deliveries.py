"""提醒发送记录: the ledger of deliveries, and sending again."""

from uuid import UUID

from sanic import Blueprint

from console_api.schemas.deliveries import DeliveryQuery, DeliveryView
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Listing
from server.messages import ledger

blueprint = Blueprint("console_deliveries", url_prefix="/console/v1")


@endpoint(blueprint, "GET /deliveries", access=staff("deliveries"))
async def list_deliveries(call: Call, query: DeliveryQuery) -> Listing[DeliveryView]:
    """发送记录，新的在前；收件人已脱敏."""
    entries, cursor = await ledger.list_deliveries(ledger.Search(**query.model_dump()))
    return Listing[DeliveryView](items=[DeliveryView.of(entry) for entry in entries], next_cursor=cursor)


@endpoint(blueprint, "POST /deliveries/<delivery_id>/retry", access=staff("deliveries"))
async def retry_delivery(call: Call, delivery_id: UUID) -> DeliveryView:
    """重新发送失败或对方无法接收的一条，留痕."""
    return DeliveryView.of(await ledger.retry_delivery(delivery_id, call.caller.actor))
