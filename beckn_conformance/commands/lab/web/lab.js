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

  // Copy buttons.
  for (const block of all(".copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${block.firstElementChild.getAttribute("aria-label")}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.firstElementChild.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block.firstElementChild);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.append(button);
  }

  // Further rows of a table.
  for (const table of all("table[data-rows]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Add a row";
    button.addEventListener("click", () => {
      const body = table.tBodies[0];
      const row = body.rows[body.rows.length - 1].cloneNode(true);
      const name = table.dataset.rows;
      const number = body.rows.length;
      for (const one of all("[id], [for], [name], [aria-describedby]", row)) {
        for (const key of ["id", "for", "name", "aria-describedby"]) {
          const value = one.getAttribute(key);
          if (value) one.setAttribute(key, value.replaceAll(`${name}.${number - 1}.`, `${name}.${number}.`));
        }
        if (one.tagName === "LABEL") one.textContent = one.textContent.replace(/row \d+/, `row ${number + 1}`);
        if ("value" in one) one.value = "";
      }
      for (const one of all(".error", row)) one.remove();
      body.append(row);
      row.querySelector("input, select").focus();
    });
    table.closest("fieldset").append(button);
  }

  // Files are dropped anywhere on a page that takes one.
  const file = document.querySelector("input[data-drop]");
  if (file) {
    const form = file.closest("form");
    for (const kind of ["dragenter", "dragover"]) {
      addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("dropping"); });
    }
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("dropping"); });
    addEventListener("drop", (event) => {
      event.preventDefault();
      form.classList.remove("dropping");
      if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
      file.focus();
    });
  }

  // A run that is under way.
  const live = by("live");
  if (!live) return;
  const list = by("list");
  const template = by("one");
  const number = new Intl.NumberFormat("en");
  const before = [];
  let offset = live.dataset.from;
  let source = null;
  by("refresh").hidden = true;

  const tone = (status) => ({ failed: "non-conformant", warned: "warned" })[status] || "incomplete";
  const show = (finding) => {
    let row = by(finding.id);
    const known = row !== null;
    if (!known) {
      row = template.content.firstElementChild.cloneNode(true);
      row.id = finding.id;
    }
    for (const slot of all("[data-slot]", row)) slot.textContent = finding[slot.dataset.slot] || "";
    row.className = `finding is-${finding.status}`;
    row.querySelector(".badge").className = `badge is-${finding.status}`;
    row.querySelector(".badge use").setAttribute("href", `#icon-${tone(finding.status)}`);
    if (!known) list.append(row);
    return !known;
  };
  const told = (state) => {
    by("bar").max = state.of || 1;
    if (state.tests) by("bar").value = state.tests;
    by("tests").textContent = state.tests;
    by("of").textContent = state.of || "…";
    by("exchanges").textContent = number.format(state.exchanges);
    by("seconds").textContent = Math.round(state.seconds);
    before.push(state);
    while (before.length > 2 && state.seconds - before[0].seconds > 5) before.shift();
    const span = state.seconds - before[0].seconds;
    const rate = span ? (state.exchanges - before[0].exchanges) / span : state.exchanges / (state.seconds || 1);
    by("rate").textContent = number.format(Math.round(rate));
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
