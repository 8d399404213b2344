"""`remint`: the command line. Each command's work is imported when it is called, so that `--help` is quick."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from remint.environment import prepare_environment, quick_exit
from remint.errors import RemintError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EPILOG = """\
examples:
  remint run                        bring the starter experiments up to date, register, promote
  remint run adult-mlp --force      train one again
  remint why adult-mlp              what would run, and why
  remint ui                         compare runs in MLflow, watch flows in Prefect
  dvc repro evaluate@adult-mlp      the same stages without Prefect
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; give the exit code: 0, 1 for a failure, 2 for a wrong declaration or call, 130 after Ctrl-C."""
    prepare_environment()
    signal.signal(signal.SIGTERM, _interrupt)
    options = parser().parse_args(arguments)
    try:
        return int(options.call(options) or 0)
    except RemintError as error:
        print(f"remint: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"remint: interrupted; {options.interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    finally:
        quick_exit()


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    root = argparse.ArgumentParser(
        prog="remint",
        description="Train, compare and register models that can be minted again, bit for bit.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.set_defaults(interrupted="what was finished is kept, the same command goes on from there")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_stage(commands)
    _add_list(commands)
    _add_why(commands)
    _add_schedule(commands)
    _add_models(commands)
    _add_promote(commands)
    _add_rollback(commands)
    _add_report(commands)
    _add_ui(commands)
    _add_predict(commands)
    _add_serve(commands)
    return root


def _add(commands: Commands, name: str, summary: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=summary, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def _add_run(commands: Commands) -> None:
    command = _add(
        commands,
        "run",
        "run experiments through Prefect: stale stages only, then register and promote",
        "Run the experiments or groups named (none: the group `starter`) through Prefect: stale stages only,\n"
        "then register what was trained and make it champion where it passes its gates.",
        "examples:\n  remint run\n  remint run adult-mlp mnist-cnn --jobs 2\n  remint run --dry-run",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="experiment or group of params.yaml")
    command.add_argument("--force", action="store_true", help="run every stage, stale or not")
    command.add_argument(
        "--jobs", type=_positive, default=1, metavar="N", help="run N stages at once in worker processes"
    )
    command.add_argument("--dry-run", action="store_true", help="say what would run, and run nothing")
    command.add_argument("--refresh", action="store_true", help="first fetch sources marked `refresh: true` again")
    command.set_defaults(call=_run)


def _add_stage(commands: Commands) -> None:
    command = _add(
        commands,
        "stage",
        "run one stage; every command in dvc.yaml is one of these",
        "Run one stage for a dataset or an experiment, with no look at whether it is stale.\n"
        "`dvc repro` calls this; it records nothing in dvc.lock itself.",
        "example:\n  remint stage validate adult",
    )
    command.add_argument("stage", metavar="STAGE", help="ingest, validate, preprocess, baseline, train or evaluate")
    command.add_argument("name", metavar="NAME", help="experiment (for train, evaluate) or dataset (for the others)")
    command.set_defaults(call=_stage)


def _add_list(commands: Commands) -> None:
    command = _add(
        commands,
        "list",
        "show datasets and experiments, what is stale, last metric, champion",
        "Show datasets and experiments: what is stale, the last metric, the champion.",
        "example:\n  remint list",
    )
    command.set_defaults(call=_list)


def _add_why(commands: Commands) -> None:
    command = _add(
        commands,
        "why",
        "tell what would run and which file, parameter or code changed",
        "Tell which stages of an experiment, group or dataset would run, and what changed: dependency,\n"
        "parameter or code file, with old and new value.",
        "examples:\n  remint why adult-mlp\n  remint why adult",
    )
    command.add_argument("name", metavar="NAME", help="experiment, group or dataset")
    command.set_defaults(call=_why)


def _add_schedule(commands: Commands) -> None:
    command = _add(
        commands,
        "schedule",
        "serve the schedules of params.yaml through Prefect until stopped",
        "Serve the schedules of params.yaml as Prefect deployments until stopped with Ctrl-C. One run works at\n"
        "a time: one that falls due while the same schedule's last one is not done is dropped, one of another\n"
        "schedule waits. Each run refreshes its data first.",
        "example:\n  remint schedule",
    )
    command.add_argument("--port", type=_port, default=4200, help="port of Prefect's pages (default 4200)")
    command.set_defaults(call=_schedule)


def _add_models(commands: Commands) -> None:
    command = _add(
        commands,
        "models",
        "show registered models: versions, champion, gates, who promoted what and why",
        "Show all registered models; of one, its versions with what each gate said, and the history of its champions.",
        "examples:\n  remint models\n  remint models adult-mlp",
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="registered model")
    command.set_defaults(call=_models)


def _add_promote(commands: Commands) -> None:
    command = _add(
        commands,
        "promote",
        "make a version champion",
        "Make a version champion where it passes its gates beside the present one; with --why, whatever they say.",
        'examples:\n  remint promote adult-mlp 3\n  remint promote adult-mlp 3 --why "asked for by legal"',
    )
    command.add_argument("name", metavar="NAME", help="registered model")
    command.add_argument("version", type=_positive, metavar="VERSION", help="number of the version")
    command.add_argument("--why", metavar="TEXT", help="reason to promote it even if it fails a gate; is kept")
    command.set_defaults(call=_promote)


def _add_rollback(commands: Commands) -> None:
    command = _add(
        commands,
        "rollback",
        "return to the champion before; again, to the one before that",
        "Make the champion before the present one champion again; called again, the one before that.",
        'example:\n  remint rollback adult-mlp --why "wrong for pensioners"',
    )
    command.add_argument("name", metavar="NAME", help="registered model")
    command.add_argument("--why", metavar="TEXT", help="reason; is kept")
    command.set_defaults(call=_rollback)


def _add_report(commands: Commands) -> None:
    command = _add(
        commands,
        "report",
        "show a version's model card: how good it is, for whom, and where it fails",
        "Print the model card of a registered version; of a model alone that of its champion, or of its newest\n"
        "version where none was promoted.",
        "examples:\n  remint report adult-mlp\n  remint report adult-mlp/2 --open\n"
        "  remint report adult-mlp -o card.html",
    )
    command.add_argument("name", metavar="NAME[@ALIAS|/VERSION]", help="registered model, and which of its versions")
    command.add_argument("--html", action="store_true", help="print the page in place of the text")
    command.add_argument("--open", action="store_true", help="open the page in a browser, and print where it lies")
    command.add_argument("-o", metavar="FILE", type=Path, help="write the page to a file; the text, if it ends in .md")
    command.set_defaults(call=_report)


def _add_ui(commands: Commands) -> None:
    command = _add(
        commands,
        "ui",
        "start MLflow's and Prefect's pages on this project's stores",
        "Start MLflow's and Prefect's pages on this project's stores, reachable from this machine alone,\n"
        "and print their addresses. Stop with Ctrl-C.",
        "example:\n  remint ui --mlflow-port 5001",
    )
    command.add_argument("--mlflow-port", type=_port, default=5000, help="default 5000")
    command.add_argument("--prefect-port", type=_port, default=4200, help="default 4200")
    command.set_defaults(call=_ui)


def _add_predict(commands: Commands) -> None:
    command = _add(
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
    command = _add(
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
    command.add_argument("--port", type=_port, default=8080, help="default 8080")
    command.add_argument("--workers", type=_positive, default=2, metavar="N", help="processes (default 2)")
    command.add_argument(
        "--timeout",
        type=_positive,
        default=30,
        metavar="SECONDS",
        help="for a request once its head is there, else 504; for the head, else the connection is closed (default 30)",
    )
    command.add_argument(
        "--max-body-mb", type=_positive, default=16, metavar="MB", help="of a request, else 413 (default 16)"
    )
    command.set_defaults(call=_serve)


def _run(options: argparse.Namespace) -> int:
    from remint.cli import run

    if options.dry_run:
        return run.dry_run(tuple(options.names), options.force)
    return run.run(tuple(options.names), options.force, options.jobs, options.refresh)


def _stage(options: argparse.Namespace) -> None:
    from remint.cli.project import require_project
    from remint.stages.run import run_stage

    require_project()
    run_stage(options.stage, options.name)


def _list(_options: argparse.Namespace) -> None:
    from remint.cli import show

    show.list_project()


def _why(options: argparse.Namespace) -> None:
    from remint.cli import show

    show.why(options.name)


def _schedule(options: argparse.Namespace) -> None:
    from remint.cli import pages

    pages.schedule(options.port)


def _models(options: argparse.Namespace) -> None:
    from remint.cli import registry

    registry.models(options.name)


def _promote(options: argparse.Namespace) -> None:
    from remint.cli import registry

    registry.promote(options.name, options.version, options.why)


def _rollback(options: argparse.Namespace) -> None:
    from remint.cli import registry

    registry.rollback(options.name, options.why)


def _report(options: argparse.Namespace) -> None:
    from remint.cli import report

    report.report(options.name, options.html, options.open, options.o)


def _ui(options: argparse.Namespace) -> None:
    from remint.cli import pages

    pages.ui(options.mlflow_port, options.prefect_port)


def _predict(options: argparse.Namespace) -> None:
    from remint.cli import serving

    serving.predict(options.model, options.input, options.output, options.on_error)


def _serve(options: argparse.Namespace) -> None:
    from remint.cli import serving

    serving.serve(options.model, options.port, options.workers, options.timeout, options.max_body_mb)


def _interrupt(_number: int, _frame: object) -> None:
    """Treat a request to end (SIGTERM) as Ctrl-C, so that everything is put in order first."""
    raise KeyboardInterrupt


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is not between 1 and 65535")
    return number
