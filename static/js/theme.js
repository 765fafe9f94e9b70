// Runs before the first paint: the theme chosen earlier, else the system's.
"use strict";
(function () {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
