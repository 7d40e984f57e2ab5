// Keys of the work list. Everything here is a shortcut to a link or a field that works without it.
"use strict";

(function () {
  const list = document.querySelector("table.list");
  if (!list) return;
  const links = [...list.querySelectorAll("th[scope=row] a")];

  function move(by) {
    const here = links.indexOf(document.activeElement);
    const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.closest("tr").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.matches("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
    if (list.dataset.off) return;
    const next = document.getElementById("next-chart");
    const field = document.querySelector(".filters input[type=search]");
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/" && field) field.focus();
    else if (event.key === "n" && next) next.click();
    else return;
    event.preventDefault();
  });
})();
