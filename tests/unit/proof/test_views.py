from remint.data.blocks import Blocks
from remint.proof.views import origin_views
from remint.registry.locked_stages import lock_entries
from remint.registry.origin import Origin, OriginStage
from tests.unit.proof.repository import LOCK

PARTS = {
    "data": {"data/prepared/people": "1" * 64},
    "parameters": {"dataset": "people", "task": "classification", "model": {"hidden": [8]}, "trainer": {"lr": 0.1}},
    "seed": 4,
    "precision": "32",
    "code": {"models/mlp.py": "c" * 64},
    "environment": {"torch": "2.13.0", "threads": 2},
}
TRAIN = {"experiments.small.trainer": {"lr": 0.1, "threads": 2}, "experiments.small.seed": 4}
STAGES = (
    OriginStage("ingest@people", {"datasets.yaml": {"datasets.people.source": {"format": {"kind": "csv"}}}},
                {"src/remint/stages/ingest.py": "i"}, {"people.csv": "s"}, {"data/raw/people/rows.parquet": "r"}),
    OriginStage("preprocess@people", {}, {}, {}, {"data/prepared/people/train.safetensors": "t"}),
    OriginStage("train@small", {"params.yaml": TRAIN}, {"src/remint/models/mlp.py": "c"}, {}, {}),
)  # fmt: skip
ORIGIN = Origin(
    experiment="small", dataset="people", commit="d" * 40, dirty=False, diff=None, lock="e" * 64,
    prefix="", processor="unknown",
    fingerprint={"fingerprint": "f" * 64, "parts": PARTS}, stages=STAGES,
    rows={"data/raw/people/rows.parquet": Blocks(1, 1, ("x",))}, packages={"torch": "2.13.0"}, tolerance=0.01,
)  # fmt: skip


def test_an_origin_tells_of_every_part_in_each_way() -> None:
    views = origin_views(ORIGIN, lock_entries(LOCK % ("5" * 64, "bbb")))
    assert views["data"]["files"] == {
        "people.csv": "s",
        "data/raw/people/rows.parquet": "r",
        "data/prepared/people/train.safetensors": "t",
    }
    assert views["data"]["prepared"] == PARTS["data"]
    assert views["data"]["locked"] == {
        "people.csv": "5" * 64,
        "data/raw/people": "aaa.dir",
        "data/prepared/people": "bbb.dir",
    }
    assert views["parameters"]["trained"] == {
        "dataset": "people",
        "task": "classification",
        "model.hidden": "[8]",
        "trainer.lr": "0.1",
        "trainer.precision": "32",
    }
    assert views["parameters"]["declared"] == {"trainer.lr": "0.1"}
    assert views["seed"] == {"seed": {"seed": "4"}}
    assert views["dataset's declaration"]["declared"] == {"source.format.kind": "csv"}
    assert views["code"]["training"] == {"src/remint/models/mlp.py": "c" * 64}
    assert views["code"]["stages"] == {"src/remint/stages/ingest.py": "i", "src/remint/models/mlp.py": "c"}
    assert views["environment"]["trained"] == {"torch": "2.13.0", "threads": "2"}
    assert views["environment"]["threads"] == {"threads": "2"}
