"""Receipts of texts: pulled once, kept, and read back for what they mean."""

from uuid import UUID

from server.gateways.sms.client import TencentSms
from server.gateways.sms.receipts import TencentSmsReceipts, read_receipt
from server.messages.channels import Delivered, Receipt, Refused
from tests.server.gateways.sms.stub import SmsStub

WHICH = UUID(int=7)


async def test_what_the_operator_says_comes_back_with_the_delivery(stub: SmsStub, client: TencentSms) -> None:
    for context in (str(WHICH), "not ours"):
        await client.send("13912345678", "1234", (), context)
    stub.report(0)
    stub.report(1, "FAIL", "DB:0141")

    kept = await TencentSmsReceipts(client).pull()
    delivered, refused = (read_receipt(receipt.text) for receipt in kept)

    assert [(receipt.app, receipt.unique_key) for receipt in kept] == [("sms", "5000:0"), ("sms", "5000:1")]
    assert delivered == Receipt("5000:0", Delivered(), WHICH)
    assert isinstance(refused.outcome, Refused)
    assert (refused.outcome.code, refused.delivery_id) == ("DB:0141", None)


async def test_nothing_is_pulled_twice(stub: SmsStub, client: TencentSms) -> None:
    await client.send("13912345678", "1234", (), str(WHICH))
    stub.report(0)

    assert len(await TencentSmsReceipts(client).pull()) == 1
    assert await TencentSmsReceipts(client).pull() == []


async def test_a_service_that_does_not_answer_is_asked_again_later(stub: SmsStub, client: TencentSms) -> None:
    await client.send("13912345678", "1234", (), str(WHICH))
    stub.report(0)
    stub.faults = [503]

    assert await TencentSmsReceipts(client).pull() == []
    assert len(await TencentSmsReceipts(client).pull()) == 1
