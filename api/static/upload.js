// Upload: drop files and folders, send large sets in parts with progress, follow the work. The form works without it.
"use strict";

(function () {
  document.documentElement.classList.add("scripted");

  const form = document.querySelector("form.send");
  if (form) setUpForm(form);
  const watched = document.querySelector("[data-watch]");
  if (watched) watch(watched);

  function setUpForm(form) {
    const zone = form.querySelector(".zone");
    const inputs = [...form.querySelectorAll("input[type=file]")];
    const status = form.querySelector(".sending");
    let chosen = [];

    function show() {
      const bytes = chosen.reduce((sum, one) => sum + one.file.size, 0);
      status.textContent = chosen.length ? chosen.length + " files, " + Math.ceil(bytes / 1024) + " kB" : "";
    }

    for (const input of inputs) {
      input.addEventListener("change", () => {
        chosen = chosen.concat([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
        input.value = "";
        show();
      });
    }
    for (const kind of ["dragenter", "dragover"]) {
      zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
    }
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      // The entries must be taken before the first wait: the list is empty afterwards.
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
      const files = [...event.dataTransfer.files];
      if (entries.some((entry) => entry && entry.isDirectory)) {
        for (const entry of entries) if (entry) chosen = chosen.concat(await filesOf(entry, ""));
      } else {
        chosen = chosen.concat(files.map((file) => ({ file, name: file.name })));
      }
      show();
    });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!chosen.length) {
        status.textContent = "Choose at least one file.";
        inputs[0].focus();
        return;
      }
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      try {
        const upload = await sendAll(form, chosen, status);
        location.assign(form.dataset.drafts + upload);
      } catch (error) {
        status.textContent = error.message;
        button.disabled = false;
      }
    });
  }

  // All files below an entry that was dropped, with their folders in the name.
  async function filesOf(entry, folder) {
    if (entry.isFile) {
      const file = await new Promise((good, bad) => entry.file(good, bad));
      return [{ file, name: folder + file.name }];
    }
    const reader = entry.createReader();
    let found = [];
    for (;;) {
      // A browser hands out a hundred entries at a time.
      const some = await new Promise((good, bad) => reader.readEntries(good, bad));
      if (!some.length) return found;
      for (const one of some) found = found.concat(await filesOf(one, folder + entry.name + "/"));
    }
  }

  // Parts that stay within the limits of one request; a name takes some bytes besides the content.
  function partsOf(files, mostFiles, mostBytes) {
    const parts = [[]];
    let bytes = 0;
    for (const one of files) {
      const size = one.file.size + 2048;
      const last = parts[parts.length - 1];
      if (last.length && (last.length >= mostFiles || bytes + size > mostBytes)) {
        parts.push([one]);
        bytes = size;
      } else {
        last.push(one);
        bytes += size;
      }
    }
    return parts;
  }

  async function sendAll(form, files, status) {
    const bar = form.querySelector(".sent");
    const key = form.querySelector("[name=key]").value;
    const parts = partsOf(files, Number(form.dataset.files), Number(form.dataset.bytes) - 4096);
    const total = files.reduce((sum, one) => sum + one.file.size, 0) || 1;
    let upload = "";
    let before = 0;
    bar.hidden = false;
    for (let number = 0; number < parts.length; number++) {
      const body = new FormData();
      body.append("site_id", form.querySelector("[name=site_id]").value);
      for (const one of parts[number]) body.append("files", one.file, one.name);
      const address = upload ? form.dataset.api + "/" + upload + "/files" : form.dataset.api;
      const answer = await send(address, body, key + "-" + number, (sent) => {
        bar.value = Math.min(1, (before + sent) / total);
        status.textContent = "Sending: " + Math.round(bar.value * 100) + " %";
      });
      upload = answer.upload_id;
      before += parts[number].reduce((sum, one) => sum + one.file.size, 0);
    }
    return upload;
  }

  // One request; when the line breaks it is sent again under its key, which keeps it from counting twice.
  async function send(address, body, key, progress) {
    for (let attempt = 1; ; attempt++) {
      const result = await new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("POST", address);
        request.setRequestHeader("Idempotency-Key", key);
        request.upload.addEventListener("progress", (event) => progress(event.loaded));
        request.addEventListener("loadend", () => done(request));
        request.send(body);
      });
      let answer = {};
      try { answer = JSON.parse(result.responseText); } catch (error) { answer = {}; }
      if (result.status === 200) return answer;
      const isPassing = result.status === 0 || result.status === 503;
      if (!isPassing || attempt === 4) {
        throw new Error(answer.title ? answer.detail + ". " + answer.remedy + " (" + answer.code + ")"
          : "The server cannot be reached. Nothing was added; send again.");
      }
      await new Promise((good) => setTimeout(good, attempt * 1000));
    }
  }

  const WORDS = { "upload.read": "Reading the files", "upload.add": "Adding the notes", "evaluate": "Reading the charts" };

  async function watch(place) {
    let pause = 500;
    for (;;) {
      await new Promise((good) => setTimeout(good, pause));
      let upload;
      try {
        const answer = await fetch(place.dataset.watch, { headers: { Accept: "application/json" } });
        if (answer.status === 401) { location.reload(); return; }
        if (!answer.ok) throw new Error();
        upload = await answer.json();
      } catch (error) {
        pause = Math.min(pause * 2, 8000);
        continue;
      }
      pause = Math.min(pause * 1.2, 2000);
      const isWorking = upload.jobs.some((job) => job.state === "queued" || job.state === "running");
      if (!isWorking || upload.state !== place.dataset.state) { location.reload(); return; }
      showWork(place, upload.jobs);
    }
  }

  function showWork(place, jobs) {
    const sums = new Map();
    for (const job of jobs) {
      const total = Math.max(job.total, 1);
      const sum = sums.get(job.kind) || { done: 0, total: 0 };
      sum.done += job.state === "done" ? total : Math.min(job.done, total);
      sum.total += total;
      sums.set(job.kind, sum);
    }
    const lines = [];
    for (const [kind, sum] of sums) {
      const line = document.createElement("p");
      const label = document.createElement("label");
      const bar = document.createElement("progress");
      bar.max = sum.total;
      bar.value = sum.done;
      label.append(WORDS[kind] + " ", bar, " " + sum.done + " of " + sum.total);
      line.append(label);
      lines.push(line);
    }
    place.replaceChildren(...lines);
  }
})();
