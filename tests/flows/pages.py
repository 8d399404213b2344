"""Pages for tests: `remint ui` or `remint schedule` as a process, and a headless browser."""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Project


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(project: Project, *command: str, ready: str, seconds: float = 120) -> Iterator["subprocess.Popen[str]"]:
    """Run a command that stays until the block ends; wait for the word that tells that it is ready."""
    process = subprocess.Popen(
        command,
        cwd=project.root,
        env={**project.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        end = time.monotonic() + seconds
        for line in process.stdout:
            said.append(line)
            if ready in line or time.monotonic() > end:
                break
        assert ready in said[-1], "".join(said)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Give headless Chromium with an empty profile; skip the test where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for flag in (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1500,1400",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(flag)
        page = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
        try:
            yield page
        finally:
            page.quit()
