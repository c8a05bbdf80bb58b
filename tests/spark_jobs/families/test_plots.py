"""The small charts of the model card."""

from __future__ import annotations

from xml.etree import ElementTree

from spark_jobs.families import plots

SVG = "{http://www.w3.org/2000/svg}"


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


def test_no_name_of_a_series_lies_on_the_plot() -> None:
    chart = ElementTree.fromstring(plots.lines({"model": [(0, 0), (1, 4)], "at random": [(0, 4)]}, "x", "y"))
    [legend] = [text for text in chart.iter(f"{SVG}text") if len(text)]
    assert [name.text for name in legend] == ["model", "at random"]
    assert float(legend.attrib["y"]) < min(float(dot.attrib["cy"]) for dot in chart.iter(f"{SVG}circle")) - 5


def test_the_line_of_the_mark_crosses_no_number() -> None:
    chart = ElementTree.fromstring(plots.bars({"none": 0.0, "below": 0.2, "above": 0.3}, 0.25))
    numbers = {text.text: float(text.attrib["x"]) for text in chart.iter(f"{SVG}text") if "text-anchor" not in text.attrib}
    [mark] = [float(str(line.attrib["d"])[1:].split(",")[0]) for line in chart.iter(f"{SVG}path")]
    assert numbers.keys() == {"0.00", "0.20", "0.30"}
    assert min(numbers.values()) > mark
