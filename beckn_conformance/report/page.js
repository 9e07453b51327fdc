"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Dark and light; what the system prefers, until somebody chooses.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  system.addEventListener("change", name);
  button.hidden = false;
  name();

  // Filters.
  const form = document.getElementById("filter");
  const findings = all(".finding");
  const requirements = all(".requirement");
  // Commands and what is folded within a row are not what its reader looks for.
  const told = (row) => {
    const copy = row.cloneNode(true);
    for (const one of copy.querySelectorAll(".copy, .paper, details")) one.remove();
    return copy.textContent.toLowerCase();
  };
  const texts = new Map([...findings, ...requirements].map((row) => [row, told(row)]));
  const sections = new Map(requirements.map((row) => [row.id, row.closest(".group").dataset.section]));
  const fits = (row, wanted) =>
    (!wanted.status || row.dataset.status === wanted.status) &&
    (!wanted.level || row.dataset.level === wanted.level) &&
    (!wanted.section || sections.get(row.dataset.requirement || row.id) === wanted.section) &&
    wanted.words.every((word) => texts.get(row).includes(word));
  const show = (rows, wanted) => rows.filter((row) => !(row.hidden = !fits(row, wanted))).length;
  const filter = () => {
    const data = new FormData(form);
    const wanted = {
      status: data.get("status"), level: data.get("level"), section: data.get("section"),
      words: data.get("text").toLowerCase().split(/\s+/).filter(Boolean),
    };
    const of = [show(requirements, wanted), show(findings, wanted)];
    for (const group of all(".group")) group.hidden = !group.querySelector(".requirement:not([hidden])");
    document.getElementById("nothing").hidden = of[0] > 0;
    const some = wanted.status || wanted.level || wanted.section || wanted.words.length;
    document.getElementById("shown").textContent = some
      ? `${of[0]} of ${requirements.length} requirements` + (findings.length ? `, ${of[1]} of ${findings.length} findings` : "")
      : "";
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  for (const item of all(".counts li")) {
    const status = [...item.classList].find((one) => one.startsWith("is-")).slice(3);
    const one = document.createElement("button");
    one.type = "button";
    one.title = `Show what is ${status}`;
    one.append(...item.childNodes);
    one.addEventListener("click", () => {
      form.reset();
      form.elements.status.value = status;
      setTimeout(() => {
        filter();
        const target = findings.some((row) => !row.hidden) ? "findings" : "requirements";
        document.getElementById(target).scrollIntoView();
      });
    });
    item.append(one);
  }

  // A link to something that is folded or filtered away opens it.
  const reveal = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) { form.reset(); setTimeout(filter); }
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    setTimeout(() => target.scrollIntoView());
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });
  reveal();

  // On paper nothing can be unfolded: findings and what is not met stand there open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all('.finding:not([open]), .requirement[data-status="inconclusive"]:not([open]), .requirement[data-status="waived"]:not([open])');
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
})();
