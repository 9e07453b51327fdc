"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // What a link points to is opened, and the first mistake of a form is seen.
  const open = () => {
    let target = null;
    try { target = by(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    if (target && target.matches("input, select, textarea")) target.focus();
  };
  addEventListener("hashchange", open);
  open();

  // Further rows of a table; the last one of those that were sent is empty.
  for (const table of all("table[data-rows]")) {
    const { rows } = table.tBodies[0];
    const [last, name] = [rows.length - 1, table.dataset.rows];
    const { outerHTML } = rows[last];
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Add a row";
    button.addEventListener("click", () => {
      const [id, label] = [`${name}.${rows.length}.`, `row ${rows.length + 1},`];
      const html = outerHTML.replaceAll(`${name}.${last}.`, id).replaceAll(`row ${last + 1},`, label);
      table.tBodies[0].insertAdjacentHTML("beforeend", html);
      rows[rows.length - 1].querySelector("input, select").focus();
    });
    table.closest("fieldset").append(button);
  }

  // Files are dropped anywhere on a page that takes one.
  const file = document.querySelector("input[data-drop]");
  if (file) {
    const over = (event, is) => { event.preventDefault(); file.form.classList.toggle("dropping", is); };
    for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (event) => over(event, true));
    addEventListener("dragleave", (event) => over(event, event.relatedTarget !== null));
    addEventListener("drop", (event) => {
      over(event, false);
      if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
      file.focus();
    });
  }

  // A run that is under way.
  const live = by("live");
  if (!live) return;
  const list = by("list");
  const number = new Intl.NumberFormat("en");
  const before = [];
  let offset = live.dataset.from;
  let source = null;
  by("refresh").hidden = true;

  const tone = (status) => ({ failed: "non-conformant", warned: "warned" })[status] || "incomplete";
  const show = (finding) => {
    const known = by(finding.id);
    const row = known || by("one").content.firstElementChild.cloneNode(true);
    row.id = finding.id;
    for (const slot of all("[data-slot]", row)) slot.textContent = finding[slot.dataset.slot] || "";
    row.className = `finding is-${finding.status}`;
    row.querySelector(".badge").className = `badge is-${finding.status}`;
    row.querySelector(".badge use").setAttribute("href", `#icon-${tone(finding.status)}`);
    if (!known) list.append(row);
    return !known;
  };
  const told = (state) => {
    before.push(state);
    while (before.length > 2 && state.seconds - before[0].seconds > 5) before.shift();
    const span = state.seconds - before[0].seconds;
    const rate = span ? (state.exchanges - before[0].exchanges) / span : state.exchanges / (state.seconds || 1);
    by("bar").max = state.of || 1;
    if (state.tests) by("bar").value = state.tests;
    const texts = {
      tests: state.tests, of: state.of || "…", exchanges: number.format(state.exchanges),
      seconds: Math.round(state.seconds), rate: number.format(Math.round(rate)),
    };
    for (const [id, text] of Object.entries(texts)) by(id).textContent = text;
    for (const id of state.gone) by(id)?.remove();
    const fresh = state.findings.filter(show).length;
    const count = list.children.length;
    by("found").textContent = count || "";
    by("none").hidden = count > 0;
    if (fresh) by("alarm").textContent = count === 1 ? "1 finding so far" : `${number.format(count)} findings so far`;
  };
  const follow = () => {
    source = new EventSource(`${live.dataset.events}&from=${offset}`);
    source.addEventListener("message", (event) => { offset = event.lastEventId; told(JSON.parse(event.data)); });
    source.addEventListener("error", () => {
      // Anything but a lost connection, such as the end of the session.
      if (source.readyState === EventSource.CLOSED) by("refresh").hidden = false;
    });
    source.addEventListener("state", () => { source.close(); location.reload(); });
  };
  // A browser has few connections for one site; a page that nobody sees needs none.
  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (!document.hidden) follow();
  });
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
  follow();
})();
