"""Where the bytes of pages are kept: the Protocol, and what can go wrong."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from server.errors import NotFound, Unavailable


class ObjectMissing(NotFound):
    message = "文件不存在或已被删除"


class ObjectAltered(ObjectMissing):
    """It is there, but it is not what was put there."""

    code = "object_altered"
    message = "文件已损坏，无法打开，请重新上传"


class StoreDown(Unavailable):
    code = "store_unavailable"
    message = "文件服务暂时不可用，请稍后重试"


class Store(Protocol):
    """Objects by random key; every method but `list` may be repeated. All raise StoreDown."""

    async def put(self, key: str, data: bytes) -> None: ...

    async def get(self, key: str) -> bytes:
        """Raises ObjectMissing or ObjectAltered."""
        ...

    async def delete(self, key: str) -> None:
        """Deleting what is not there is no error."""
        ...

    def list(self, *, older_than: datetime) -> AsyncIterator[str]:
        """Keys of objects written before that instant."""
        ...

    async def ping(self) -> None: ...
