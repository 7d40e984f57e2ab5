// The page of one chart by keyboard, without loading it anew. Every key is a shortcut to a link or a form that works
// without script; places in notes are code points, as on the server, never units of this language's strings.
"use strict";

(function () {
  const room = document.querySelector(".room");
  if (!room) return;
  document.documentElement.classList.add("scripted");
  const base = room.dataset.base;
  const pane = document.getElementById("note-pane");
  // Opaque note -> its element, as long as the page is open. Elements and not markup: written out and read again, a
  // carriage return would become a line feed.
  const notesSeen = new Map();
  const drafts = new Map(); // criterion -> comment typed and not yet saved
  let busy = Promise.resolve();
  let turn = 0;

  const byId = (id) => document.getElementById(id);
  const all = (selector, within) => [...(within || document).querySelectorAll(selector)];
  const criterion = () => byId("evidence").dataset.criterion;
  const openNote = () => (byId("note") && byId("note").dataset.note) || "";
  const parse = (text) => new DOMParser().parseFromString(text, "text/html");

  let toastTimer = 0;
  function say(words) {
    byId("toast").textContent = words;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { byId("toast").textContent = ""; }, 6000);
  }

  async function get(address) {
    const answer = await fetch(address, { headers: { "X-Part": "1" } });
    if (answer.redirected) { location.reload(); throw new Error("signed out"); }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  // ---- places: code points <-> the text of the page

  function pointCount(text) {
    let count = 0;
    for (const _ of text) count += 1;
    return count;
  }

  function pointOf(noteText, node, offset) {
    const before = document.createRange();
    before.selectNodeContents(noteText);
    before.setEnd(node, offset);
    return pointCount(before.toString());
  }

  function rangeOf(noteText, start, end) {
    const walker = document.createTreeWalker(noteText, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let at = 0;
    let begun = false;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data;
      let unit = 0;
      for (const sign of text) {
        if (at === start) { range.setStart(node, unit); begun = true; }
        if (at === end && begun) { range.setEnd(node, unit); return range; }
        at += 1;
        unit += sign.length;
      }
      if (at === end && begun) { range.setEnd(node, unit); return range; }
    }
    return null;
  }

  let placeShown = "";

  // Point at a place of the open note; go there unless the reader is to stay where she is.
  function showPlace(place, stays) {
    placeShown = place;
    all("#at").forEach((mark) => mark.removeAttribute("id"));
    all("mark.at").forEach((mark) => mark.classList.remove("at"));
    const text = document.querySelector("#note .note-text");
    if (!text || !place) { if (window.CSS && CSS.highlights) CSS.highlights.delete("at"); return; }
    const [start, end] = place.split("-").map(Number);
    const range = rangeOf(text, start, end);
    if (!range) return;
    if (window.CSS && CSS.highlights) CSS.highlights.set("at", new Highlight(range));
    else { const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range); }
    if (stays) return;
    const box = range.getBoundingClientRect();
    const frame = pane.getBoundingClientRect();
    if (box.top < frame.top + 60 || box.bottom > frame.bottom - 40) pane.scrollTop += box.top - frame.top - frame.height / 3;
  }

  // ---- notes

  async function showNote(id, place) {
    const mine = ++turn;
    const still = setTimeout(() => say("opening the note …"), 200);
    try {
      if (openNote() !== id) {
        if (!notesSeen.has(id)) await fetchNote(id);
        if (mine !== turn) return;
        pane.replaceChildren(notesSeen.get(id));
        pane.scrollTop = 0;
        all("#note-list a").forEach((link) => {
          const isOpen = link.dataset.note === id;
          link.classList.toggle("open", isOpen);
          if (isOpen) {
            link.setAttribute("aria-current", "true");
            if (!link.classList.contains("seen")) {
              link.classList.add("seen");
              link.querySelector(".visually-hidden").textContent = "opened";
              byId("seen-count").textContent = String(Number(byId("seen-count").textContent) + 1);
            }
            link.scrollIntoView({ block: "nearest" });
          } else link.removeAttribute("aria-current");
        });
      }
      showPlace(place);
      keepFields();
      keepAddress(place);
    } catch (fault) {
      say(`The note could not be opened (${fault.message}). Try again.`);
    } finally { clearTimeout(still); }
  }

  async function fetchNote(id) {
    const note = parse(await get(`${base}/notes/${id}`)).getElementById("note");
    notesSeen.set(id, document.importNode(note, true));
  }

  function moveNote(by) {
    const links = all("#note-list a");
    const here = links.findIndex((link) => link.dataset.note === openNote());
    const next = links[Math.min(Math.max(here + by, 0), links.length - 1)];
    return next && next.dataset.note !== openNote() ? showNote(next.dataset.note, "") : undefined;
  }

  function keepAddress(place) {
    const asked = new URLSearchParams({ criterion: criterion() });
    if (openNote()) asked.set("note", openNote());
    if (place) asked.set("at", place);
    history.replaceState(null, "", `${base}?${asked}`);
  }

  function keepFields() {
    all("[data-open-note]").forEach((field) => { field.value = openNote(); });
    all("[data-chosen]").forEach((field) => { field.value = criterion(); });
  }

  // ---- criteria and evidence

  function putState(text, keepsScroll) {
    const page = parse(text);
    const scrolled = keepsScroll ? byId("evidence").scrollTop : 0;
    const list = byId("criteria").scrollTop;
    const isTyping = document.activeElement && document.activeElement.closest("#evidence, #bar, #criteria");
    ["bar", "criteria", "evidence"].forEach((id) => {
      const fresh = page.getElementById(id);
      if (fresh) byId(id).replaceWith(document.importNode(fresh, true));
    });
    byId("criteria").scrollTop = list;
    byId("evidence").scrollTop = scrolled;
    room.dataset.slot = byId("evidence").dataset.slot;
    const chosen = document.querySelector(".criterion.is-chosen");
    if (chosen) chosen.scrollIntoView({ block: "nearest" });
    if (isTyping) byId("evidence").focus({ preventScroll: true });
    const comment = document.querySelector(".decide textarea");
    if (comment && drafts.has(criterion())) comment.value = drafts.get(criterion());
    keepFields();
  }

  async function choose(name, opensNote) {
    const mine = ++turn;
    try {
      await busy; // the list of criteria is to show what was just decided
      if (mine !== turn) return;
      const text = await get(`${base}/criteria/${encodeURIComponent(name)}`);
      if (mine !== turn) return;
      putState(text, false);
      const first = opensNote && document.querySelector("#evidence .quote");
      if (first) { setCurrent(first); await showNote(first.dataset.note, first.dataset.place); }
      else { showPlace(""); keepAddress(""); }
    } catch (fault) { say(`The criterion could not be opened (${fault.message}). Try again.`); }
  }

  function moveCriterion(by) {
    const links = all("a.criterion");
    const here = links.findIndex((link) => link.classList.contains("is-chosen"));
    const next = links[Math.min(Math.max(here + by, 0), links.length - 1)];
    return next ? choose(next.dataset.criterion, true) : undefined;
  }

  function nextUndecided() {
    const links = all("a.criterion");
    const here = links.findIndex((link) => link.classList.contains("is-chosen"));
    const next = [...links.slice(here + 1), ...links.slice(0, here + 1)].find((link) => !link.dataset.decided);
    if (next) return choose(next.dataset.criterion, true);
    say("Every criterion is decided. S signs.");
    return undefined;
  }

  const quotes = () => all("#evidence .quote");
  const current = () => document.querySelector("#evidence .quote.current");

  function setCurrent(item) {
    all(".quote.current, #hits li.current").forEach((one) => one.classList.remove("current"));
    item.classList.add("current");
    item.scrollIntoView({ block: "nearest" });
  }

  function moveEvidence(by) {
    const list = quotes();
    if (!list.length) { say("No evidence for this criterion."); return undefined; }
    const here = list.indexOf(current());
    const next = here < 0 ? list[by > 0 ? 0 : list.length - 1] : list[Math.min(Math.max(here + by, 0), list.length - 1)];
    setCurrent(next);
    return showNote(next.dataset.note, next.dataset.place);
  }

  // ---- acts: one after the other, so that each is sent with what the one before came to

  // Acts that change what is marked in the notes.
  const MARKING = ["evidence", "reject", "undo", "reveal"];

  function send(action, act, fields) {
    const before = current();
    const kept = before && [before.dataset.note, before.dataset.place];
    busy = busy.then(async () => {
      // An act of this page that is still on its way is no surprise: each takes the number that the page shows now.
      if (fields.get("criterion") === criterion() && ["decide", "evidence", "reject"].includes(act)) {
        fields.set("expected", byId("evidence").dataset.last);
      }
      byId("saved").textContent = "saving …";
      try {
        const answer = await fetch(action, { method: "POST", body: fields, headers: { "X-Part": "1" } });
        if (answer.redirected) { location.reload(); return; }
        const text = await answer.text();
        const fresh = parse(text).getElementById("evidence");
        if (!fresh) throw new Error(String(answer.status));
        if (answer.ok) drafts.delete(fields.get("criterion"));
        if (MARKING.includes(act)) notesSeen.clear();
        putState(text, criterion() === fresh.dataset.criterion);
        if (MARKING.includes(act)) await refreshNote();
        const item = kept && quotes().find((one) => one.dataset.note === kept[0] && one.dataset.place === kept[1]);
        if (item) item.classList.add("current");
        if (!answer.ok) say("Not saved: see the message at the top.");
      } catch (fault) {
        byId("saved").textContent = "NOT saved";
        say(`Not saved (${fault.message}). What you typed is still there; try again.`);
      }
    });
    return busy;
  }

  async function refreshNote() {
    const id = openNote();
    if (!id) return;
    const top = pane.scrollTop;
    await fetchNote(id);
    pane.replaceChildren(notesSeen.get(id));
    pane.scrollTop = top;
    showPlace(placeShown, true);
  }

  async function search(form) {
    const fields = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, headers: { "X-Part": "1" } });
      const found = parse(await answer.text()).getElementById("hits");
      if (!answer.ok || !found) throw new Error(String(answer.status));
      byId("hits").replaceWith(document.importNode(found, true));
      const first = document.querySelector("#hits .jump");
      if (first) first.focus();
      else if (fields.get("search")) say("Not found in this chart.");
    } catch (fault) { say(`The search failed (${fault.message}). Try again.`); }
  }

  function press(selector) {
    const button = document.querySelector(selector);
    if (button) button.form.requestSubmit(button);
    else if (room.dataset.decides) say("There is nothing to press for that here.");
    else say("You cannot decide on this chart: see its state at the top.");
  }

  function openReject() {
    const item = current() || quotes()[0];
    const details = item && item.querySelector(".reject");
    if (!details) { say("Choose evidence of the system first (j, k)."); return; }
    setCurrent(item);
    details.open = true;
    details.querySelector("button").focus();
  }

  function openSigning() {
    const details = byId("sign");
    if (!details) { press("#sign button"); return; }
    details.open = !details.open;
    (details.querySelector("button") || details.querySelector("summary")).focus();
  }

  function openAdding() {
    const text = document.querySelector("#note .note-text");
    const chosen = getSelection();
    if (!room.dataset.decides) { press("#adding-nothing"); return; }
    if (!text || chosen.isCollapsed || !text.contains(chosen.anchorNode) || !text.contains(chosen.focusNode)) {
      say("Select words in the note first.");
      return;
    }
    const range = chosen.getRangeAt(0);
    const form = byId("adding");
    form.dataset.start = pointOf(text, range.startContainer, range.startOffset);
    form.dataset.end = pointOf(text, range.endContainer, range.endOffset);
    // A field of a form would change line ends; the words go as they are, and the server compares them.
    form.dataset.words = range.toString();
    byId("adding-words").textContent = range.toString();
    form.hidden = false;
    form.querySelector("button").focus();
  }

  function add(form, stance) {
    const { start, end, words } = form.dataset;
    form.hidden = true;
    getSelection().removeAllRanges();
    send(form.action, "evidence", new URLSearchParams({ criterion: criterion(), note: openNote(), start, end, words, stance, expected: "0" }));
  }

  function toggleKeys(show) {
    const keys = byId("keys");
    const open = show === undefined ? !keys.classList.contains("open") : show;
    keys.classList.toggle("open", open);
    if (open) keys.focus({ preventScroll: true });
  }

  function leave() {
    toggleKeys(false);
    byId("adding").hidden = true;
    all("#evidence details.reject[open], #sign[open]").forEach((details) => { details.open = false; });
    byId("evidence").focus({ preventScroll: true });
  }

  const actions = {
    next_evidence: () => moveEvidence(1),
    previous_evidence: () => moveEvidence(-1),
    next_criterion: () => moveCriterion(1),
    previous_criterion: () => moveCriterion(-1),
    next_undecided: nextUndecided,
    previous_note: () => moveNote(-1),
    next_note: () => moveNote(1),
    search: () => { byId("search").focus(); byId("search").select(); },
    timeline: () => { location.href = `${base}/pictures#timeline`; },
    labs: () => { location.href = `${base}/pictures#labs`; },
    list: () => { location.href = byId("to-list").href; },
    met: () => press(".decide button[value=met]"),
    not_met: () => press(".decide button[value=not_met]"),
    unknown: () => press(".decide button[value=unknown]"),
    accept: () => press(".decide button[name=accept]"),
    reject: openReject,
    add: openAdding,
    comment: () => { const field = document.querySelector(".decide textarea"); if (field) field.focus(); else press(".decide textarea"); },
    undo: () => press("#bar form[data-act=undo] button"),
    sign: openSigning,
    help: () => toggleKeys(),
  };
  const bound = new Map(all("[data-action]", byId("keys")).map((line) => [line.dataset.key, actions[line.dataset.action]]));
  const prefixes = new Set([...bound.keys()].filter((key) => key.includes(" ")).map((key) => key.split(" ")[0]));
  const areOff = Boolean(byId("keys").dataset.off);
  let prefix = "";

  // Keys are worked off one after the other, each on what the one before came to: a verdict typed right after going on
  // must never meet the criterion before. Letters that are meant for a field do nothing until it has the focus.
  const FIELDS = ["comment", "search"].map((name) => actions[name]);
  const MOST_WAITING = 4;
  let line = Promise.resolve();
  let waiting = 0;
  let isForField = false;

  function run(action) {
    const opensField = FIELDS.includes(action);
    if (isForField || (waiting >= MOST_WAITING && !opensField)) return;
    waiting += 1;
    isForField = opensField;
    line = line.then(action).then(() => busy).finally(() => { waiting -= 1; isForField = false; });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter" && event.target.matches(".decide textarea")) { event.target.blur(); return; }
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Escape") { leave(); return; }
    if (event.target.matches("input, select, textarea")) return;
    // Enter belongs to the button or link that has the focus.
    if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
    const rejecting = document.querySelector("#evidence details.reject[open]");
    if (rejecting && /^[1-9]$/.test(event.key)) {
      const button = rejecting.querySelectorAll("button")[Number(event.key) - 1];
      if (button) { button.form.requestSubmit(button); event.preventDefault(); }
      return;
    }
    if (areOff) { if (event.key === "?") { toggleKeys(); event.preventDefault(); } return; }
    const typed = prefix ? `${prefix} ${event.key}` : event.key;
    if (!prefix && prefixes.has(event.key)) { prefix = event.key; setTimeout(() => { prefix = ""; }, 1500); event.preventDefault(); return; }
    prefix = "";
    if (bound.has(typed)) { event.preventDefault(); run(bound.get(typed)); }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.act) return;
    event.preventDefault();
    if (form.dataset.act === "search") { search(form); return; }
    const button = event.submitter;
    if (form.id === "adding") { add(form, button.value); return; }
    const fields = new URLSearchParams(new FormData(form));
    if (button && button.name) fields.set(button.name, button.value);
    send(form.action, form.dataset.act, fields);
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a");
    if (event.target.closest("[data-cancel]")) { byId("adding").hidden = true; return; }
    if (!link) return;
    if (link.matches(".keys-link, .keys .close")) { event.preventDefault(); toggleKeys(link.classList.contains("close") ? false : undefined); return; }
    if (link.matches(".close-hits")) { event.preventDefault(); byId("hits").replaceChildren(); return; }
    if (link.matches(".criterion")) { event.preventDefault(); choose(link.dataset.criterion, true); return; }
    if (link.matches("#note-list a")) { event.preventDefault(); showNote(link.dataset.note, ""); return; }
    if (link.matches(".jump, .jump-to")) {
      event.preventDefault();
      const asked = new URL(link.href).searchParams;
      const item = link.closest("li");
      if (item && item.dataset.place) setCurrent(item);
      showNote(asked.get("note"), asked.get("at"));
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches(".decide textarea")) drafts.set(criterion(), event.target.value);
  });

  // A reason or comment that is added to a verdict is saved by itself.
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".decide select, .decide textarea")) return;
    const keep = event.target.form.querySelector(".keep");
    if (keep) keep.form.requestSubmit(keep);
  });

  window.addEventListener("beforeunload", (event) => { if (drafts.size) event.preventDefault(); });

  // The page came with its first note, and perhaps a place in it.
  if (openNote()) notesSeen.set(openNote(), byId("note"));
  const asked = new URLSearchParams(location.search);
  const wanted = asked.get("at");
  if (wanted) {
    showPlace(wanted);
    const item = quotes().find((one) => one.dataset.note === openNote() && one.dataset.place === wanted);
    if (item) setCurrent(item);
  } else {
    const first = quotes()[0];
    if (first && first.dataset.note === openNote()) { setCurrent(first); showPlace(first.dataset.place); }
  }
  const open = document.querySelector("#note-list a.open");
  if (open) open.scrollIntoView({ block: "nearest" });
  // From here on keys are heard; the page itself is there a little earlier.
  document.documentElement.dataset.keys = "heard";
})();
