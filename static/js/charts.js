// Draws every <div data-figure="…"> from the JSON of its address, in the colours of tokens.css.
"use strict";
(function () {
  const CONFIG = { displayModeBar: false, responsive: true, showTips: false };
  const NARROW_PX = 560;
  const LABEL_PX = 28;
  const DATE_PX = 44;
  const CHARACTER_PX = 6;
  const figures = new Map();

  // Tokens stand where Plotly takes a colour, and nowhere else: a feature may be called --accent.
  function resolve(value, style, key) {
    if (typeof value === "string") {
      const token = /color$/.test(key) && value.startsWith("--");
      return token ? style.getPropertyValue(value).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => resolve(item, style, key));
    if (value && typeof value === "object") {
      const out = {};
      for (const name of Object.keys(value)) out[name] = resolve(value[name], style, name);
      return out;
    }
    return value;
  }

  // Whether the last label says that its step is not over: it is wider than the others.
  function isCut(layout) {
    const texts = (layout.xaxis && layout.xaxis.ticktext) || [];
    return texts.length > 0 && texts[texts.length - 1].includes("<br>");
  }

  // Every label, or every second and so on, so that none is turned to find room. The last one
  // stays where it says that its step is not over.
  function thin(axis, labels) {
    const every = Math.ceil(axis.tickvals.length / Math.max(1, labels));
    const last = axis.tickvals.length - 1;
    const first = isCut({ xaxis: axis }) ? last % every : 0;
    axis.tickvals = axis.tickvals.filter((_, n) => n % every === first);
    axis.ticktext = axis.ticktext.filter((_, n) => n % every === first);
  }

  // The server places the names of events on a wide chart: where this one is narrower, a name that
  // would cover another gives way; all stand below the chart.
  function part(layout, plot) {
    const range = layout.xaxis && layout.xaxis.range;
    if (!range || !layout.annotations) return;
    const bar = plot / (range[1] - range[0]);
    const taken = [];
    layout.annotations = layout.annotations.filter((note) => {
      if (note.name !== "wide" || note.yref !== "paper" || note.xref === "paper") return true;
      const size = (note.text.length * CHARACTER_PX) / bar;
      const begins = note.xanchor === "right" ? note.x - size : note.x;
      const covers = taken.some(
        (one) => one.line === note.yshift && begins < one.ends && one.begins < begins + size
      );
      if (covers) {
        layout.shapes = layout.shapes.filter((s) => s.name !== "wide" || s.x0 !== note.x);
      } else {
        taken.push({ line: note.yshift, begins: begins, ends: begins + size });
      }
      return !covers;
    });
  }

  // On a narrow box the names beside the bars give way to the legend row; labels thin out.
  function narrow(figure, box) {
    const layout = figure.layout;
    if (box.clientWidth >= NARROW_PX) {
      part(layout, box.clientWidth - layout.margin.l - layout.margin.r);
      if (layout.xaxis && layout.xaxis.tickvals && !layout.xaxis.named) {
        thin(layout.xaxis, (box.clientWidth - layout.margin.l - layout.margin.r) / LABEL_PX);
      }
      return figure;
    }
    layout.annotations = layout.annotations.filter((note) => note.name !== "wide");
    if (layout.shapes.some((shape) => shape.name === "wide")) layout.margin.t = 12;
    layout.shapes = layout.shapes.filter((shape) => shape.name !== "wide");
    const ends = layout.annotations.filter((note) => note.name === "end");
    const longest = Math.max(0, ...ends.map((note) => note.text.length));
    const bare = isCut(layout) ? 28 : 8;
    layout.margin.r = longest ? Math.min(16 + longest * 6.2, box.clientWidth * 0.4) : bare;
    layout.margin.l = 40;
    const axis = layout.xaxis;
    if (axis.named) { // bars with names of their own: each keeps it, slanted
      axis.tickangle = -50;
      layout.margin.b = 16 + 4.6 * Math.max(0, ...axis.ticktext.map((text) => text.length));
      return figure;
    }
    thin(axis, Math.min(6, (box.clientWidth - layout.margin.l - layout.margin.r) / DATE_PX));
    return figure;
  }

  function draw(box) {
    const figure = resolve(figures.get(box), getComputedStyle(document.documentElement), "");
    narrow(figure, box);
    const state = box.querySelector(".state");
    if (state) state.remove();
    if (figure.layout.xaxis) delete figure.layout.xaxis.named;
    figure.layout.autosize = true;
    return Plotly.react(box, figure.data, figure.layout, CONFIG);
  }

  // A click on a bar or line goes where its name in the table goes too.
  function follow(event) {
    const point = event.points[0];
    if (point && point.data.meta) window.location.assign(point.data.meta);
  }

  function fail(box, why) {
    const state = box.querySelector(".state") || box.appendChild(document.createElement("div"));
    state.className = "state failed";
    state.textContent =
      "The chart could not be loaded (" + why + "). The table has the same figures.";
  }

  async function load(box) {
    try {
      const answer = await fetch(box.dataset.figure, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("answer " + answer.status);
      figures.set(box, await answer.json());
      await draw(box);
      box.on("plotly_click", follow);
      box.dataset.drawn = "yes";
    } catch (error) {
      fail(box, error.message);
    }
  }

  function loadAll(root) {
    root.querySelectorAll("[data-figure]").forEach((box) => {
      if (!figures.has(box)) load(box);
    });
  }

  // Read by static/js/page.js after a change of theme.
  window.aicostRedraw = function () {
    figures.forEach((_, box) => draw(box));
  };
  let width = window.innerWidth;
  window.addEventListener("resize", function () {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      window.aicostRedraw();
    }
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", window.aicostRedraw);
  document.addEventListener("DOMContentLoaded", () => loadAll(document));
  document.addEventListener("htmx:load", (event) => loadAll(event.detail.elt));
})();
