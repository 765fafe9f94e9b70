// Letters that follow links which stand on the page anyway; the dialog #keys lists them. Nothing
// happens while somebody types, with a modifier held, or when the person turned letters off.
"use strict";
(function () {
  const GO_MS = 1500;
  let going = 0;

  function typing(target) {
    return target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName);
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (link) link.click();
    return Boolean(link);
  }

  function search() {
    const box = document.querySelector("[data-search]");
    if (!box) return false;
    if (box.getClientRects().length) box.focus();
    else location.href = box.form.action;
    return true;
  }

  function help() {
    const dialog = document.getElementById("keys");
    if (dialog) dialog.showModal();
    return Boolean(dialog);
  }

  function pressed(key) {
    if (Date.now() - going < GO_MS) {
      going = 0;
      return follow(`[data-go="${CSS.escape(key)}"]`);
    }
    if (key === "g") {
      going = Date.now();
      return false;
    }
    if (key === "/") return search();
    if (key === "?") return help();
    return follow(`[data-key="${CSS.escape(key)}"]`);
  }

  // Arrows walk from the search box through what was found below it.
  function walk(event, form) {
    const stops = [form.querySelector("[data-search]"), ...form.querySelectorAll(".hits a")];
    const at = stops.indexOf(document.activeElement);
    const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  function leave(form) {
    const box = form.querySelector("[data-search]");
    box.value = "";
    form.querySelector(".hits").replaceChildren();
    box.blur();
  }

  document.addEventListener("keydown", function (event) {
    const form = event.target.closest(".nav-search");
    if (form && event.key === "Escape") leave(form);
    if (form && /^Arrow(Down|Up)$/.test(event.key)) walk(event, form);
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
    if (!typing(event.target) && pressed(event.key)) event.preventDefault();
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-keys-open]")) help();
  });
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-keys-open]").forEach((button) => { button.hidden = false; });
  });
})();
