"""MLflow's comparison of two runs of one dataset, as a person sees it."""

import json
import time
from urllib.parse import quote

import pytest

from tests.conftest import Project
from tests.flows.pages import browser, free_port, serving
from tests.flows.test_end_to_end import ask

RUNS = """
import json, mlflow
client = mlflow.MlflowClient()
adult = client.get_experiment_by_name("adult").experiment_id
found = {}
for name in ("adult-logistic", "adult-mlp"):
    run = client.search_runs([adult], f"attributes.run_name = '{name}'")[0]
    found[name] = [run.info.run_id, run.data.metrics["test_accuracy"]]
print(json.dumps({"experiment": adult, "runs": found}))
"""


@pytest.mark.browser
def test_the_comparison_shows_both_runs_metrics(finished: Project) -> None:
    found = json.loads(ask(finished, RUNS))
    ids = [run_id for run_id, _ in found["runs"].values()]
    mlflow_port, prefect_port = free_port(), free_port()
    command = ("remint", "ui", "--mlflow-port", str(mlflow_port), "--prefect-port", str(prefect_port))
    with browser() as page, serving(finished, *command, ready="Ctrl-C"):
        runs, experiments = quote(json.dumps(ids)), quote(json.dumps([found["experiment"]]))
        page.get(f"http://127.0.0.1:{mlflow_port}/#/compare-runs?runs={runs}&experiments={experiments}")
        expected = [str(round(value, 3)) for _, value in found["runs"].values()]
        text = ""
        for _ in range(120):
            text = page.find_element("tag name", "body").text
            if "test_accuracy" in text and all(value in text for value in expected):
                break
            time.sleep(0.5)
        assert "test_accuracy" in text, text[:2000]
        for value in expected:
            assert value in text, (value, text[:4000])
        page.get(f"http://127.0.0.1:{prefect_port}/runs")
        for _ in range(60):
            if "remint" in page.find_element("tag name", "body").text:
                break
            time.sleep(0.5)
        assert "remint" in page.find_element("tag name", "body").text
