"""Commands that let a registered model predict: predict, serve."""

import argparse

from remint.cli.parsers.common import Commands, add, port, positive


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    _add_predict(commands)
    _add_serve(commands)


def _add_predict(commands: Commands) -> None:
    command = add(
        commands,
        "predict",
        "let a registered model predict about every row of a file",
        "Let a registered model (by default its champion) predict about every row of INPUT: a table (.csv, .parquet,\n"
        ".jsonl), a folder of images, or a text file (.txt), a text a line. OUTPUT (.csv, .parquet, .jsonl) holds the\n"
        "dataset's key columns, or the file name or line number, and the prediction, in the order of INPUT. Memory\n"
        "does not grow with INPUT, but for a series, which is read whole, as a row needs its history.\n"
        "Rows are counted from 0. Of a project its store (mlruns/) is all that is needed.",
        "examples:\n  remint predict adult-mlp people.csv -o predictions.parquet\n"
        "  remint predict mnist-cnn@champion digits/ -o digits.csv\n"
        "  remint predict adult-mlp/3 people.jsonl -o out.csv --on-error skip",
    )
    command.add_argument("model", metavar="NAME[@ALIAS|/VERSION]", help="a registered model")
    command.add_argument("input", metavar="INPUT", help="a file, or a folder of images")
    command.add_argument("-o", "--output", required=True, metavar="OUTPUT", help="file to write, replaced when done")
    command.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="what a row that does not fit does: raise (default) ends with an error and writes nothing, skip leaves "
        "its prediction empty and tells why in column `error`",
    )
    command.set_defaults(call=_predict, interrupted="nothing was written")


def _add_serve(commands: Commands) -> None:
    command = add(
        commands,
        "serve",
        "serve a registered model over HTTP, MLflow's scoring protocol",
        "Serve a registered model (by default its champion) over HTTP, reachable from this machine alone: POST\n"
        "/invocations as MLflow's scoring servers take it, GET /ping, /version and /metrics. When the alias moves to\n"
        "another version, that one is swapped in between two requests. Stop with Ctrl-C; requests under way are\n"
        "answered first. Of a project its store (mlruns/) is all that is needed.",
        "example:\n  remint serve adult-mlp --port 8080 --workers 2\n"
        "  curl -s localhost:8080/invocations -H 'content-type: application/json' \\\n"
        '    -d \'{"dataframe_records": [{"age": 39, ...}], "params": {"on_error": "skip"}}\'',
    )
    command.add_argument("model", metavar="NAME[@ALIAS|/VERSION]", help="a registered model")
    command.add_argument("--port", type=port, default=8080, help="default 8080")
    command.add_argument("--workers", type=positive, default=2, metavar="N", help="processes (default 2)")
    command.add_argument(
        "--timeout",
        type=positive,
        default=30,
        metavar="SECONDS",
        help="for a request once its head is there, else 504; for the head, else the connection is closed (default 30)",
    )
    command.add_argument(
        "--max-body-mb", type=positive, default=16, metavar="MB", help="of a request, else 413 (default 16)"
    )
    command.set_defaults(call=_serve)


def _predict(options: argparse.Namespace) -> None:
    from remint.cli import serving

    serving.predict(options.model, options.input, options.output, options.on_error)


def _serve(options: argparse.Namespace) -> None:
    from remint.cli import serving

    serving.serve(options.model, options.port, options.workers, options.timeout, options.max_body_mb)
