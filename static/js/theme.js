// Runs before the first paint: the theme chosen in this browser since the preference was set, else
// the preference, else the system's.
"use strict";
(function () {
  const root = document.documentElement;
  const chosen = localStorage.getItem("theme");
  const over = localStorage.getItem("theme-over") || "";
  if (over !== (root.dataset.prefers || "")) return;
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
