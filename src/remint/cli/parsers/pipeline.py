"""Commands about the pipeline: run, stage, list, why, schedule, ui."""

import argparse
import os

from remint.cli.parsers.common import Commands, add, port, positive


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    _add_run(commands)
    _add_stage(commands)
    _add_list(commands)
    _add_why(commands)
    _add_schedule(commands)
    _add_ui(commands)


def _add_run(commands: Commands) -> None:
    command = add(
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
        "--jobs", type=positive, default=1, metavar="N", help="run N stages at once in worker processes"
    )
    command.add_argument("--dry-run", action="store_true", help="say what would run, and run nothing")
    command.add_argument("--refresh", action="store_true", help="first fetch sources marked `refresh: true` again")
    command.set_defaults(call=_run)


def _add_stage(commands: Commands) -> None:
    command = add(
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
    command = add(
        commands,
        "list",
        "show datasets and experiments, what is stale, last metric, champion",
        "Show datasets and experiments: what is stale, the last metric, the champion.",
        "example:\n  remint list",
    )
    command.set_defaults(call=_list)


def _add_why(commands: Commands) -> None:
    command = add(
        commands,
        "why",
        "tell what would run and which file, parameter or code changed",
        "Tell which stages of an experiment, group or dataset would run, and what changed: dependency,\n"
        "parameter or code file, with old and new value.",
        "examples:\n  remint why adult-mlp\n  remint why adult\n  remint why --fingerprint adult-mlp",
    )
    command.add_argument("name", metavar="NAME", help="experiment, group or dataset")
    command.add_argument(
        "--fingerprint",
        action="store_true",
        help="of an experiment: show each part of its fingerprint, as trained and as a training of now would have it",
    )
    command.set_defaults(call=_why)


def _add_schedule(commands: Commands) -> None:
    command = add(
        commands,
        "schedule",
        "serve the schedules of params.yaml through Prefect until stopped",
        "Serve the schedules of params.yaml as Prefect deployments until stopped with Ctrl-C. One run works at\n"
        "a time: one that falls due while the same schedule's last one is not done is dropped, one of another\n"
        "schedule waits. Each run refreshes its data first.",
        "example:\n  remint schedule",
    )
    command.add_argument("--port", type=port, default=4200, help="port of Prefect's pages (default 4200)")
    command.set_defaults(call=_schedule)


def _add_ui(commands: Commands) -> None:
    command = add(
        commands,
        "ui",
        "start MLflow's and Prefect's pages on this project's stores",
        "Start MLflow's and Prefect's pages on this project's stores, reachable from this machine alone,\n"
        "and print their addresses. Stop with Ctrl-C.",
        "example:\n  remint ui --mlflow-port 5001",
    )
    command.add_argument("--mlflow-port", type=port, default=5000, help="default 5000")
    command.add_argument("--prefect-port", type=port, default=4200, help="default 4200")
    command.set_defaults(call=_ui)


def _run(options: argparse.Namespace) -> int:
    from remint.cli import run

    if options.dry_run:
        return run.dry_run(tuple(options.names), options.force)
    return run.run(tuple(options.names), options.force, options.jobs, options.refresh)


def _stage(options: argparse.Namespace) -> None:
    from remint.lifeline import tie_to_runner

    if os.environ.get("DVC_STAGE"):
        tie_to_runner()
    from flows.healing import stage_at_work
    from remint.cli.project import require_project
    from remint.stages.run import run_stage

    require_project()
    with stage_at_work(options.stage):
        run_stage(options.stage, options.name)


def _list(_options: argparse.Namespace) -> None:
    from remint.cli import show

    show.list_project()


def _why(options: argparse.Namespace) -> None:
    from remint.cli import show

    if options.fingerprint:
        show.fingerprint(options.name)
    else:
        show.why(options.name)


def _schedule(options: argparse.Namespace) -> None:
    from remint.cli import pages

    pages.schedule(options.port)


def _ui(options: argparse.Namespace) -> None:
    from remint.cli import pages

    pages.ui(options.mlflow_port, options.prefect_port)
