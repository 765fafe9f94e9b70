// Puts rules in order by button and by drag without asking the server; saving goes by preview.
"use strict";
(function () {
  let dragged = null;

  function rows() {
    return Array.from(document.querySelectorAll("#order-form tr[data-rule]"));
  }

  function say(row) {
    const all = rows();
    const at = all.indexOf(row) + 1;
    all.forEach((one, n) => { one.querySelector(".place").textContent = n + 1; });
    document.getElementById("order-bar").hidden = false;
    document.getElementById("order-said").textContent =
      row.dataset.title + " is now number " + at + " of " + all.length + ". Not saved yet.";
    all.forEach((one) => one.classList.toggle("just-moved", one === row));
  }

  function mayStandBefore(row, other) {
    return other && other !== row && !("last" in row.dataset);
  }

  function move(row, direction) {
    const other = direction === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (!other || "last" in other.dataset) return false;
    other[direction === "up" ? "before" : "after"](row);
    return true;
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("#order-form button[name=move]");
    if (!button) return;
    event.preventDefault();
    const form = button.form;
    if (button.value === "before") {
      const find = (key) => rows().find((one) => one.dataset.rule === key);
      const row = find(form.elements.subject.value);
      const other = find(form.elements.before.value);
      if (row && mayStandBefore(row, other)) { other.before(row); say(row); }
      return;
    }
    const row = button.closest("tr");
    if (move(row, button.value.split(":")[0])) say(row);
    else {
      document.getElementById("order-said").textContent =
        row.dataset.title + " cannot go further.";
    }
    button.focus();
  });

  document.addEventListener("dragstart", function (event) {
    dragged = event.target.closest && event.target.closest("#order-form tr[data-rule]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.title);
    dragged.classList.add("dragged");
  });
  document.addEventListener("dragover", function (event) {
    const over = dragged && event.target.closest("#order-form tr[data-rule]");
    rows().forEach((one) => one.classList.toggle("over-here", one === over));
    if (over) event.preventDefault();
  });
  document.addEventListener("drop", function (event) {
    const over = dragged && event.target.closest("#order-form tr[data-rule]");
    if (!mayStandBefore(dragged || {}, over)) return;
    event.preventDefault();
    over.before(dragged);
    say(dragged);
  });
  document.addEventListener("dragend", function () {
    rows().forEach((one) => one.classList.remove("over-here", "dragged"));
    dragged = null;
  });
  document.addEventListener("DOMContentLoaded", function () {
    rows().forEach((row) => {
      if (row.querySelector(".move")) row.draggable = true;
    });
  });
})();
