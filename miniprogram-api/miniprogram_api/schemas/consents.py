"""What the mini program asks its user's consent for."""

from pydantic import Field

from server.http.schemas import View


class SubscribeView(View):
    """The templates to ask the person for with wx.requestSubscribeMessage; none in a browser."""

    template_ids: list[str] = Field(max_length=3)


class ConsentView(View):
    """`credits`: how many messages of this template were agreed to and not received yet."""

    template_id: str
    title: str
    credits: int


class ConsentsView(View):
    items: list[ConsentView]
