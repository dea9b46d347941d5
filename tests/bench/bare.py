"""The reference of rows 1, 2 and 10: a Sanic app with one JSON route and nothing else."""

import os
import socket
from typing import Any

import orjson
from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

app: Sanic[Any, Any] = Sanic("bare", dumps=orjson.dumps, configure_logging=False)


@app.route("/healthz/live", methods=["GET", "POST"])
async def live(_: Request) -> HTTPResponse:
    return json({"status": "ok"})


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", int(os.environ["ZCGL_PORT"])), backlog=1024)
    app.run(sock=listening, single_process=True, access_log=False, motd=False)
