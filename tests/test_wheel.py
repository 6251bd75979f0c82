"""What people install is whole: the built page and the migrations are inside."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "viralclip" / "page"


@pytest.mark.skipif(not (PAGE / "index.html").exists(), reason="needs the built page: make page")
def test_the_wheel_holds_the_page_with_everything_it_loads(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*build, "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    page = {f"viralclip/page/{path.relative_to(PAGE)}" for path in PAGE.rglob("*.*")}

    assert "viralclip/page/index.html" in page
    assert page <= names
    assert "viralclip/catalog/migrations/versions/0001_first.py" in names
