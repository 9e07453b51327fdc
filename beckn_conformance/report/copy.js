"use strict";
// Copy buttons, also where a browser keeps the clipboard from scripts.
for (const block of document.querySelectorAll(".copy")) {
  const code = block.firstElementChild;
  const one = document.createElement("button");
  one.type = "button";
  one.textContent = "Copy";
  one.setAttribute("aria-label", `Copy: ${code.getAttribute("aria-label")}`);
  one.addEventListener("click", async () => {
    const select = () => {
      getSelection().selectAllChildren(code);
      return document.execCommand("copy");
    };
    const written = async () => { await navigator.clipboard.writeText(code.textContent); return true; };
    one.textContent = await written().catch(select) ? "Copied" : "Selected";
    setTimeout(() => { one.textContent = "Copy"; }, 2000);
  });
  block.append(one);
}
