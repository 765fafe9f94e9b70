// Small conveniences; every page works without them.
"use strict";
(function () {
  const root = document.documentElement;
  let opener = null;

  function side() { return document.getElementById("side"); }

  // Behind the open panel nothing takes the focus.
  function behind(covered) {
    const frame = document.querySelector(".frame");
    if (frame) frame.inert = covered;
  }

  function closeSide() {
    const box = side();
    if (!box || !box.classList.contains("open")) return;
    box.classList.remove("open");
    box.replaceChildren();
    behind(false);
    if (opener) opener.focus();
  }

  function toggleTheme() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const now = root.dataset.theme || (dark ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    localStorage.setItem("theme-over", root.dataset.prefers || "");
    if (window.aicostRedraw) window.aicostRedraw();
  }

  function closeMenus(except) {
    document.querySelectorAll("details.pick[open]").forEach((menu) => {
      if (!menu.contains(except)) menu.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    const target = event.target;
    closeMenus(target);
    if (target.closest("[data-theme-toggle]")) toggleTheme();
    if (target.closest("[data-side-close]") || target.closest(".veil")) {
      if (side() && side().classList.contains("open")) {
        event.preventDefault();
        closeSide();
      }
    }
    const copy = target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(new URL(copy.dataset.copy, location.href).href).then(() => {
        copy.textContent = "Copied";
      });
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { closeMenus(null); closeSide(); }
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.target || event.detail.target.id !== "side") return;
    if (event.detail.elt.closest("#side")) return;
    opener = event.detail.elt;
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = "Following the figure to its charges…";
    side().replaceChildren(note);
    side().classList.add("open");
    behind(true);
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "side") return;
    event.detail.target.classList.add("open");
    behind(true);
    event.detail.target.scrollTop = 0;
    const head = event.detail.target.querySelector("h1");
    if (head) head.focus();
  });
  function openInstead(event) {
    if (event.detail.target.id === "side") location.href = event.detail.elt.getAttribute("href");
  }
  document.addEventListener("htmx:responseError", openInstead);
  document.addEventListener("htmx:sendError", openInstead);
  document.addEventListener("DOMContentLoaded", function () {
    if (window.matchMedia("(max-width: 900px)").matches) {
      document.querySelectorAll(".nav-menu, .bar-fold").forEach((part) => { part.open = false; });
    }
    document.querySelectorAll("[data-theme-toggle], [data-copy]").forEach((button) => {
      button.hidden = false;
    });
  });
})();
