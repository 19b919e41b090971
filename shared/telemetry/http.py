"""How does an HTTP request become a span of its caller's trace?"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from opentelemetry.trace import SpanKind

from shared.telemetry import attributes, tracing

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer within a span that is named by the route; the path itself and the query are not told."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    says = {attributes.HTTP_METHOD: request.method, attributes.HTTP_ROUTE: route}
    parent = request.headers.get(tracing.TRACEPARENT)
    with tracing.span(f"{request.method} {route}", kind=SpanKind.SERVER, parent=parent, says=says) as current:
        response = await handler(request)
        current.set_attribute(attributes.HTTP_STATUS, response.status)
        return response
