/* What the pages add when scripts run. Everything works without it, except live hints and the scan loop's queue. The
   server decides and normalises; nothing here judges what was typed. No inline code, no eval: the content policy is strict. */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  /* ---- Signing in again, and saying that something failed ------------------------------------------------------ */

  const toSignIn = () => {
    const address = $('meta[name="sign-in"]');
    if (!address) return;
    leaving = true;
    location.assign(address.content + "?next=" + encodeURIComponent(location.pathname + location.search));
  };

  const showTrouble = (kind) => {
    const box = $("#trouble");
    if (!box) return;
    box.className = "alert alert-bad trouble";
    box.hidden = false;
    box.textContent = box.dataset[kind] || box.dataset.failed;
  };

  const hideTrouble = () => {
    const box = $("#trouble");
    if (box) box.hidden = true;
  };

  /* ---- The box at the top: "/" brings the cursor there --------------------------------------------------------- */

  const isTyping = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      const box = $("[data-scan-box]");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    }
    if (event.key === "Escape") {
      for (const menu of $$("details[data-menu][open]")) {
        menu.open = false;
        $("summary", menu).focus();
      }
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of $$("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
    const link = event.target.closest?.("[data-error-summary] a[href^='#']");
    if (link) {
      const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (field) {
        event.preventDefault();
        (field.matches("fieldset") ? $("input, select, textarea", field) || field : field).focus();
        field.scrollIntoView({ block: "center" });
      }
    }
    if (event.target.closest?.("[data-print]")) window.print();
  });

  /* ---- Warn before typed text is lost -------------------------------------------------------------------------- */

  let leaving = false;
  const touched = new WeakSet();
  // The second click of a double click does not come here: once.js stops it.
  document.addEventListener("submit", (event) => {
    if (!(event.target.closest("[data-scan-loop]") && $("[data-scan-input]", event.target))) leaving = true;
  }, true);
  addEventListener("pageshow", () => { leaving = false; });
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-guard]");
    if (form && event.isTrusted) touched.add(form);
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && $$("form[data-guard]").some((form) => touched.has(form))) event.preventDefault();
  });

  /* ---- Text areas grow with what is typed ---------------------------------------------------------------------- */

  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = Math.min(area.scrollHeight + 2, 480) + "px";
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-autosize]")) fit(event.target);
  });

  /* ---- Sound: two tones, off when the person says so ----------------------------------------------------------- */

  const sound = {
    on: () => {
      try { return localStorage.getItem("scan-sound") !== "off"; } catch { return true; }
    },
    set: (on) => {
      try { localStorage.setItem("scan-sound", on ? "on" : "off"); } catch { /* Storage refused: the page's own state stands. */ }
    },
    context: null,
    play(tone) {
      if (!this.on() || !window.AudioContext) return;
      this.context ??= new AudioContext();
      const pitches = tone === "good" ? [880] : tone === "warn" ? [660, 660] : [220, 180];
      pitches.forEach((pitch, index) => {
        const start = this.context.currentTime + index * 0.16;
        const wave = this.context.createOscillator();
        const volume = this.context.createGain();
        wave.type = tone === "good" ? "sine" : "square";
        wave.frequency.value = pitch;
        volume.gain.setValueAtTime(0.12, start);
        volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
        wave.connect(volume).connect(this.context.destination);
        wave.start(start);
        wave.stop(start + 0.15);
      });
    },
  };

  const drawSoundToggle = (button) => {
    const on = sound.on();
    button.hidden = false;
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? button.dataset.on : button.dataset.off;
  };

  /* ---- Scan loops: each scan is taken at Enter and sent alone, in order; the field is free at once ------------- */

  const newKey = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const waitingRow = (text, words) => {
    const row = document.createElement("li");
    row.className = "scan-result scan-wait";
    const said = document.createElement("div");
    said.className = "scan-words";
    said.append(Object.assign(document.createElement("span"), { className: "strong", textContent: text }));
    said.append(Object.assign(document.createElement("span"), { className: "cell-note", textContent: words }));
    row.append(said);
    return row;
  };

  // A scanner does not wait for the page: what it sends between the form that leads to a scan loop and that loop is kept
  // in the tab and given to the loop. A person who comes back to the form later than this has begun anew.
  const AHEAD = "typed-ahead", AHEAD_LIVES = 15000;
  let ahead = null;

  const keepTypedAhead = () => {
    let typed = "";
    ahead = new AbortController();
    addEventListener("keydown", (event) => {
      const letter = event.key === "Enter" ? "\n" : event.key;
      if (letter.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      typed += letter;
      sessionStorage.setItem(AHEAD, JSON.stringify([Date.now(), typed]));
    }, { capture: true, signal: ahead.signal });
  };

  const takeTypedAhead = () => {
    const [at, typed] = JSON.parse(sessionStorage.getItem(AHEAD) ?? "[0,\"\"]");
    sessionStorage.removeItem(AHEAD);
    return Date.now() - at < AHEAD_LIVES ? typed : "";
  };

  document.addEventListener("submit", (event) => {
    if ("scansFollow" in event.target.dataset && !event.defaultPrevented) keepTypedAhead();
  });
  addEventListener("pageshow", () => ahead?.abort());

  const startScanLoop = (loop) => {
    if (loop.dataset.started) return;
    loop.dataset.started = "yes";
    const input = $("[data-scan-input]", loop);
    const form = input.form;
    const list = $(".scan-list", loop);
    const said = $("[data-scan-said]", loop);
    const toggle = $("[data-sound-toggle]", loop);
    let queue = Promise.resolve();

    const report = (row, tone) => {
      sound.play(tone);
      said.textContent = $(".scan-words", row)?.textContent.trim() ?? "";
    };

    const fail = (row) => {
      row.className = "scan-result scan-bad";
      $(".cell-note", row).textContent = form.dataset.failed;
      report(row, "bad");
    };

    // The form that posts what was scanned goes along with each scan, as it is when the scan is sent: the server keeps no
    // list of its own, and must see the scan before this one.
    const beside = form.dataset.scanWith ? document.getElementById(form.dataset.scanWith) : null;

    const send = async (data, row) => {
      if (beside) {
        const own = new Set(data.keys());
        for (const [name, value] of new FormData(beside)) if (!own.has(name)) data.append(name, value);
        if ("guard" in beside.dataset) touched.add(beside);
      }
      let answer;
      try {
        answer = await fetch(form.action, {
          method: "POST", body: data, credentials: "same-origin", redirect: "manual",
          headers: { "HX-Request": "true", Accept: "text/html" },
        });
      } catch {
        fail(row);
        return;
      }
      if (answer.status === 401 || answer.type === "opaqueredirect") {
        toSignIn();
        return;
      }
      const where = answer.headers.get("HX-Redirect");
      if (where) {
        leaving = true;
        location.assign(where);
        return;
      }
      if (!answer.ok && answer.status !== 409 && answer.status !== 422) {
        fail(row);
        return;
      }
      const spot = document.createElement("li");
      row.replaceWith(spot);
      htmx.swap(spot, await answer.text(), { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
      const shown = list.firstElementChild?.dataset.result ? list.firstElementChild : $("[data-result]", list);
      if (shown) report(shown, shown.dataset.result);
    };

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) {
        const data = new FormData(form);
        const key = form.elements.namedItem("request_key");
        if (key) data.set("request_key", newKey());
        const row = waitingRow(text, form.dataset.waiting);
        list.prepend(row);
        queue = queue.then(() => send(data, row));
      }
      input.value = "";
      input.focus();
    });

    // A click on empty ground must not cost the next scan; links, buttons, fields and marked text keep the focus. Not on
    // touch screens, where it would bring the keyboard up again and again.
    if (matchMedia("(pointer: fine)").matches) document.addEventListener("focusout", () => setTimeout(() => {
      const now = document.activeElement;
      const idle = (now === document.body || now === $("#main")) && getSelection().isCollapsed && document.hasFocus();
      if (idle && document.contains(input)) input.focus();
    }, 50));

    if (toggle) {
      drawSoundToggle(toggle);
      toggle.addEventListener("click", () => {
        sound.set(!sound.on());
        drawSoundToggle(toggle);
        input.focus();
      });
    }
    const begun = input.value;
    const scans = takeTypedAhead().split("\n");
    const last = scans.pop();
    for (const scan of scans) {
      input.value = scan;
      form.requestSubmit();
    }
    input.value = last + begun;
    input.focus();
  };

  /* ---- htmx: sign-in, failures, focus after a swap ------------------------------------------------------------- */

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 401) {
      event.detail.shouldSwap = false;
      // A hint beside a half-filled form must not take the form away: sending it asks for the sign-in and keeps it all.
      if (!event.detail.target.classList.contains("live-hint")) toSignIn();
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.matches("form")) leaving = false;
    if (event.detail.successful) hideTrouble();
  });
  document.addEventListener("htmx:sendError", () => showTrouble("offline"));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) showTrouble("failed");
  });

  const wake = (root) => {
    $$("[data-scan-loop]", root).forEach(startScanLoop);
    if (root === document && !$("[data-scan-loop]")) takeTypedAhead(); // the form was refused: it was not for this page
    $$("textarea[data-autosize]", root).filter((area) => area.value).forEach(fit);
    const summary = $("[data-error-summary]", root);
    if (summary) summary.focus();
  };
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) wake(event.detail.elt);
  });
  wake(document);
})();
