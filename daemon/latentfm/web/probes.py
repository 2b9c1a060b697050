"""What a supervisor asks: does the process live, is the station ready, and how does it do, in figures."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from latentfm.broadcast.supervised import started
from latentfm.web.metrics import Metrics
from latentfm.web.status import Status

_FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def probe_routes(status: Callable[[], Status]) -> list[Route]:
    """Return ``/healthz``, ``/readyz`` and ``/metrics`` of the station whose state ``status`` returns, in a thread."""
    metrics = Metrics(status)

    async def healthz(_: Request) -> Response:
        fallen = sorted(part.name for part in started() if not part.alive)
        if fallen:
            reason = f"threads that have ended and should run: {', '.join(fallen)}; restart the station"
            return JSONResponse({"alive": False, "reason": reason}, 503, _FRESH)
        return JSONResponse({"alive": True}, headers=_FRESH)

    async def readyz(_: Request) -> Response:
        now = await run_in_threadpool(status)
        document = {
            "ready": now.pulse.ready,
            "health": now.health,
            "reason": now.silence,
            "outputs": {output.name: output.state for output in now.outputs},
        }
        return JSONResponse(document, 200 if now.pulse.ready else 503, _FRESH)

    async def figures(request: Request) -> Response:
        text, media = await run_in_threadpool(metrics.text, request.headers.get("accept", ""))
        return Response(text, headers={**_FRESH, "Content-Type": media})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", figures)]
