"""The champion that a version is held against."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from remint.errors import RemintError
from remint.registry.against_champion import Rival
from remint.registry.comparison import Comparison, NotComparableError, Side, compare
from remint.registry.dossier import PLACE
from remint.registry.evidence import Evidence, number
from remint.registry.rescore import TestSplit
from remint.tracking import models
from remint.tracking.models import Version, local_folder
from remint.tracking.runs import test_metrics
from remint.tracking.version_files import MODEL_DATA, mend_files

_METRIC = "test_"


@dataclass(frozen=True)
class Reigning:
    """The present champion of a model. Needs the registry's lock."""

    version: Version
    _compared: list[Comparison]

    @classmethod
    def of(cls, experiment: str) -> "Reigning | None":
        """Give the champion; None where there is none."""
        version = models.champion(experiment)
        return None if version is None else cls(version, [])

    def against(self, evidence: Evidence, model: Path, today: TestSplit) -> Rival:
        """Give what holds a version against the champion, once, when it is asked."""

        @cache
        def rival() -> Comparison:
            try:
                folder = local_folder(self.version)
                mend_files(self.version, PLACE)
            except RemintError as error:
                raise NotComparableError(str(error)) from error
            champion = Side("the champion", Evidence(folder / PLACE), folder / MODEL_DATA)
            self._compared.append(compare(Side("this version", evidence, model), champion, today))
            return self._compared[-1]

        return rival

    def value(self, metric: str) -> float | None:
        """Give the champion's metric: on the rows of the comparison, if there was one, else as it was recorded."""
        if self._compared:
            return self._compared[-1].value(self._compared[-1].theirs, metric)
        tagged = self.version.tags.get(f"{_METRIC}{metric}")
        return number(test_metrics(self.version.run_id) or {metric: None if tagged is None else float(tagged)}, metric)
