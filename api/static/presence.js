// Tells the server once a minute that the chart is still open, and shows who else has it open. Without script the line
// is that of the moment at which the page was loaded.
"use strict";

(function () {
  const place = document.querySelector("[data-presence]");
  if (!place) return;
  const address = place.dataset.presence;
  let timer = 0;

  function show(words, fresh) {
    const line = document.getElementById("presence");
    // Nothing is put in place that says the same: a screen reader would say it again every minute.
    if (line && line.textContent !== words) line.replaceChildren(...(fresh ? fresh.childNodes : [words]));
  }

  async function beat() {
    try {
      const answer = await fetch(address, { method: "POST" });
      if (answer.redirected || answer.status === 404) {
        clearInterval(timer);
        show(answer.redirected
          ? "You are signed out: nothing is saved any more. Sign in in another window, then go on here."
          : "This chart is not here any more.");
        return;
      }
      if (!answer.ok) return; // the next one may come through; acts say themselves what failed
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("presence");
      if (fresh) show(fresh.textContent, document.importNode(fresh, true));
    } catch (fault) {
      show("The server does not answer: nothing is saved until it does.");
    }
  }

  beat();
  timer = setInterval(beat, 60000);
  addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
  addEventListener("pagehide", () => navigator.sendBeacon(address, new URLSearchParams({ leaving: "1" })));
})();
