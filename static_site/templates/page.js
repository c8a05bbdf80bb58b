// Draws the charts of the page. What is chosen in one holds for all; the figures' heading says what is drawn.
(() => {
  const isNarrow = innerWidth < 640;
  const config = {
    font: 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
    background: "#ffffff",
    view: { stroke: null },
    axis: { labelColor: "#52606d", titleColor: "#52606d", titleFontWeight: "normal", gridColor: "#e4e7eb", domainColor: "#9fb3c8",
      labelFontSize: 11, titleFontSize: 11, tickColor: "#9fb3c8" },
    legend: { orient: "top", labelFontSize: isNarrow ? 11 : 12, labelColor: "#1f2933", columns: isNarrow ? 2 : 7, labelLimit: isNarrow ? 140 : 220 },
    scale: { barBandPaddingInner: 0.25, rectBandPaddingInner: 0.04 },
  };
  // The rows come column by column, which is half the size.
  const rows = (columns) => {
    const names = Object.keys(columns);
    return columns[names[0]].map((_, place) => Object.fromEntries(names.map((name) => [name, columns[name][place]])));
  };
  const charts = [];
  const say = ({ told, names, labels, data, view }) => {
    const chosen = names.map((name) => labels[name].find(([value]) => value === view.signal(name))[1]);
    const isEmpty = !data.some((row) => names.every((name) => row[name] === view.signal(name)));
    told.textContent = chosen.length ? "Shown: " + chosen.join(", ") + (isEmpty ? ", of which there is nothing" : "") : "";
  };
  const draw = async (script) => {
    const { spec, labels, data: columns } = JSON.parse(script.textContent);
    const target = document.getElementById(script.dataset.chart);
    const data = rows(columns);
    spec.datasets = { rows: data };
    // ast: expressions are interpreted, so that the page needs no right to make code of text.
    const options = { actions: false, renderer: "svg", ast: true, config, tooltip: { disableDefaultStyle: true } };
    const { view } = await vegaEmbed(target, spec, options);
    const names = Object.keys(labels);
    const chart = { told: target.previousElementSibling, names, labels, data, view };
    for (const name of names) {
      view.addSignalListener(name, (_, value) => {
        say(chart);
        for (const other of charts) {
          if (other.names.includes(name) && other.view.signal(name) !== value) other.view.signal(name, value).runAsync();
        }
      });
    }
    say(chart);
    charts.push(chart);
  };
  const all = async () => {
    for (const script of document.querySelectorAll("script.chart-data")) await draw(script);
    document.documentElement.dataset.drawn = charts.length;
  };
  all();
  // Paper has no triangles to click on.
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.gloss)").forEach((part) => { part.open = true; }));
  document.getElementById("choices")?.addEventListener("submit", (event) => event.preventDefault());
})();
