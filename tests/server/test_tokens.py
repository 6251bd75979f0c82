"""`viralclip token`: made once, shown once, listed, revoked."""

import os
import subprocess
import sys


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "viralclip", "token", *arguments],
        env={**os.environ, "VIRALCLIP_STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_token_is_shown_once_and_then_only_its_name(tmp_path):
    made = run(tmp_path, "create", "anna")
    listed = run(tmp_path, "list")
    revoked = run(tmp_path, "revoke", "anna")

    assert made.returncode == 0
    token = made.stdout.strip()
    assert token.startswith("vc_")
    assert len(token) > 40
    assert listed.stdout.startswith("anna\t")
    assert listed.stdout.endswith("\tdoes not expire\n")
    assert token not in listed.stdout
    assert (revoked.returncode, revoked.stdout) == (0, "The token anna is revoked.\n")
    assert run(tmp_path, "list").stdout == ""


def test_names_that_are_taken_unknown_or_no_names_are_refused(tmp_path):
    run(tmp_path, "create", "anna")
    taken = run(tmp_path, "create", "anna")
    unknown = run(tmp_path, "revoke", "bert")
    nameless = run(tmp_path, "create", "a/b")

    assert [each.returncode for each in (taken, unknown, nameless)] == [2, 2, 2]
    assert "already" in taken.stderr
    assert "no token named bert" in unknown.stderr
    assert taken.stdout == unknown.stdout == nameless.stdout == ""


def test_a_token_can_be_made_that_expires(tmp_path):
    made = run(tmp_path, "create", "anna", "--days", "30")
    listed = run(tmp_path, "list")

    assert made.returncode == 0
    assert "\texpires 20" in listed.stdout
