"use strict";
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

  // Light and dark.
  const button = document.getElementById("theme");
  const label = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`);
  };
  button.hidden = false;
  label();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("taximeter-theme", root.dataset.theme);
    } catch { /* it holds for this visit only */ }
    label();
  });
  system.addEventListener("change", label);

  // Tables: a click on a head sorts by it.
  const key = (row, column) => {
    const cell = row.cells[column];
    const data = cell.querySelector("data");
    const exact = data?.value ?? (cell.classList.contains("number") ? "" : cell.textContent.trim().replaceAll(",", ""));
    return { exact, number: data ? Number(exact) : NaN };
  };
  const words = new Intl.Collator(undefined, { numeric: true }); // 3.9.0 comes before 3.17.2
  const compare = (one, other) => {
    if (Number.isNaN(one.number) !== Number.isNaN(other.number)) return Number.isNaN(one.number) ? 1 : -1;
    return Number.isNaN(one.number) ? words.compare(one.exact, other.exact) : one.number - other.number;
  };
  const sort = (head) => {
    const body = head.closest("table").tBodies[0];
    const descending = head.getAttribute("aria-sort") === "ascending";
    const rows = [...body.rows].map((row) => ({ row, key: key(row, head.cellIndex) }));
    const empty = rows.filter(({ key: { exact } }) => exact === "" || exact === "–");
    const full = rows.filter((each) => !empty.includes(each)).sort((one, other) => compare(one.key, other.key));
    for (const each of head.parentElement.cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    body.append(...(descending ? full.reverse() : full).concat(empty).map(({ row }) => row));
  };
  for (const head of all(".sortable thead th")) {
    if (!head.textContent.trim() || head.closest("table").tBodies[0].rows.length < 2) continue;
    const by = document.createElement("button");
    by.type = "button";
    by.append(...head.childNodes);
    by.addEventListener("click", () => sort(head));
    head.append(by);
  }

  // Matrices: the column under the pointer stands out; a phone shows one tracker at a time, the same in all of them.
  const pick = [];
  for (const matrix of all(".matrix")) {
    const column = (event) => event.target.closest?.("[data-column]")?.dataset.column;
    const mark = (name, chosen) =>
      all("[data-column]", matrix).forEach((cell) => cell.classList.toggle(name, cell.dataset.column === chosen));
    matrix.addEventListener("pointerover", (event) => event.pointerType === "mouse" && mark("under", column(event)));
    matrix.addEventListener("pointerleave", () => mark("under", undefined));
    const heads = all("thead [data-column]", matrix);
    if (heads.length < 2) continue;
    const picker = document.createElement("label");
    picker.className = "picker";
    const select = document.createElement("select");
    select.append(...heads.map((head) => new Option(head.textContent, head.dataset.column)));
    const show = (name) => {
      const option = [...select.options].find((each) => each.text === name);
      if (!option) return;
      select.value = option.value;
      mark("shown", option.value);
    };
    pick.push(show);
    select.addEventListener("change", () => pick.forEach((each) => each(select.selectedOptions[0].text)));
    picker.append("Tracker ", select);
    matrix.querySelector(".scroll").before(picker);
    select.value = matrix.dataset.first;
    matrix.classList.add("picked");
    mark("shown", select.value);
  }

  // The way: one switch for the whole page, kept in the address; needs: the ticked rows order the columns.
  const ways = all("[name=way]");
  const wayNow = () => ways.find((each) => each.checked)?.value ?? "vendor";
  const needs = document.getElementById("table-needs");
  const order = () => {
    if (!needs) return;
    const ticked = all("tbody tr", needs).filter((row) => row.querySelector("input").checked);
    const rank = (row, column) =>
      Number(row.querySelector(`[data-column="${column}"] .${wayNow()}`).dataset.rank);
    const misses = (column) => ticked.reduce((sum, row) => sum + Math.round(rank(row, column)), 0);
    const columns = all("thead [data-column]", needs).map((head) => head.dataset.column);
    columns.sort((one, other) => {
      if (!ticked.length) return one - other;
      const closer = ticked.map((row) => rank(row, one) - rank(row, other)).find((each) => each) ?? 0;
      return misses(one) - misses(other) || closer || one - other;
    });
    for (const row of all("tr", needs)) {
      row.append(...columns.map((column) => row.querySelector(`[data-column="${column}"]`)));
      row.classList.toggle("ticked", ticked.includes(row));
    }
    const options = new Map(all(".picker option", needs).map((option) => [option.value, option]));
    needs.querySelector(".picker select")?.append(...columns.map((column) => options.get(column)));
    if (ticked.length) pick.forEach((each) => each(options.get(columns[0])?.text));
  };
  needs?.addEventListener("change", (event) => event.target.type === "checkbox" && order());
  const address = new URLSearchParams(location.search).get("way");
  ways.forEach((each) => {
    if (each.value === address) each.checked = true;
    each.addEventListener("change", order);
  });
  order();

  // Verdicts: rows by theme and by verdict; cells of another verdict fade.
  for (const matrix of all(".verdicts")) {
    const bodies = all("tbody[data-theme]", matrix);
    const cells = all("td[data-verdict]", matrix);
    const choice = (name, first, values) => {
      const label = document.createElement("label");
      const select = document.createElement("select");
      select.append(new Option(first, ""), ...values.map((value) => new Option(value, value)));
      select.addEventListener("change", () => sieve());
      label.append(`${name} `, select);
      return { label, select };
    };
    const silent = "lost in silence";
    const found = [...new Set(cells.map((cell) => cell.dataset.verdict))].filter(Boolean).sort();
    const theme = choice("Theme", "all", bodies.map((body) => body.dataset.theme));
    const verdict = choice("Verdict", "all", [silent, ...found]);
    const isSought = (cell) => {
      const sought = verdict.select.value;
      return sought === silent ? "silent" in cell.dataset : cell.dataset.verdict === sought;
    };
    const sieve = () => {
      cells.forEach((cell) => cell.classList.toggle("sought", isSought(cell)));
      matrix.classList.toggle("sieved", verdict.select.value !== "");
      for (const body of bodies) {
        const rows = all("tr:not(.theme)", body);
        rows.forEach((row) => (row.hidden = verdict.select.value !== "" && !row.querySelector(".sought")));
        const isOther = theme.select.value !== "" && body.dataset.theme !== theme.select.value;
        body.hidden = isOther || rows.every((row) => row.hidden);
      }
    };
    const bar = document.createElement("div");
    bar.className = "sieve";
    bar.append(theme.label, verdict.label);
    matrix.querySelector(".scroll").before(bar);
  }

  // Evidence: the address opens it; Escape goes back to its cell.
  let opener = null;
  const open = () => {
    const panel = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    all(".mark[aria-current]").forEach((cell) => cell.removeAttribute("aria-current"));
    if (!panel?.classList.contains("evidence")) return;
    if (opener?.hash !== location.hash) opener = all("a.mark").find((cell) => cell.hash === location.hash) ?? null;
    opener?.setAttribute("aria-current", "true");
    panel.focus({ preventScroll: true });
  };
  const close = () => {
    const back = opener;
    location.hash = back.closest("section").id;
    back.focus();
  };
  addEventListener("click", (event) => (opener = event.target.closest?.("a.mark") ?? opener));
  addEventListener("hashchange", open);
  open();
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector(".evidence:target")) close();
  });
  all(".close").forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      close();
    }),
  );

  // Contents: the section in view.
  const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
  const inView = new IntersectionObserver(
    (entries) => {
      const entry = entries.findLast(({ isIntersecting }) => isIntersecting);
      if (!entry) return;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  all("main > section").forEach((section) => inView.observe(section));

  // Charts: Plotly draws what comes near the view in the page's colours, and again when width or colours change.
  const specs = JSON.parse(document.getElementById("plots").textContent);
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  const colours = new Map();
  const colour = (tone) => {
    const key = `${tone} ${isDark()}`;
    if (!colours.has(key)) {
      probe.style.color = `var(--${tone})`;
      colours.set(key, getComputedStyle(probe).color);
    }
    return colours.get(key);
  };
  const template = () => {
    const [ink, muted, line, paper] = ["ink", "muted", "line", "paper"].map(colour);
    const font = { family: "system-ui, sans-serif", size: 13, color: ink };
    const small = { ...font, color: muted };
    const axis = {
      fixedrange: true, zeroline: false, gridcolor: line, ticks: "outside", ticklen: 6, tickcolor: "transparent",
      tickfont: small, tickangle: 0, ticklabeloverflow: "allow", nticks: 8, exponentformat: "none",
      separatethousands: true, title: { font: small, standoff: 8 },
    };
    return {
      layout: {
        font, xaxis: axis, yaxis: { ...axis, nticks: 6, tickfont: font }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
        showlegend: false, hovermode: "closest", dragmode: false, barmode: "stack", bargap: 0,
        hoverlabel: { font, bgcolor: paper, bordercolor: muted, align: "left" },
      },
      data: {
        scatter: [{ hoverinfo: "text", cliponaxis: false, textposition: "middle right" }],
        bar: [{ hoverinfo: "text" }],
      },
    };
  };
  const inks = ["ink", "muted"];
  const toned = (trace, isNarrow) => {
    const own = colour(trace.meta);
    return {
      ...trace,
      marker: { line: { width: 0 }, ...trace.marker, color: own },
      ...(trace.type === "scatter" && { line: { ...trace.line, color: own } }),
      ...(inks.includes(trace.meta) && { textfont: { color: own } }),
      visible: !(isNarrow && trace.mode === "text"),
    };
  };
  const drawn = new Map();
  const print = matchMedia("print");
  let isOnPaper = false;
  const paperWidth = (plot) => (plot.closest(".many") ? 170 : plot.closest(".always") ? 1000 : 560); // not laid out yet
  const draw = (plot) => {
    const width = isOnPaper && !print.matches ? paperWidth(plot) : plot.clientWidth;
    const state = `${width} ${isDark()}`;
    if (!width || !window.Plotly || drawn.get(plot) === state) return;
    const { data, layout } = specs[plot.id];
    const isNarrow = width < 480 && layout.margin.r > 150; // a phone has these words in the table below
    const margin = isNarrow ? { ...layout.margin, r: 12 } : layout.margin;
    const whole = { ...layout, margin, width, template: template() };
    Plotly.react(plot, data.map((trace) => toned(trace, isNarrow)), whole, { displayModeBar: false });
    all(".main-svg", plot).forEach((svg) => svg.setAttribute("viewBox", `0 0 ${width} ${layout.height}`)); // for paper
    plot.style.setProperty("--ratio", `${width} / ${layout.height}`);
    if (!drawn.has(plot)) emphasise(plot, data);
    drawn.set(plot, state);
  };
  const emphasise = (plot, data) => {
    const fade = (name) =>
      Plotly.restyle(plot, { opacity: data.map((trace) => (!name || trace.name === name ? 1 : 0.3)) });
    plot.on("plotly_hover", ({ points }) => fade(points[0].data.name));
    plot.on("plotly_unhover", () => fade());
  };
  const redraw = () => [...drawn.keys()].forEach(draw);
  const loadPlotly = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.text = await new Response(stream).text();
    document.head.append(script);
    const near = new IntersectionObserver(
      (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && draw(target)),
      { rootMargin: "400px" },
    );
    const size = new ResizeObserver(redraw);
    all(".plot").forEach((plot) => [near, size].forEach((each) => each.observe(plot)));
    button.addEventListener("click", redraw);
    system.addEventListener("change", redraw);
  };
  loadPlotly();

  // Print: light, with all that is folded away, and with the charts of both ways.
  let folded = [];
  let theme;
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((each) => (each.open = true));
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    isOnPaper = true;
    all(".plot").forEach(draw);
  });
  addEventListener("afterprint", () => {
    folded.forEach((each) => (each.open = false));
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    isOnPaper = false;
    redraw();
  });
})();
