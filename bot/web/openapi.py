"""The document of the JSON interface, in OpenAPI 3.1: `/openapi.json`."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..engine import BundleInfo
from ..engine.anthology import AnthologyFields
from ..engine.errors import ErrorBody
from ..engine.mend_fields import MendedFields
from ..engine.score_fields import ScoreFields
from ..engine.wire import AnswerFields
from .fields import ComposeBody, MendBody, ScoreBody

__all__ = ["openapi_document", "openapi_route"]

SCHEMAS = "#/components/schemas/{model}"
REFUSALS = {
    413: "The body is longer than 16 KB.",
    415: "The body is not JSON.",
    422: "The request cannot be answered as it is.",
    429: "The queue is full.",
    500: "The service failed.",
    503: "The service is closing.",
    504: "The deadline passed before anything was found.",
}


def openapi_route(token: str | None) -> Route:
    """Returns the route of the document.

    Args:
        token: Whether clients need one.
    """
    document = openapi_document(token is not None)

    async def show(request: Request) -> Response:
        return JSONResponse(document)

    return Route("/openapi.json", show, methods=["GET"])


def openapi_document(with_token: bool) -> dict[str, Any]:
    """Returns the document.

    Args:
        with_token: Whether clients need a token.
    """
    inputs: tuple[type[BaseModel], ...] = (ComposeBody, ScoreBody, MendBody)
    outputs: tuple[type[BaseModel], ...] = (
        AnswerFields,
        ScoreFields,
        MendedFields,
        BundleInfo,
        AnthologyFields,
        ErrorBody,
    )
    _, schemas = models_json_schema(
        [
            *((each, "validation") for each in inputs),
            *((each, "serialization") for each in outputs),
        ],
        ref_template=SCHEMAS,
    )
    refused = dict(REFUSALS)
    if with_token:
        refused[401] = "The token is missing or wrong."
    refused_get = {status: text for status, text in refused.items() if status in (401, 500, 503)}
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Lianju",
            "version": version("lianju"),
            "description": "Answers a line of Tang verse with the next line.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/v1/compose": {
                "post": _operation("compose", "Next lines, or poems", AnswerFields, refused)
                | _body(ComposeBody)
            },
            "/v1/score": {
                "post": _operation("score", "Scores of given lines", ScoreFields, refused)
                | _body(ScoreBody)
            },
            "/v1/mend": {
                "post": _operation("mend", "Characters for places of a poem", MendedFields, refused)
                | _body(MendBody)
            },
            "/v1/bundle": {"get": _operation("bundle", "The model", BundleInfo, refused_get)},
            "/v1/anthology": {
                "get": _operation(
                    "anthology", "Poems with title and poet", AnthologyFields, refused_get
                )
            },
        },
        "components": {"schemas": schemas["$defs"]},
    }
    for path in ("/v1/compose", "/v1/score", "/v1/mend"):
        document["paths"][path]["post"]["parameters"] = [
            {
                "name": "Lianju-Group",
                "in": "header",
                "description": "Whose share of the queue the request takes; else the address's.",
                "schema": {"type": "string", "maxLength": 64},
            }
        ]
    if with_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _operation(
    name: str, summary: str, model: type[BaseModel], refused: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": _content(model)},
            **{
                str(status): {"description": text, "content": _content(ErrorBody)}
                for status, text in sorted(refused.items())
            },
        },
    }


def _body(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": _content(model)}}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": SCHEMAS.format(model=model.__name__)}}}
