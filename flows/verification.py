"""The flow of a nightly proof: a champion, drawn anew each time, is minted again."""

import re
from random import SystemRandom

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows.cache import DvcStore
from flows.healing import at_work
from flows.lock import only_run
from remint.errors import RemintError
from remint.lifeline import tie_to_named
from remint.tracking import models


class NotReproducedError(RemintError):
    """A champion that was minted again is another model."""


@flow(name="remint-verify", validate_parameters=False, persist_result=False)
def verification(name: str | None = None, wait: bool = False) -> None:
    """Mint a champion again and keep a certificate with it: that of a model, or of one drawn among all.

    `wait`: wait for a run at work. Raises NotReproducedError where it is neither identical nor equivalent, RemintError
    where it cannot be minted.
    """
    from remint.proof.coherence import DIFFERENT
    from remint.proof.keeping import keep
    from remint.proof.telling import page, verdict_sentence
    from remint.proof.verify import verify

    tie_to_named()
    log = get_run_logger()
    with only_run(wait), at_work():
        version = models.champion(name) if name is not None else random_champion()
        if version is None:
            log.info("there is no champion to verify")
            return
        certificate = verify(version, None, False, DvcStore(), log.info)
        keep(version, certificate, None, None)
    told = verdict_sentence(certificate)
    create_markdown_artifact(page(certificate), key=_artifact_key(version.name), description=told)
    if certificate.verdict == DIFFERENT:
        raise NotReproducedError(told)


def random_champion() -> models.Version | None:
    """Draw one of the champions, None where there is none."""
    names = list(models.names())
    SystemRandom().shuffle(names)
    return next((version for name in names if (version := models.champion(name)) is not None), None)


def _artifact_key(name: str) -> str:
    """Give the key of a model's proofs: Prefect takes lower-case letters, digits and dashes."""
    return re.sub("[^a-z0-9]+", "-", f"proof-{name}".lower()).strip("-")
