"""Answers as JSON, of predictions and of mistakes."""

import json
import math
from typing import Any

import pandas as pd
from starlette.responses import Response

from remint.registry.predictor import Predictor
from remint.serving.protocol import parse

CODES = {
    400: "BAD_REQUEST",
    404: "ENDPOINT_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def answered(predictor: Predictor, body: bytes, content_type: str) -> tuple[bytes, int]:
    """Read a request of any size; give the body of its answer and its number of rows."""
    question = parse(body, content_type, predictor.schema)
    table = predictor.predict(question.table(predictor.schema), question.on_error)
    return _encoded({"predictions": _records(table)}), len(table)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a row each; a float32 as the same float64, what is missing as None."""
    columns = [[_plain(value) for value in table[name].tolist()] for name in table]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Give an answer of JSON."""
    return Response(_encoded(content), status, headers, media_type="application/json")


def _encoded(content: Any) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Give an answer that tells of a mistake."""
    return json_response({"error_code": CODES.get(status, "BAD_REQUEST"), "message": message}, status, headers)


def place_of(error: Exception) -> str:
    """Give where an error came from, without its text, in which there may be inputs."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
