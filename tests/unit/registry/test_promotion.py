import shutil
from pathlib import Path

import pytest

from remint import paths
from remint.config.gates import GateConfig
from remint.errors import RemintError
from remint.files import read_json
from remint.registry.by_hand import promote, rollback
from remint.registry.overview import all_models, one_model
from remint.registry.promotion import Decision, champion, register_and_promote, versions
from remint.tracking.models import local_folder
from remint.tracking.store import client
from tests import trained
from tests.store import all_runs

EXPERIMENT = "people-mlp"


def decide(seed: int, accuracy: float, gates: dict[str, GateConfig] | None = None) -> Decision:
    trained.train(EXPERIMENT, seed)
    trained.evaluate(EXPERIMENT, {"accuracy": accuracy, "log_loss": 0.4})
    config = trained.config_of(EXPERIMENT)
    return register_and_promote(EXPERIMENT, config if gates is None else config.model_copy(update={"gates": gates}))


def champion_number() -> int | None:
    served = champion(EXPERIMENT)
    return None if served is None else served.number


def test_the_alias_moves_only_when_all_gates_are_passed(project: Path) -> None:
    assert (champion(EXPERIMENT), versions(EXPERIMENT)) == (None, ())
    first = decide(1, 0.7)
    assert (first.version, first.promoted, first.value, first.champion_value) == (1, True, 0.7, None)
    assert champion_number() == 1
    tied = decide(2, 0.7)
    assert (tied.version, tied.promoted, tied.champion_value) == (2, False, pytest.approx(0.7, abs=0.01))
    assert tied.reason == (
        "better: accuracy 0.6966 is not better than the champion's 0.6966 beyond noise: "
        "difference +0.0000 [+0.0000, +0.0000]"
    )
    assert champion_number() == 1
    better = decide(3, 0.8)
    assert (better.version, better.promoted, better.champion_value) == (3, True, pytest.approx(0.7, abs=0.01))
    assert champion_number() == 3
    useless = decide(4, 0.3, {"useful": GateConfig(metric="accuracy", min=0.5)})
    assert (useless.promoted, useless.reason) == (False, "useful: accuracy 0.3000 is below 0.5")
    assert champion_number() == 3
    assert [(v.number, v.is_champion) for v in versions(EXPERIMENT)] == [(4, False), (3, True), (2, False), (1, False)]


def test_a_version_does_not_get_the_evaluation_of_other_weights(project: Path) -> None:
    """Two processors with one fingerprint may give other bits."""
    decide(1, 0.7)
    weights = paths.model(EXPERIMENT) / "weights.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    trained.evaluate(EXPERIMENT, {"accuracy": 0.8, "log_loss": 0.4})
    with pytest.raises(RemintError, match=r"weights\.safetensors: sha256 .* people-mlp/1, which is the same training"):
        register_and_promote(EXPERIMENT, trained.config_of(EXPERIMENT))
    (version,) = versions(EXPERIMENT)
    assert float(version.tags["test_accuracy"]) == pytest.approx(0.7, abs=0.01)
    kept = read_json(local_folder(version) / "remint/evaluation/metrics.json")
    assert kept["accuracy"] == pytest.approx(0.7, abs=0.01)
    weights.write_bytes(content)
    assert register_and_promote(EXPERIMENT, trained.config_of(EXPERIMENT)).version == 1


def test_a_training_is_registered_once(project: Path) -> None:
    first = decide(1, 0.7)
    config = trained.config_of(EXPERIMENT)
    again = register_and_promote(EXPERIMENT, config)
    assert (again.version, again.promoted, again.run_id) == (1, False, first.run_id)
    assert again.reason == "version 1 is the champion already"
    decide(2, 0.6)
    back = decide(1, 0.7)
    assert back.version == 1
    assert len(versions(EXPERIMENT)) == 2
    assert len(all_runs("people")) == 2
    assert len(list(paths.MLFLOW_ARTIFACTS.glob("people/models/*"))) == 2


def test_a_version_tells_where_it_comes_from(project: Path) -> None:
    decision = decide(1, 0.7)
    version = client().get_model_version(EXPERIMENT, "1")
    assert version.run_id == decision.run_id
    assert version.tags["test_accuracy"] == "0.7"
    assert version.tags["gate.useful"] == "passed: accuracy 0.7000 is at least 0.5"
    run = client().get_run(decision.run_id)
    [output] = run.outputs.model_outputs
    model = client().get_logged_model(output.model_id)
    assert (model.name, model.status, model.source_run_id) == (EXPERIMENT, "READY", decision.run_id)
    assert {m.key: m.value for m in model.metrics} == {"test_accuracy": 0.7, "test_log_loss": 0.4}
    assert len(client().get_metric_history(decision.run_id, "test_accuracy")) == 1


def test_the_champion_is_known_by_its_tags_when_its_run_is_gone(project: Path) -> None:
    client().delete_run(decide(1, 0.7).run_id)
    assert decide(2, 0.6, {"useful": GateConfig(metric="accuracy", min=0.5)}).champion_value == 0.7


def test_it_must_beat_every_declared_baseline(project: Path) -> None:
    gates = {"worth": GateConfig(metric="accuracy", better_than="baselines")}
    trained.baselines("people", {"constant": {"accuracy": 0.5}})
    assert (
        decide(1, 0.7, gates).reason == "worth: accuracy 0.7000 is not comparable, as baseline linear has no accuracy"
    )
    trained.baselines("people", {"constant": {"accuracy": 0.5}, "linear": {"accuracy": 0.6}})
    assert decide(1, 0.7, gates).promoted


