"""Forgetting what has ended: login sessions, codes and binding tickets past their use."""

from datetime import timedelta

from models.accounts import BindingTicket, LoginSession, VerificationCode
from server import clock

KEPT = timedelta(days=1)


async def forget_expired() -> int:
    """Delete what expired more than a day ago. Returns how many rows went."""
    before = clock.now() - KEPT
    return (
        await LoginSession.filter(expires_at__lt=before).delete()
        + await VerificationCode.filter(expires_at__lt=before).delete()
        + await BindingTicket.filter(expires_at__lt=before).delete()
    )
