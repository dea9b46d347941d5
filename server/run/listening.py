"""The socket that requests come to."""

import socket

# Connections that the kernel keeps while every process is busy. Whoever comes beyond waits a whole second, silently:
# at the opening hundreds come within the same few milliseconds.
BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError when the port is taken or not ours to use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
