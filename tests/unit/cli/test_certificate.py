import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from remint.cli.certificate import check
from remint.errors import RemintError
from remint.proof.certificate import certificate_text
from remint.proof.signature import sign
from tests.unit.proof.certificates import (
    DECIDED,
    ENVIRONMENT,
    EQUIVALENT,
    IDENTICAL,
    WEIGHTS,
    A,
    B,
    difference,
)

HEAVY = ("torch", "mlflow", "dvc", "pandas", "numpy", "git", "rich", "yaml", "pydantic", "prefect", "asyncio", "ssl")
CHECKED = """
import sys, socket
def hook(event, _):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn")): raise SystemExit(event)
sys.addaudithook(hook)
from remint.cli.main import main
code = main(["certificate", "check", sys.argv[1]])
print(sorted(set(sys.argv[2].split(",")) & set(sys.modules)))
raise SystemExit(code)
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "certificate.json"
    file.write_text(text)
    return file


def test_the_command_needs_neither_project_nor_network_nor_a_heavy_package(tmp_path: Path) -> None:
    file = write(tmp_path, certificate_text(IDENTICAL))
    command = [sys.executable, "-c", CHECKED, str(file), ",".join(HEAVY)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("adult-mlp/3: identical\n")
    assert done.stdout.endswith("[]\n")


def test_an_altered_certificate_ends_with_one_message_and_exit_code_1(tmp_path: Path) -> None:
    file = write(tmp_path, certificate_text(IDENTICAL).replace("adult-mlp", "adult-mpl", 1))
    command = [sys.executable, "-c", CHECKED, str(file), ""]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"remint: {file}: no valid certificate: it was altered")
    assert done.stderr.count("\n") == 1


def test_it_tells_what_was_compared_and_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(write(tmp_path, certificate_text(EQUIVALENT)), None)
    told = capsys.readouterr().out
    assert "adult-mlp/3: equivalent" in told
    assert "2 files, of which 2 differ" in told
    assert "weights 1e-07, predictions 2e-06, accuracy 0.85 → 0.8501 (tolerance of metrics: 0.01)" in told
    assert "threads threads: 1 → 2" in told
    assert "environment  differs: threads: 1 → 2" in told
    assert "environment  equal: instructions AVX2" in told
    assert "               data/models/adult-mlp: weights.safetensors" in told
    assert "2026-11-22 04:00 UTC" in told
    check(write(tmp_path, certificate_text(DECIDED)), None)
    told = capsys.readouterr().out
    assert "run again    nothing" in told
    assert "code src/remint/models/mlp.py" in told
    assert "+x = 2" in told


def test_what_differs_is_told_once_and_many_files_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"registered": ENVIRONMENT, "minted": ENVIRONMENT | {"instructions": "AVX512", "MKL_CBWR": "AVX2"}}
    plots = {f"data/reports/evaluate/adult-mlp/plots/{n}.svg": {"registered": A, "minted": B} for n in range(4)}
    change = "environment MKL_CBWR: none → AVX2"
    certificate = replace(
        EQUIVALENT,
        outputs=EQUIVALENT.outputs | plots,
        environment=environment,
        first_difference=difference("environment", "instructions", "AVX2", "AVX512"),
        notes=[change, "another note"],
    )
    check(write(tmp_path, certificate_text(certificate)), None)
    told = capsys.readouterr().out
    assert "environment  differs: MKL_CBWR: none → AVX2, instructions: AVX2 → AVX512" in told
    assert change not in told
    assert "note         another note" in told
    assert "data/reports/evaluate/adult-mlp/plots: 4 files" in told


@pytest.mark.parametrize("content", [b"", b"no", b"\xff\x00", b"[]"])
def test_what_is_no_certificate_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(RemintError, match=r"file: no .*certificate"):
        check(file, None)


def test_other_line_ends_are_an_alteration(tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    file.write_bytes(certificate_text(IDENTICAL).replace("\n", "\r\n").encode())
    with pytest.raises(RemintError, match="it was altered"):
        check(file, None)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(RemintError, match="cannot be read: Is a directory"):
        check(tmp_path, None)
    with pytest.raises(RemintError, match="none cannot be read: No such file"):
        check(tmp_path / "none", None)


def test_a_signature_beside_it_is_verified_always(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, certificate_text(IDENTICAL))
    with pytest.raises(RemintError, match="the certificate is not signed"):
        check(file, tmp_path / "signers")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    sign(file, tmp_path / "key")
    check(file, None)
    assert "signed by ED25519 key SHA256:" in capsys.readouterr().out
    altered = json.loads(certificate_text(IDENTICAL))
    assert WEIGHTS in altered["outputs"]
    file.write_text(certificate_text(EQUIVALENT))
    with pytest.raises(RemintError, match="no good signature"):
        check(file, None)
