"""``POST /control``: the requests of the control socket over HTTP, for who has the token."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from latentfm.broadcast.secret import Secret
from latentfm.control.protocol import LONGEST, Answer, answer_to
from latentfm.control.protocol import Request as Asked
from latentfm.errors import OutputError

_FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_READ_ONLY = "this station is read-only over HTTP: no web.control_token_file is configured"


def control_route(do: Callable[[Asked], Answer], token: Callable[[], Secret] | None) -> Route:
    """Return the route.

    Args:
        do: meets a request; called in a thread.
        token: reads the token, so that it may be changed at any time; None leaves the station read-only.
    """

    async def control(request: Request) -> Response:
        if token is None:
            return _refusal(403, _READ_ONLY)
        try:
            secret = await run_in_threadpool(token)
        except OutputError as error:
            return _refusal(503, f"the token can't be read: {type(error).__name__}; `latentfm check` says why")
        if not _is_bearer(request.headers.get("authorization", ""), secret):
            return _refusal(401, "the control token is missing or wrong: Authorization: Bearer TOKEN")
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        answer = await run_in_threadpool(answer_to, body, do)
        return JSONResponse(answer, 200 if answer["ok"] else 400, _FRESH)

    return Route("/control", control, methods=["POST"])


def _refusal(code: int, reason: str) -> Response:
    headers = {**_FRESH, "WWW-Authenticate": "Bearer"} if code == 401 else _FRESH  # noqa: PLR2004 - as HTTP counts
    return JSONResponse({"ok": False, "error": reason}, code, headers)


def _is_bearer(header: str, secret: Secret) -> bool:
    """Compare in a time that does not depend on how much of it is right."""
    scheme, _, given = header.partition(" ")
    matches = hmac.compare_digest(given.strip().encode(), secret.reveal().encode())
    return scheme.lower() == "bearer" and matches


async def _body(request: Request) -> bytes:
    """Return the body, of one that is too long only so much that it shows."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            break
    return body
