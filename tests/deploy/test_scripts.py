"""What an operator types works with the service's settings, or with none at all says so."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def typed(*command: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    """In a shell that knows nothing of the service."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZCGL_")}
    words = [str(word) for word in command]
    return subprocess.run(words, env=plain | variables, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("script", ["backup", "restore"])
def test_without_the_services_settings_nothing_is_copied(script: str, tmp_path: Path) -> None:
    done = typed(DEPLOY / "backup" / script, tmp_path / "backup", BACKUP_CNF=str(tmp_path / "backup.cnf"))

    assert done.returncode != 0
    assert "请用 deploy/zcgl-env 运行" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_is_given_the_services_settings_and_its_code(tmp_path: Path) -> None:
    file = tmp_path / "zcgl.env"
    file.write_text(f"""ZCGL_HOME={tmp_path}\nZCGL_SMS_TENCENT__TEMPLATES='{{"booked.person.1":"1"}}'\n""")

    script = 'echo "$PWD|$ZCGL_HOME|$ZCGL_SMS_TENCENT__TEMPLATES|$(umask)"'
    done = typed(DEPLOY / "zcgl-env", "sh", "-c", script, SETTINGS=str(file), ACCOUNT=getpass.getuser())

    assert done.stdout == f'{DEPLOY.parent}|{tmp_path}|{{"booked.person.1":"1"}}|0077\n'


def test_without_the_file_of_settings_no_command_is_run(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none.env")

    done = typed(DEPLOY / "zcgl-env", "touch", tmp_path / "ran", SETTINGS=nowhere, ACCOUNT=getpass.getuser())

    assert (done.returncode, done.stdout) == (1, "")
    assert f"读不到 {nowhere}" in done.stderr
    assert list(tmp_path.iterdir()) == []
