// Charts on paper: as wide as an A4 page between its margins, in the light colours.
"use strict";
(function () {
  const A4_PX = 680;
  const root = document.documentElement;
  let theme = null;

  function boxes() { return document.querySelectorAll("[data-drawn=yes]"); }

  window.addEventListener("beforeprint", function () {
    if (theme !== null) return;
    theme = root.dataset.theme || "";
    root.dataset.theme = "light";
    boxes().forEach((box) => { box.style.width = A4_PX + "px"; });
    if (window.aicostRedraw) window.aicostRedraw();
  });
  window.addEventListener("afterprint", function () {
    if (theme === null) return;
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    theme = null;
    boxes().forEach((box) => { box.style.width = ""; });
    if (window.aicostRedraw) window.aicostRedraw();
  });
})();
