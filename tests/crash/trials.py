"""Trials: a command is cut off at a point of a scenario, the same command is called again, the project is looked at."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash import tiny
from tests.crash.forks import Done, Forks
from tests.crash.healthy import Outputs, faults, outputs
from tests.crash.points import FULL, Aim, kind_of

RUN = ("remint", "run", tiny.NAME)
COMMANDS = {
    "repro": ("dvc", "repro"),
    "register": RUN,
    "again": RUN,
    "evaluate": RUN,
    "renew": RUN,
    "promote": ("remint", "promote", tiny.NAME, "1", "--why", "as planned"),
    "rollback": ("remint", "rollback", tiny.NAME, "--why", "wrong for pilots"),
    "first": RUN,
    "verify": ("remint", "verify", f"{tiny.NAME}/1"),
}
"""Scenarios: `dvc repro` of all; `remint run` where all is evaluated and nothing registered, where the data and the
seed have changed since the last one, where the evaluation alone has, where it is made and its version to be renewed,
and in a project where nothing ever ran; the first of two versions promoted again, or rolled back to; a version minted
again.
"""

_DONE_BEFORE = {"promote": "is the champion already", "rollback": "has no champion before the present one"}
"What a command says that is called again after it was killed at its very end."

_DENSE, _FEW_OF_DENSE = re.compile(r"/code/|\.dvc/tmp/rwlock"), 40

_OF_DVC = re.compile(r"\.dvc/cache/runs/|/\.[A-Za-z0-9_-]{22}\.tmp|open dvc\.lock$")
"""Killed between the folder of an entry and the entry in it, DVC 3.67 cannot read its run cache again, nor `dvc.lock`
before all of it is written, and it never removes a temporary file of a command that died; `remint run` heals each,
where `dvc repro` alone has no chance to.
"""


@dataclass(frozen=True)
class Scenario:
    """What a command does when nothing cuts it off."""

    command: tuple[str, ...]
    points: tuple[str, ...]
    expected: Outputs
    seconds: float


class Trials:
    """Makes trials in a folder of its own. Each scenario begins where one before it ended."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "project"
        self._folder = folder
        tiny.put(tiny.make(folder / "project").root, folder / "first")
        self.forks = Forks(self._root)
        self._call("call", "remint.tracking.store", "prepare_store")
        self._keep("repro")
        self.scenarios: dict[str, Scenario] = {}
        self.output = ""
        "Of the last trial's second command."

    def scenario(self, name: str) -> Scenario:
        """Give a scenario; its first use runs it, and those before it, uninterrupted."""
        if name not in self.scenarios:
            self._prepare(name)
            tiny.put(self._folder / name, self._root)
            begin = time.perf_counter()
            done = self._call(*COMMANDS[name], aim=Aim())
            seconds = time.perf_counter() - begin
            self.scenarios[name] = Scenario(COMMANDS[name], done.points, outputs(self._root), seconds)
            self._keep(f"after-{name}")
            assert faults(self._root, self.scenarios[name].expected, self._prefect(name)) == []
            assert "up to date" in self._call("dvc", "status").output
        return self.scenarios[name]

    def _prepare(self, name: str) -> None:
        """Make the state in which a scenario begins."""
        if name == "register":
            self.scenario("repro")
            tiny.put(self._folder / "after-repro", self._folder / name)
        elif name == "again":
            self.scenario("register")
            tiny.put(self._folder / "after-register", self._root)
            tiny.declare(self._root, seed=2)
            self._keep(name)
        elif name == "verify":
            self.scenario("register")
            tiny.put(self._folder / "after-register", self._folder / name)
        elif name in ("evaluate", "renew"):
            self.scenario("register")
            tiny.put(self._folder / "after-register", self._root)
            tiny.declare(self._root, seed=1, replicates=101)
            if name == "renew":
                self._call("dvc", "repro")
            self._keep(name)
        elif name in ("promote", "rollback"):
            self.scenario("again")
            tiny.put(self._folder / "after-again", self._folder / name)

    def state(self, name: str) -> Path:
        """Give the folder of the project as a scenario finds it."""
        return self._folder / name

    def kill(self, name: str, aim: Aim | None = None, seconds: float = 0.0) -> list[str]:
        """Kill the scenario's command; tell what is wrong after the next one, and where it was killed."""
        return self._trial(name, aim, seconds)

    def take_back(self, name: str, aim: Aim) -> list[str]:
        """Kill `evaluate` or `renew`, declare the evaluation as it was before; tell what is wrong after a run of it."""
        return self._trial(name, aim, 0.0, back=True)

    def fill_disk(self, name: str, point: int) -> list[str]:
        """Let the disk be full from a point on; tell what is wrong then and after the next command."""
        return self._trial(name, Aim(point, FULL), 0.0)

    def _trial(self, name: str, aim: Aim | None, seconds: float, back: bool = False) -> list[str]:
        scenario = self.scenario(name)
        tiny.put(self._folder / name, self._root)
        first = self.forks.call(*scenario.command, aim=aim or Aim(), seconds=seconds)
        found = [f"process {pid} is still alive" for pid in first.left]
        if aim and aim.what == FULL:
            found += _badly_told(first)
        elif aim and first.code == 0:
            found.append("it was not killed")
        cut_off = first.points[aim.point - 1 :] if aim and aim.what == FULL else first.points[-1:]
        in_dvc = any(map(_OF_DVC.search, cut_off))
        if back:
            tiny.declare(self._root, seed=1)
        second = self.forks.call(*(RUN if in_dvc else scenario.command))
        self.output = second.output
        if scenario.command[0] == "dvc":  # at work, it lets nobody remove its temporary files
            self._call("remint", "list")
        if second.code and not (name in _DONE_BEFORE and _DONE_BEFORE[name] in second.output):
            found.append(f"the next command gave {second.code}: {second.output[-1500:]}")
        expected = self.scenario("register").expected if back else scenario.expected
        found += faults(self._root, expected, self._prefect(name))
        point = aim.point if aim else len(first.points)
        place = first.points[point - 1] if 0 < point <= len(first.points) else "no point"
        return [f"{name}, {aim.what if aim else 'random'} point {point} ({place}): {fault}" for fault in found]

    def _prefect(self, name: str) -> str:
        return self.forks.prefect_url if COMMANDS[name] == RUN else ""

    def _keep(self, name: str) -> None:
        tiny.put(self._root, self._folder / name)

    def _call(self, *command: str, aim: Aim | None = None) -> Done:
        done = self.forks.call(*command, aim=aim)
        assert done.code == 0, f"{' '.join(command)} gave {done.code}\n{done.output}"
        return done


