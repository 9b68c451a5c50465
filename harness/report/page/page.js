"use strict";
(() => {
  const root = document.documentElement;
  const form = document.getElementById("controls");
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("scripted");

  // What is shown is in the link: everything but what a reader has not touched.
  let sorted = { column: "", down: false };

  function stateOf() {
    const state = new URLSearchParams();
    if (form.baseline.value !== data.baseline) state.set("baseline", form.baseline.value);
    const hidden = all("input[name=hide]", form).filter((box) => !box.checked);
    if (hidden.length) state.set("hide", hidden.map((box) => box.value).join(","));
    for (const name of ["dtype", "threads", "scale"]) if (form[name].value) state.set(name, form[name].value);
    if (sorted.column) state.set("sort", (sorted.down ? "-" : "") + sorted.column);
    if (root.dataset.theme) state.set("theme", root.dataset.theme);
    return state.toString();
  }

  function remember() {
    const state = stateOf();
    history.replaceState(null, "", state ? "#" + state : location.pathname + location.search);
  }

  function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    const choose = (select, value) => {
      if ([...select.options].some((option) => option.value === value)) select.value = value;
    };
    form.reset();
    choose(form.baseline, state.get("baseline") ?? data.baseline);
    for (const name of ["dtype", "threads", "scale"]) choose(form[name], state.get(name) ?? "");
    const hidden = (state.get("hide") ?? "").split(",");
    for (const box of all("input[name=hide]", form)) box.checked = !hidden.includes(box.value);
    const sort = state.get("sort") ?? "";
    sorted = { column: sort.replace(/^-/, ""), down: sort.startsWith("-") };
    if (["light", "dark"].includes(state.get("theme"))) root.dataset.theme = state.get("theme");
    show();
  }

  function show() {
    compare(form.baseline.value);
    const gone = filter();
    for (const box of all("input[name=hide]", form)) {
      const off = gone.has(box.dataset.place);
      for (const mark of all(`[data-series="${box.dataset.place}"]`)) mark.classList.toggle("hidden", off);
    }
    sort();
  }

  // Speeds, their intervals and the sentences of another baseline.
  function compare(baseline) {
    const found = data.speeds[baseline];
    if (!found) return;
    for (const head of all('th[data-column="speedup"] button')) head.textContent = `× as fast as ${baseline}`;
    for (const row of all("tr[data-cell]")) {
      const cell = row.querySelector('td[data-column="speedup"]');
      const [text, order] = found.cells[row.dataset.cell] ?? ["–", ""];
      if (!cell) continue;
      cell.textContent = text;
      cell.dataset.order = order;
    }
    document.getElementById("answer").replaceChildren(...found.sentences.map((sentence, place) => {
      const paragraph = document.createElement("p");
      if (place === 0) paragraph.className = "headline";
      paragraph.textContent = sentence;
      return paragraph;
    }));
    for (const plot of all('.plot:not([data-baseline=""])')) plot.hidden = plot.dataset.baseline !== baseline;
  }

  // Rows that are asked for; returns the series of which no row may be seen.
  function filter() {
    const checked = new Set(all("input[name=hide]:checked", form).map((box) => box.dataset.place));
    const gone = new Set(all("input[name=hide]", form).map((box) => box.dataset.place));
    for (const row of all("tr[data-cell]")) {
      const wanted = checked.has(row.dataset.place)
        && (!form.dtype.value || row.dataset.dtype === form.dtype.value)
        && (!form.threads.value || row.dataset.threads === form.threads.value);
      if (wanted) gone.delete(row.dataset.place);
      const here = row.closest("table").id === "ladder" || !form.scale.value || row.dataset.scale === form.scale.value;
      row.hidden = !(wanted && here);
    }
    return gone;
  }

  function sort() {
    for (const table of all("table.sortable")) {
      const body = table.tBodies[0];
      const head = sorted.column && all("th", table).find((one) => one.dataset.column === sorted.column);
      for (const one of all("th", table)) one.removeAttribute("aria-sort");
      if (head) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      const rows = [...body.rows];
      rows.forEach((row, place) => { row.dataset.planned ??= place; });
      const cell = (row) => row.querySelector(`td[data-column="${CSS.escape(sorted.column)}"]`);
      const planned = (a, b) => a.dataset.planned - b.dataset.planned;
      const numeric = head && rows.some((row) => cell(row).dataset.order);
      const value = (row) => numeric ? parseFloat(cell(row).dataset.order) : cell(row).textContent;
      rows.sort((a, b) => {
        if (!head) return planned(a, b);
        const [one, other] = [value(a), value(b)];
        if (numeric && (isNaN(one) || isNaN(other))) return isNaN(one) - isNaN(other) || planned(a, b);
        const order = numeric ? one - other : one.localeCompare(other);
        return (sorted.down ? -order : order) || planned(a, b);
      });
      body.append(...rows);
    }
  }

  function clicked(head) {
    const column = head.dataset.column;
    if (sorted.column !== column) sorted = { column, down: false };
    else if (!sorted.down) sorted = { column, down: true };
    else sorted = { column: "", down: false };
    sort();
    remember();
  }

  // Downloads are made of what is seen, by day: colours become those of the light page.
  const seen = (figure) => all(".plot", figure).find((plot) => plot.offsetParent !== null).querySelector("svg");

  function drawing(figure) {
    const copy = seen(figure).cloneNode(true);
    for (const mark of all(".hidden", copy)) mark.remove();
    const names = new Set(copy.outerHTML.match(/--c[0-9a-f]{6}/g));
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = `svg{${[...names].map((name) => `${name}:#${name.slice(3)}`).join(";")}}`
      + "*{stroke-linejoin:round;stroke-linecap:butt}svg{font-family:'DejaVu Sans',Verdana,sans-serif}";
    copy.prepend(style);
    const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
    copy.setAttribute("width", `${width}pt`);
    copy.setAttribute("height", `${height}pt`);
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function savePng(figure, name) {
    const { text, width, height } = drawing(figure);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [width * 3, height * 3];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, name));
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  }

  function table(figure) {
    const quoted = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return all(".numbers tr", figure)
      .map((row) => [...row.cells].map((cell) => quoted(cell.textContent)).join(",") + "\r\n").join("");
  }

  const doings = {
    svg: (figure, name) => save(new Blob([drawing(figure).text], { type: "image/svg+xml" }), `${name}.svg`),
    png: (figure, name) => savePng(figure, `${name}.png`),
    csv: (figure, name) => save(new Blob([table(figure)], { type: "text/csv" }), `${name}.csv`),
    enlarge: (figure) => {
      const dialog = document.getElementById("large");
      const copy = seen(figure).cloneNode(true);
      copy.setAttribute("class", "large");
      const holder = dialog.querySelector("div");
      holder.className = "plot";
      holder.replaceChildren(copy);
      dialog.showModal();
    },
    reset: () => {
      form.reset();
      sorted = { column: "", down: false };
      delete root.dataset.theme;
      show();
      remember();
    },
    theme: () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      remember();
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const figure = button.closest("figure");
    if (button.dataset.do) doings[button.dataset.do](figure, figure?.id.replace("figure-", ""));
    else if (button.closest("th")) clicked(button.closest("th"));
  });
  addEventListener("beforeprint", () => all("details:not(.numbers)").forEach((one) => { one.open = true; }));
  if (!form) return;
  form.addEventListener("change", () => { show(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => { if (/[=]/.test(location.hash) || !location.hash) restore(); });
  restore();
})();