def test_weights_are_not_put_together_with_other_preprocessing(project: Path) -> None:
    trained.train(EXPERIMENT)
    trained.evaluate(EXPERIMENT, {"accuracy": 0.7})
    preprocessor = paths.prepared("people") / "preprocessor.json"
    preprocessor.write_text(preprocessor.read_text().replace("height", "weight"))
    with pytest.raises(RemintError, match="people-mlp was trained on another data/prepared/people; run `remint run"):
        register_and_promote(EXPERIMENT, trained.config_of(EXPERIMENT))
    assert versions(EXPERIMENT) == ()


@pytest.mark.parametrize("step", ["log_model_artifacts", "finalize_logged_model", "create_model_version"])
def test_a_registration_that_is_cut_off_leaves_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(client(), step, _interrupt)
        with pytest.raises(KeyboardInterrupt):
            decide(1, 0.7)
    assert versions(EXPERIMENT) == ()
    decision = decide(1, 0.7)
    assert (decision.version, decision.promoted) == (1, True)
    experiment = client().get_experiment_by_name("people")
    assert [m.status for m in client().search_logged_models([experiment.experiment_id])] == ["READY"]


@pytest.mark.parametrize("step", ["set_registered_model_alias", "set_registered_model_tag"])
def test_a_first_promotion_that_is_cut_off_is_finished_or_decided_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(client(), step, _interrupt)
        with pytest.raises(KeyboardInterrupt):
            decide(1, 0.7)
    begun = step == "set_registered_model_alias"
    all_models()
    assert [(v.number, v.is_champion) for v in versions(EXPERIMENT)] == ([(1, True)] if begun else [])
    if not begun:
        with pytest.raises(RemintError, match="people-mlp has no registered version"):
            one_model(EXPERIMENT)
    assert (decide(1, 0.7).promoted, champion_number(), len(one_model(EXPERIMENT).history)) == (not begun, 1, 1)


def test_a_champion_that_is_decided_again_goes_on_telling_its_promotion(project: Path) -> None:
    decide(1, 0.7)
    promote(EXPERIMENT, decide(2, 0.6).version, "asked for by legal")
    told = told_of(2)
    again = decide(2, 0.6, {"useful": GateConfig(metric="accuracy", min=0.65)})
    assert (again.promoted, again.is_champion, again.reason) == (False, True, "version 2 is the champion already")
    assert "version 2 is champion" in again.markdown()
    renewed = told_of(2)
    assert [gate["gate"] for gate in renewed["gates"]] == ["useful"]
    for name in ("promoted", "champion_before", "reason", "when"):
        assert renewed[name] == told[name]
    card = (folder_of(2) / "remint/card.md").read_text()
    assert "**promoted to champion**" in card
    assert "the champion before was version 1. Asked for by legal." in card
    assert champion(EXPERIMENT).tags["remint.decision"] == "promoted: asked for by legal"


def test_tags_that_do_not_tell_what_the_files_do_are_set_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gates = {"useful": GateConfig(metric="accuracy", min=0.65)}
    decide(1, 0.7, gates)
    told = champion(EXPERIMENT).tags
    client().set_model_version_tag(EXPERIMENT, "1", "gate.useful", "failed: a decision before, which was cut off")
    decide(1, 0.7, gates)
    assert {**champion(EXPERIMENT).tags, "remint.decided": ""} == {**told, "remint.decided": ""}
    monkeypatch.setattr("remint.registry.promotion.tell", lambda *_, **__: pytest.fail("all is told"))
    decide(1, 0.7, gates)


def test_a_champion_made_by_other_means_tells_so(project: Path) -> None:
    decide(1, 0.7)
    decide(2, 0.6)
    client().set_registered_model_alias(EXPERIMENT, "champion", "2")
    decide(2, 0.6)
    told = told_of(2)
    assert (told["promoted"], told["champion_before"], told["reason"]) == (True, 1, "changed outside remint")


def test_a_version_whose_files_are_gone_is_registered_anew(project: Path) -> None:
    decide(1, 0.7)
    shutil.rmtree(folder_of(1))
    again = decide(1, 0.7)
    assert (again.version, again.promoted, again.champion_before) == (2, True, None)
    assert [(v.number, v.is_champion, "remint.lost" in v.tags) for v in versions(EXPERIMENT)] == [
        (2, True, False),
        (1, False, True),
    ]
    assert [(entry.what, entry.target) for entry in one_model(EXPERIMENT).history] == [
        ("promote", 1),
        ("lost", None),
        ("promote", 2),
    ]
    assert decide(1, 0.7).version == 2
    with pytest.raises(RemintError, match="no champion before"):
        rollback(EXPERIMENT)


def test_a_training_that_a_person_took_off_stays_off_when_it_is_registered_anew(project: Path) -> None:
    decide(1, 0.6)
    decide(2, 0.9)
    rollback(EXPERIMENT)
    shutil.rmtree(folder_of(2))
    again = decide(2, 0.9)
    assert (again.version, again.promoted, champion_number()) == (3, False, 1)
    assert told_of(3)["promoted"] is False


def test_files_that_a_killed_process_left_aside_are_put_back(project: Path) -> None:
    decide(1, 0.6)
    folder = folder_of(1) / "remint"
    folder.rename(folder.with_name(f".remint.{'0' * 32}.old"))
    assert decide(2, 0.9).promoted
    assert folder.is_dir()


def folder_of(number: int) -> Path:
    return local_folder(next(version for version in versions(EXPERIMENT) if version.number == number))


def told_of(number: int) -> dict:
    return read_json(folder_of(number) / "remint/decision.json")


def _interrupt(*_args: object, **_options: object) -> None:
    raise KeyboardInterrupt
