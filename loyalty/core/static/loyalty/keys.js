// Single-key shortcuts for lists marked data-keys-list. They can be switched off (WCAG 2.1.4),
// never fire while typing, and never decide an item that is not the one in view.
(function () {
  "use strict";
  var decisions = { a: "a", r: "r", s: "s", u: "u" };
  var pages = { n: "next", p: "prev" };
  var followTimer = null;
  var before = null;

  function on() {
    try { return localStorage.getItem("keys") !== "off"; } catch (e) { return true; }
  }

  function typing(target) {
    return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type));
  }

  function current() {
    var row = document.activeElement && document.activeElement.closest("[data-keys-list] [data-row]");
    return row || document.querySelector('[data-keys-list] [data-row][aria-current="true"]');
  }

  function chosen() {
    return document.querySelectorAll("[data-keys-list] tbody input[type=checkbox]:checked").length;
  }

  // What is shown of several chosen rows stands for none of them.
  function ofMany(shown) {
    return shown && shown.dataset.row === "chosen";
  }

  // What came of a decision on several can be undone; for everything else it is as if nothing were open.
  function ofOver(shown) {
    return shown && shown.dataset.row === "done";
  }

  function panel() {
    var aside = window.loyalty.aside();
    return aside && aside.querySelector("[data-row]");
  }

  function visible(element) {
    return element && !element.disabled && element.offsetParent !== null;
  }

  function move(step) {
    var rows = window.loyalty.rows();
    if (!rows.length) return;
    var here = rows.indexOf(current());
    var next = rows[here < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, here + step))];
    var link = next.querySelector("[data-open]") || next.querySelector("a, input");
    if (!link) return;
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    clearTimeout(followTimer);
    // An open detail follows the row, once the person has come to rest on it.
    if (panel() && !ofMany(panel()) && !ofOver(panel()) && link.matches("[data-open]")) followTimer = setTimeout(function () { link.click(); }, 150);
  }

  function open() {
    var row = current();
    if (!row) return move(1);
    var shown = panel();
    if (shown && shown.dataset.row === row.dataset.row) {
      var heading = shown.querySelector("h1, h2, h3");
      if (!heading) return;
      heading.setAttribute("tabindex", "-1");
      heading.focus();
      return;
    }
    var link = row.querySelector("[data-open]");
    if (link) link.click();
  }

  function select() {
    var row = current();
    var box = row && row.querySelector("input[type=checkbox]");
    if (box) box.click();
  }

  function decide(key) {
    var row = current();
    var shown = panel();
    if (ofOver(shown) && key !== "u") shown = null;
    if (chosen() && !ofMany(shown) && key !== "u") {
      var many = document.querySelector('[data-chosen-key="' + key + '"]');
      if (visible(many)) many.click();
      return;
    }
    // A decision must meet what is being looked at: while the detail still shows another row, do nothing.
    if (shown && !ofMany(shown) && !ofOver(shown) && row && shown.dataset.row !== row.dataset.row) {
      window.loyalty.announce("Still opening this one. Press " + key + " again when it is shown.", "calm");
      return;
    }
    var place = shown || row;
    var button = place && place.querySelector('[data-key="' + key + '"]');
    // Nothing is decided that is not looked at: the first press opens it.
    if (!visible(button)) { if (!shown && row && key !== "u") open(); return; }
    if (button.tagName === "SUMMARY") {
      button.parentElement.open = true;
      var first = button.parentElement.querySelector("input:not([type=hidden]), select, textarea");
      if (first) first.focus();
      return;
    }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(button.tagName) && button.type !== "submit") button.focus();
    else button.click();
  }

  function turn(where) {
    var link = document.querySelector('.pagination-bar a[rel="' + where + '"]');
    if (link) link.click();
  }

  function selectAll() {
    var box = document.querySelector("[data-keys-list] [data-select-all]");
    if (box) box.click();
  }

  function escape(event) {
    if (typing(event.target)) {
      event.target.blur();
      if (before && before.isConnected) before.focus({ preventScroll: true });
      return;
    }
    var menu = document.querySelector("details[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    var shown = panel();
    var link = shown && shown.querySelector("[data-close]");
    if (link) link.click();
  }

  function help() {
    var dialog = document.getElementById("keys-help");
    if (!dialog || dialog.open) return;
    dialog.querySelectorAll("[data-shown-for]").forEach(function (line) {
      line.hidden = !document.querySelector(line.dataset.shownFor);
    });
    dialog.showModal();
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    if (event.key === "Escape") return escape(event);
    if (!on() || typing(event.target)) return;
    var list = document.querySelector("[data-keys-list]");
    if (event.key === "/") {
      var field = document.getElementById("search");
      before = document.activeElement;
      if (field) { field.focus(); field.select(); }
    } else if (event.key === "?") help();
    // What emptied the list can still be undone beside it.
    else if (!list && !(decisions[event.key] && panel())) return;
    else if (event.repeat && event.key !== "j" && event.key !== "k") return;
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "o") open();
    // On a link or button Enter keeps its own meaning.
    else if (event.key === "Enter" && !event.target.closest("a:not([data-open]), button, summary, input")) open();
    else if (event.key === "x") select();
    else if (event.key === "X") selectAll();
    else if (pages[event.key]) turn(pages[event.key]);
    else if (decisions[event.key]) decide(event.key);
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-keys-help]")) help();
  });
  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-keys-switch]")) return;
    try { localStorage.setItem("keys", event.target.checked ? "on" : "off"); } catch (e) { /* this page only */ }
  });
  document.addEventListener("DOMContentLoaded", function () {
    var box = document.querySelector("[data-keys-switch]");
    if (box) box.checked = on();
  });
})();
