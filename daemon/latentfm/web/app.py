"""The routes: a page, the stream, the status, and what supervisors ask."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable, Sequence
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from latentfm.broadcast.feeds import Feed
from latentfm.web.probes import probe_routes
from latentfm.web.status import Status
from latentfm.web.stream import LiveStream, Seats

_FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def make_app(
    feed: Feed,
    status: Callable[[], Status],
    seats: Seats,
    *,
    name: str = "Latent FM",
    more: Sequence[Route] = (),
) -> Starlette:
    """Return the application.

    Args:
        feed: what listeners of ``/stream.mp3`` hear.
        status: returns the state of the station; called in a thread, as it may look at the disk.
        seats: how many may listen at once; one more gets a 503.
        name: the station's name.
        more: other routes.
    """
    page, policy = _page(name)

    async def home(_: Request) -> Response:
        return HTMLResponse(
            page, headers={"Content-Security-Policy": policy, **_FRESH, "Referrer-Policy": "no-referrer"}
        )

    async def stream(request: Request) -> Response:
        return LiveStream(feed, seats, name=name, icy=request.headers.get("icy-metadata") == "1")

    async def status_json(_: Request) -> Response:
        return JSONResponse((await run_in_threadpool(status)).document(), headers=_FRESH)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/stream.mp3", stream),
            Route("/status.json", status_json),
            *probe_routes(status),
            *more,
        ]
    )


def _page(name: str) -> tuple[str, str]:
    """Return the page, and a policy that lets it run its own style and script and nothing else."""
    page = resources.files("latentfm.web").joinpath("page.html").read_text(encoding="utf-8")
    hashes = {}
    for tag in ("style", "script"):
        inline = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = hashlib.sha256(inline[1].encode() if inline else b"").digest()
        hashes[tag] = base64.b64encode(digest).decode("ascii")
    policy = (
        "default-src 'none'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'"
    )
    return page.replace("{{station}}", html.escape(name)), policy
