"""The signature of Tencent Cloud's API 3.0, against the hashes its document prints."""

import hashlib

from server.gateways.sms.signing import authorization, canonical_request

# The document's example: DescribeInstances of cvm, 2019-02-25T12:44:25Z.
BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
HOST = "cvm.tencentcloudapi.com"


def test_the_canonical_request_is_the_document_s() -> None:
    hashed = hashlib.sha256(canonical_request(HOST, BODY).encode()).hexdigest()

    assert hashlib.sha256(BODY).hexdigest() == "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
    assert hashed == "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"


def test_it_signs_as_the_official_library_does() -> None:
    """tencentcloud-sdk-python, SendSms on 2026-01-01 with these credentials."""
    body = rb'{"PhoneNumberSet": ["+8613912345678"], "SignName": "\u5317\u4eac\u6ce8\u534f"}'

    signed = authorization("AKIDx", "keyx", host="sms.tencentcloudapi.com", body=body, at=1767225600)

    assert signed.endswith("Signature=f944fcc28f8b55485517b57d0d1281e2d30ba1dffebea7f487611abe9dbc9c87")


def test_scope_and_headers_are_named() -> None:
    header = authorization("AKID", "key", host=HOST, body=BODY, at=1551113065)

    assert header.startswith(
        "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host"
    )


def test_another_body_key_or_second_signs_otherwise() -> None:
    signed = {
        authorization("AKID", "key", host=HOST, body=BODY, at=1551113065),
        authorization("AKID", "key", host=HOST, body=BODY + b" ", at=1551113065),
        authorization("AKID", "other", host=HOST, body=BODY, at=1551113065),
        authorization("AKID", "key", host=HOST, body=BODY, at=1551113066),
    }

    assert len(signed) == 4
