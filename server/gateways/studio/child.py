"""The child process in which files are decoded and forms drawn: bounded in memory, gone with its parent."""

import resource
import sys
from collections.abc import Callable
from typing import Any

import orjson

from server.gateways.studio.faults import Fault
from server.gateways.studio.frames import LENGTHS, pack
from server.gateways.studio.sniffing import PDF, content_type

_SECONDS = 15  # of computing for one file; waiting for a busy machine does not count
_MEMORY = 1_500_000_000  # bytes of address space: a 50 MP photo fits, a bomb does not


def main() -> None:
    """Serve one request after the other until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while head := sys.stdin.buffer.read(LENGTHS.size):
        head_length, body_length = LENGTHS.unpack(head)
        order = orjson.loads(sys.stdin.buffer.read(head_length))
        _start_counting()
        sys.stdout.buffer.write(_answer(order, sys.stdin.buffer.read(body_length)))
        sys.stdout.buffer.flush()


def _start_counting() -> None:
    """From here on; SIGXCPU ends the child when it is up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + _SECONDS, most))


def _answer(order: dict[str, Any], body: bytes) -> bytes:
    try:
        kind, data = _WORK[order["do"]](order, body)
    except Fault as fault:
        return pack({"fault": fault.code})
    except MemoryError:
        return pack({"fault": "too_complex"})
    return pack({"kind": kind}, data)


def _check(_: dict[str, Any], body: bytes) -> tuple[str, bytes]:
    from server.gateways.studio.images import clean_image  # noqa: PLC0415 - loaded when the first file comes
    from server.gateways.studio.pdfs import clean_pdf  # noqa: PLC0415

    kind = content_type(body)
    return kind, clean_pdf(body) if kind == PDF else clean_image(body, kind)


def _render(order: dict[str, Any], _: bytes) -> tuple[str, bytes]:
    from server.gateways.studio.documents import render  # noqa: PLC0415 - typst loads only when a form is asked for

    return "application/pdf", render(order["document"], order["values"])


_WORK: dict[str, Callable[[dict[str, Any], bytes], tuple[str, bytes]]] = {"check": _check, "render": _render}


if __name__ == "__main__":
    main()
