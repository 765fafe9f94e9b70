// Panels that come after the page: say when one is there, and what to do when it does not come.
"use strict";
(function () {
  function boxOf(event) {
    const target = event.detail.target;
    return target && target.matches("[data-later]") ? target : null;
  }

  function done(box) {
    box.setAttribute("aria-busy", "false");
    box.classList.add("here");
  }

  function fail(event) {
    const box = boxOf(event);
    if (!box) return;
    const said = document.createElement("div");
    said.className = "failed-box";
    said.setAttribute("role", "status");
    const what = document.createElement("b");
    what.textContent = "This box could not be filled. ";
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "Load the page again";
    said.append(what, again);
    box.replaceChildren(said);
    done(box);
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    const box = boxOf(event);
    if (box) done(box);
    // The address may lead to the head of a table that only came now.
    const at = box && location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (at && box.contains(at)) at.scrollIntoView();
  });
  document.addEventListener("htmx:responseError", fail);
  document.addEventListener("htmx:sendError", fail);
})();
