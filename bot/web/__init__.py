"""The engine over HTTP: a JSON interface, with Starlette. It needs the extra `lianju[web]`."""
