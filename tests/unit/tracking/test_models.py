from pathlib import Path

import pytest

from remint.tracking import models
from remint.tracking.models import make_model, names, registered_model, versions
from remint.tracking.registration import clean_up, clean_up_all
from remint.tracking.settings import own_uri
from remint.tracking.store import client
from tests.store import migrated_database, store  # noqa: F401

NAME = "people-mlp"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store give two entries at once."""
    monkeypatch.setattr(models, "PAGE", 2)


@pytest.mark.usefixtures("small_pages")
def test_versions_of_all_pages_are_found(store: Path) -> None:  # noqa: F811
    make_model(NAME)
    for _ in range(5):
        client().create_model_version(NAME, store.as_uri())
    assert [version.number for version in versions(NAME)] == [5, 4, 3, 2, 1]


@pytest.mark.usefixtures("small_pages")
def test_what_is_left_of_killed_registrations_is_deleted_on_all_pages(store: Path) -> None:  # noqa: F811
    experiment = client().create_experiment("people", store.joinpath("mlruns/artifacts/people").as_uri())
    for _ in range(5):
        client().create_logged_model(experiment, NAME, tags={models.FINGERPRINT: "f1"})
    clean_up(NAME, "people", "run")
    assert list(client().search_logged_models([experiment])) == []


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("change", ["renamed", "deleted"])
def test_what_a_version_in_mlflow_was_made_from_is_kept(store: Path, change: str, linked: bool) -> None:  # noqa: F811
    """Files go only with a registration that was cut off, not with what people do to versions on MLflow's pages."""
    experiment = client().create_experiment("people", store.joinpath("mlruns/artifacts/people").as_uri())
    run_id = client().create_run(experiment).info.run_id
    tags = {models.FINGERPRINT: "f1"} | ({"mlflow.modelVersions": "[]"} if linked else {})
    logged = client().create_logged_model(experiment, NAME, run_id, tags=tags).model_id
    make_model(NAME)
    with own_uri():
        client().create_model_version(NAME, f"models:/{logged}", run_id, model_id=logged)
    if change == "renamed":
        client().rename_registered_model(NAME, "of-last-year")
    else:
        client().delete_model_version(NAME, "1")
    healed = clean_up_all()
    kept = {model.model_id: model.tags for model in client().search_logged_models([experiment])}
    if change == "deleted" and not linked:
        assert (healed, kept) == ((NAME,), {})
    else:
        assert healed == (() if linked else (NAME,))
        assert "mlflow.modelVersions" in kept[logged]


@pytest.mark.usefixtures("small_pages")
def test_models_of_all_pages_are_named(store: Path) -> None:  # noqa: F811
    for name in ("c", "a'b", 'a"b', "b"):
        make_model(name)
        make_model(name)
    assert names() == ('a"b', "a'b", "b", "c")
    assert registered_model("a'b").name == "a'b"
    assert registered_model("""a'"b""") is None
