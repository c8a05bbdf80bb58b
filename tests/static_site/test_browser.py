"""The pages in a real browser, from the disk: charts are drawn, nothing is refused, a choice holds for the whole page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from contract.settings import Settings
from static_site.write import write
from tests.small_warehouse import AS_OF, published

pytestmark = pytest.mark.acceptance

CHARTS = {"platform": 1, "merchants": 4, "regions": 1, "groups": 1, "spread": 3, "live": 2, "ingest": 3}
# Chooses the second merchant once everything is drawn.
CHOOSE = """<script>
const wait = setInterval(() => {
  if (!document.documentElement.dataset.drawn) return;
  clearInterval(wait);
  const select = document.querySelector("#choice-merchant select");
  select.selectedIndex = 2;
  select.dispatchEvent(new Event("change"));
}, 50);
</script>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("site"))})
    published(settings, "update marts.merchants set name = '</script><script>document.title = 1</script>'",
              "update marts.per_fan_revenue set avg_fans = 30")  # fmt: skip
    write(settings, AS_OF)
    return (settings.site / "current").resolve()


def browse(page: Path, profile: Path) -> tuple[str, list[str]]:
    """The page as it stands once its scripts have run, and what the browser had to say."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is missing")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={profile}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=10000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_drawn(name: str, folder: Path, tmp_path: Path) -> None:
    dom, said = browse(folder / f"{name}.html", tmp_path)
    assert said == []
    assert f'data-drawn="{CHARTS[name]}"' in dom
    assert len(re.findall(r'<svg[^>]*class="marks"', dom)) == CHARTS[name]
    assert "<title>1</title>" not in dom


def test_a_script_from_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text((folder / "platform.html").read_text().replace("</body>", "<script>document.title = 1</script></body>"))
    dom, said = browse(page, tmp_path / "profile")
    assert "Content Security Policy" in said[0]
    assert "<title>1</title>" not in dom


def test_a_choice_holds_for_the_whole_page(folder: Path, tmp_path: Path) -> None:
    text = (folder / "spread.html").read_text()
    page = tmp_path / "page.html"
    page.write_text(
        re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", f"{CHOOSE}</body>")
    )
    dom, said = browse(page, tmp_path / "profile")
    assert said == []
    told = re.findall(r'<p class="reach">(.*?)</p>', dom)
    assert len(told) == CHARTS["spread"]
    assert all("m-2" in line for line in told)
