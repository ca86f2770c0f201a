/* One submit a form: the second click of a double click goes nowhere. Run before any form is there to be clicked, hence not
   deferred. A form's attributes are asked for by name: a field called "method" or "target" hides the property of its form. */
(() => {
  "use strict";

  const STAYS = 8000, LOST = 60000;
  const sent = new WeakMap();

  const lock = (form) => {
    // After this event, so that the pressed button's own name and value are still sent.
    setTimeout(() => {
      if (!sent.has(form)) return;
      for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
        button.setAttribute("aria-disabled", "true");
        button.classList.add("is-busy");
      }
    });
    // What opens in another window leaves this page standing. Anything else keeps its form until the answer comes, but for
    // a page whose sending was stopped by hand, of which nobody tells; the request key makes a repeat harmless then.
    sent.set(form, setTimeout(() => unlock(form), form.hasAttribute("target") ? STAYS : LOST));
    form.dataset.sent = "yes";
  };

  const unlock = (form) => {
    clearTimeout(sent.get(form));
    sent.delete(form);
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button.is-busy")) {
      button.removeAttribute("aria-disabled");
      button.classList.remove("is-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.closest("[data-scan-loop]") && form.querySelector("[data-scan-input]")) return;
    if (sent.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (form.getAttribute("method") === "post") {
      lock(form);
    }
  }, true);

  // A page that comes back from the browser's cache must be usable again; the first showing of a page ends nothing.
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(unlock);
  });

  // Only a form's own request ends its being sent, not a live hint inside it that answers late, nor one whose element is
  // gone by then, for which htmx tells the form instead.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.elt === event.target && event.target.matches("form")) unlock(event.target);
  });
})();
