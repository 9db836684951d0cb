"""The gateways' own door: `POST /oauth/introspect` and `GET /v1/session-check`, and nothing else.

A process of its own (`python -m service gateways`) with connections of its own, so that no flood
of pages or reports stands in a gateway's way; without keys and without the web framework, so that
it starts at once, stays small and can read and write nothing else.

    connection   bytes to requests and back: one client's connection
    questions    what a request asks, or how it is refused
    answers      every answer there is, as it goes over the wire
    origins      which wallet lives at which host
    door         what all connections share; opening, closing, deadlines

The web process answers the same two routes (`service.signals`). Whatever is sent to both, both
answer alike; the tests ask both.
"""
