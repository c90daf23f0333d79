"""HTTP for functions: one router for every front door, any ASGI or WSGI application, streaming."""
