"""Commands about registered models: models, promote, rollback, report, verify, certificate, diff."""

import argparse
from pathlib import Path

from remint.cli.parsers.common import Commands, add, positive


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    _add_models(commands)
    _add_promote(commands)
    _add_rollback(commands)
    _add_report(commands)
    _add_verify(commands)
    _add_certificate(commands)
    _add_diff(commands)


def _add_models(commands: Commands) -> None:
    command = add(
        commands,
        "models",
        "show registered models: versions, champion, gates, who promoted what and why",
        "Show all registered models; of one, its versions with what each gate said, and the history of its champions.",
        "examples:\n  remint models\n  remint models adult-mlp",
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="registered model")
    command.set_defaults(call=_models)


def _add_promote(commands: Commands) -> None:
    command = add(
        commands,
        "promote",
        "make a version champion",
        "Make a version champion where it passes its gates beside the present one; with --why, whatever they say.",
        'examples:\n  remint promote adult-mlp 3\n  remint promote adult-mlp 3 --why "asked for by legal"',
    )
    command.add_argument("name", metavar="NAME", help="registered model")
    command.add_argument("version", type=positive, metavar="VERSION", help="number of the version")
    command.add_argument("--why", metavar="TEXT", help="reason to promote it even if it fails a gate; is kept")
    command.set_defaults(call=_promote)


def _add_rollback(commands: Commands) -> None:
    command = add(
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
    command = add(
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


def _add_verify(commands: Commands) -> None:
    command = add(
        commands,
        "verify",
        "mint a registered version again, and prove that every byte is the same",
        "Mint a registered version (of a model alone its champion) again from its number alone: its commit in a\n"
        "scratch worktree, its data by digest, its stages run anew with no cache; then compare weights, predictions,\n"
        "metrics and reports by sha256 with what was registered. The verdict is identical (exit code 0), equivalent\n"
        "(3: other hardware or threads, metrics within the experiment's `tolerance`) or different (4), which names\n"
        "the first input or, where none differs, the first stage's output that does. A certificate of it is kept\n"
        "with the version.",
        "examples:\n  remint verify adult-mlp\n  remint verify adult-mlp/3 --from ingest\n"
        "  remint verify mnist-cnn@champion --rebuild-env --sign ~/.ssh/id_ed25519",
    )
    command.add_argument("name", metavar="NAME[@ALIAS|/VERSION]", help="a registered model")
    command.add_argument(
        "--from",
        dest="start",
        choices=("train", "preprocess", "ingest"),
        help="first stage to run; what it reads must be had by digest, from DVC's cache or remote (default: the latest "
        "stage of which that is true)",
    )
    command.add_argument(
        "--rebuild-env",
        action="store_true",
        help="install that commit's lock into an environment of its own where it differs from this one",
    )
    command.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the certificate to a file, too")
    command.add_argument("--sign", metavar="KEY", type=Path, help="sign the certificate with an SSH key (ssh-keygen)")
    command.set_defaults(call=_verify, interrupted="nothing was kept of it")


def _add_certificate(commands: Commands) -> None:
    command = add(
        commands,
        "certificate",
        "check a certificate of `remint verify` offline",
        "Check a certificate that `remint verify` wrote, offline: its digest, that its verdict follows from what it\n"
        "lists, and its signature where FILE.sig lies beside it. Exit code 0, or 1 for one that was altered.",
        "examples:\n  remint certificate check certificate.json\n"
        "  remint certificate check certificate.json --signers allowed_signers",
    )
    command.add_argument("action", choices=("check",), help="what to do")
    command.add_argument("file", metavar="FILE", type=Path, help="a certificate")
    command.add_argument(
        "--signers", metavar="FILE", type=Path, help="whose signatures count: `man ssh-keygen`, ALLOWED SIGNERS"
    )
    command.set_defaults(call=_certificate)


def _add_diff(commands: Commands) -> None:
    command = add(
        commands,
        "diff",
        "tell what differs between two runs, versions or commits",
        "Tell what differs between two runs, versions or commits: data, parameters, code, environment, seed; and\n"
        "which metrics moved beyond their intervals. Where the seed alone differs, what moved is called seed noise.",
        "examples:\n  remint diff adult-mlp/1 adult-mlp/2\n  remint diff adult-mlp@champion 4f1c…\n"
        "  remint diff HEAD~1 HEAD",
    )
    what = "NAME[@ALIAS|/VERSION] of a registered model, id of an MLflow run, or a commit"
    command.add_argument("first", metavar="A", help=what)
    command.add_argument("second", metavar="B", help=what)
    command.set_defaults(call=_diff)


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


def _verify(options: argparse.Namespace) -> int:
    from remint.cli import proof

    return proof.verify(options.name, options.start, options.rebuild_env, options.output, options.sign)


def _certificate(options: argparse.Namespace) -> None:
    from remint.cli import certificate

    certificate.check(options.file, options.signers)


def _diff(options: argparse.Namespace) -> None:
    from remint.cli import diff

    diff.diff(options.first, options.second)
