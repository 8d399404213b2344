"""Finishing, or taking back, what registrations and promotions left that were cut off."""

from remint.registry import dossier
from remint.registry.history import history, registry_lock, settled
from remint.registry.unfinished import unfinished
from remint.tracking import models, registration
from remint.tracking.version_files import mend_files


def heal_registry() -> tuple[str, ...]:
    """Make all models of the store whole again if anything was cut off; name those that were not.

    Raises RemintError.
    """
    healed: set[str] = set()
    with registry_lock(), unfinished() as found:
        if found:
            healed.update(registration.clean_up_all())
        for name in models.names() if found else ():
            mended = [mend_files(version, dossier.PLACE) for version in models.versions(name)]
            if _settle(name) or any(mended):
                healed.add(name)
    return tuple(sorted(healed))


def _settle(name: str) -> bool:
    """Finish a model's history, or take its end back; tell whether there was anything to do."""
    before = history(name)
    return settled(name) != before
