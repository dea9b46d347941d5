"""TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0 (document 382/52071, method v3)."""

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
_SIGNED = "content-type;host"


def authorization(secret_id: str, secret_key: str, *, host: str, body: bytes, at: int) -> str:
    """The Authorization header of a POST of `body` to `/` on `host` (sms.tencentcloudapi.com, whose first label is
    the service), signed at `at`, seconds since the epoch."""
    service = host.partition(".")[0]
    date = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    text = f"{ALGORITHM}\n{at}\n{scope}\n{_sha256(canonical_request(host, body).encode())}"
    signature = hmac.new(_derived_key(secret_key, date, service), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}"


def canonical_request(host: str, body: bytes) -> str:
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\n"
    return f"POST\n/\n\n{headers}\n{_SIGNED}\n{_sha256(body)}"


def _derived_key(secret_key: str, date: str, service: str) -> bytes:
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