def _badly_told(done: Done) -> list[str]:
    found = [] if done.code else ["the command succeeded on a full disk"]
    if "Traceback" in done.output:
        found.append(f"a traceback is shown:\n{done.output[-3000:]}")
    elif not any(words in done.output for words in ("No space left on device", "disk is full")):
        found.append(f"the message tells nothing of a full disk: {done.output[-500:]}")
    return found


def spread(points: Sequence[str], count: int, wanted: frozenset[str] = frozenset()) -> list[int]:
    """Choose points (from 1) evenly over a command, of each stretch the one whose kind is chosen least so far.

    `wanted`: acts; none given: all. Few points count of a version's copy of the code, hundreds of files, and of
    DVC's list of locked files, which it writes for each stage that it looks at.
    """
    acts = [i for i, name in enumerate(points, 1) if not wanted or name.split()[0] in wanted]
    dense = [number for number in acts if _DENSE.search(points[number - 1])]
    numbers = sorted({*acts} - {*dense} | {*dense[::_FEW_OF_DENSE]})
    chosen: list[int] = []
    seen: Counter[str] = Counter()
    for part in range(count):
        stretch = numbers[len(numbers) * part // count : len(numbers) * (part + 1) // count]
        if stretch:
            chosen.append(min(stretch, key=lambda number: (seen[kind_of(points[number - 1])], number)))
            seen[kind_of(points[chosen[-1] - 1])] += 1
    return chosen
