"""The small charts of the model card."""

from __future__ import annotations

from xml.etree import ElementTree

from spark_jobs.families import plots


def test_charts_are_well_formed_whatever_the_names() -> None:
    for chart in (
        plots.lines({"a < b & c": [(0, 0), (3, 2.5)]}, "x & y", "<y>"),
        plots.lines({"nothing": []}, "x", "y"),
        plots.bars({"<name>": 0.4, "other": 0.0}, 0.25),
        plots.bars({}, 0.25),
    ):
        assert ElementTree.fromstring(chart).tag.endswith("svg")
    dots = ElementTree.fromstring(plots.lines({"a": [(0, 0), (1, 1), (2, 4)]}, "x", "y")).iter(
        "{http://www.w3.org/2000/svg}circle"
    )
    heights = [float(dot.attrib["cy"]) for dot in dots]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)
