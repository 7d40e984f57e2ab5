// Keyboard review and the upload form. Everything here is a shortcut to a link or a control that works without it.
"use strict";

(function () {
  // The patient on the screen: the one that holds the address's anchor, else the first one that is shown.
  function currentPatient() {
    const sections = [...document.querySelectorAll(".patient")];
    return sections.find((section) => section.offsetParent !== null || section.getClientRects().length > 0) || null;
  }

  function chosenPanel(patient) {
    return [...patient.querySelectorAll(".panel")].find((panel) => panel.getClientRects().length > 0) || null;
  }

  function step(list, index, by) {
    return list[Math.min(Math.max(index + by, 0), list.length - 1)];
  }

  function moveEvidence(patient, by) {
    const panel = chosenPanel(patient);
    const links = panel ? [...panel.querySelectorAll("a.jump")] : [];
    if (!links.length) return;
    const here = links.findIndex((link) => link.classList.contains("current"));
    const next = here < 0 ? (by > 0 ? links[0] : links[links.length - 1]) : step(links, here, by);
    location.hash = next.getAttribute("href");
    showCurrent();
    next.closest("li").scrollIntoView({ block: "nearest" });
  }

  function moveCriterion(patient, by) {
    const radios = [...patient.querySelectorAll("input.choose")];
    const next = step(radios, radios.findIndex((radio) => radio.checked), by);
    if (!next) return;
    next.checked = true;
    patient.querySelector(".panels").scrollTop = 0;
    markCurrent();
    next.focus({ preventScroll: true });
    next.closest("label").scrollIntoView({ block: "nearest" });
  }

  function moveNote(patient, by) {
    const pane = patient.querySelector(".notes");
    const notes = [...patient.querySelectorAll(".note")];
    const top = pane.getBoundingClientRect().top;
    // The note at the top of the pane; 8 px forgive rounding.
    let here = 0;
    notes.forEach((note, index) => { if (note.getBoundingClientRect().top <= top + 8) here = index; });
    const next = step(notes, here, by);
    if (next) next.scrollIntoView({ block: "start" });
  }

  // Go to the mark that the address names.
  function showCurrent() {
    const mark = markCurrent();
    if (mark) mark.scrollIntoView({ block: "center" });
  }

  // Mark all pieces of the mark that the address names (one that crosses another is in several), and its quote.
  function markCurrent() {
    document.querySelectorAll(".current").forEach((element) => element.classList.remove("current"));
    const id = decodeURIComponent(location.hash.slice(1));
    const mark = id && document.getElementById(id);
    if (!mark || mark.tagName !== "MARK") return null;
    const note = mark.closest(".note-text");
    note.querySelectorAll(`mark[data-f="${mark.dataset.f}"]`).forEach((piece) => piece.classList.add("current"));
    const panel = chosenPanel(mark.closest(".patient"));
    if (panel) panel.querySelectorAll(`a.jump[href="#${CSS.escape(id)}"]`).forEach((link) => link.classList.add("current"));
    return mark;
  }

  function toggleKeys(show) {
    const keys = document.getElementById("keys");
    if (!keys) return;
    const open = show === undefined ? !keys.classList.contains("open") : show;
    keys.classList.toggle("open", open);
    if (open) keys.focus({ preventScroll: true });
  }

  const actions = {
    j: (patient) => moveEvidence(patient, 1),
    k: (patient) => moveEvidence(patient, -1),
    J: (patient) => moveCriterion(patient, 1),
    K: (patient) => moveCriterion(patient, -1),
    "]": (patient) => moveNote(patient, 1),
    "[": (patient) => moveNote(patient, -1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("input:not([type=radio], [type=checkbox]), select, textarea")) return;
    if (event.key === "Escape") { toggleKeys(false); return; }
    const on = document.getElementById("keys-on");
    if (!on) return;
    if (event.key === "?") { toggleKeys(); event.preventDefault(); return; }
    const patient = currentPatient();
    if (on.checked && patient && Object.hasOwn(actions, event.key)) {
      actions[event.key](patient);
      event.preventDefault();
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".keys-link, .keys .close");
    if (link) { event.preventDefault(); toggleKeys(link.classList.contains("close") ? false : undefined); }
  });

  window.addEventListener("hashchange", showCurrent);
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input.choose")) return;
    event.target.closest(".patient").querySelector(".panels").scrollTop = 0;
    markCurrent();
  });
  document.addEventListener("DOMContentLoaded", showCurrent);

  const form = document.querySelector("form.upload");
  if (form) {
    const input = form.querySelector("input[type=file]");
    const drop = form.querySelector(".drop");
    const chosen = form.querySelector(".chosen");
    const list = () => {
      chosen.replaceChildren(...[...input.files].slice(0, 20).map((file) => {
        const item = document.createElement("li");
        item.textContent = `${file.name}, ${Math.max(1, Math.round(file.size / 1024)).toLocaleString("en")} kB`;
        return item;
      }));
      if (input.files.length > 20) {
        const more = document.createElement("li");
        more.textContent = `and ${input.files.length - 20} more`;
        chosen.append(more);
      }
    };
    input.addEventListener("change", list);
    ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, () => drop.classList.add("over")));
    ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, () => drop.classList.remove("over")));
    form.addEventListener("submit", () => {
      form.querySelector("button").disabled = true;
      form.querySelector(".working").hidden = false;
    });
    // Coming back with the browser's back button finds the form usable again.
    window.addEventListener("pageshow", () => {
      form.querySelector("button").disabled = false;
      form.querySelector(".working").hidden = true;
      list();
    });
  }
})();
