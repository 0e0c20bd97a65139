"""The yardstick: Starlette with one route that decodes a JSON object and sends one back."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def _echo(request: Request) -> Response:
    body = await request.json()
    return JSONResponse({"fields": len(body)})


def main(port: int) -> None:
    """Serve until ended."""
    app = Starlette(routes=[Route("/", _echo, methods=["POST"])])
    uvicorn.run(
        app,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="critical",
        access_log=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
