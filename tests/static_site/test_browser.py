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
from tests.static_site.reading import read

pytestmark = pytest.mark.acceptance

# So that the small warehouse has something for most of the charts, and a name that attacks.
CHANGES = (
    "update marts.merchants set name = '</script><script>document.title = 1</script>'",
    "insert into marts.daily_merchant by name select 'm-1' as merchant_id, date '2026-01-01' as date, 0 as revenue",
    "update marts.daily_merchant set messages = 7",
    "update marts.per_fan_revenue set avg_fans = 30, revenue_per_fan_lo = 1, revenue_per_fan_hi = 99",
    "update marts.team_formation_by_region set closed = 40 where closed > 0",
    "update marts.group_lifetimes set groups = 40",
    "update marts.growth_split set is_complete = true, user_effect = 4, per_fan_effect = -6",
)
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
    published(settings, *CHANGES)
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
    # Vega warns of what is meant: a chart with a row for each name fits the width alone, a choice may have no rows.
    return done.stdout, [line for line in re.findall(r"CONSOLE.*", done.stderr) if '"WARN ' not in line]


def with_script(page: str, script: str) -> str:
    """A page with a script at its end; the library has tags in texts, too."""
    before, _, after = page.rpartition("</body>")
    return f"{before}{script}</body>{after}"


def test_every_chart_is_drawn(folder: Path, tmp_path: Path) -> None:
    drawn = 0
    for page in sorted(folder.iterdir()):
        charts = len(read(page.read_bytes()).charts)
        dom, said = browse(page, tmp_path / "profile")
        assert said == [], page.name
        assert re.findall(r'data-drawn="(\d+)"', dom) == ([str(charts)] if charts else []), page.name
        assert len(re.findall(r'<svg[^>]*class="marks"', dom)) == charts, page.name
        assert "<title>1</title>" not in dom
        drawn += charts
    assert drawn > 15


def test_a_script_from_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(with_script((folder / "platform.html").read_text(), "<script>document.title = 1</script>"))
    dom, said = browse(page, tmp_path / "profile")
    assert "Content Security Policy" in said[0]
    assert "<title>1</title>" not in dom


def test_a_choice_holds_for_the_whole_page(folder: Path, tmp_path: Path) -> None:
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", (folder / "spread.html").read_text())
    page = tmp_path / "page.html"
    page.write_text(with_script(text, CHOOSE))
    dom, said = browse(page, tmp_path / "profile")
    assert said == []
    told = re.findall(r'<p class="reach">(.*?)</p>', dom)
    assert len(told) == 4
    assert all("m-2" in line for line in told)
    assert "of which there is nothing" in told[1]  # its one share was made in a month that is not over
    assert "of which there is nothing" not in told[2]
