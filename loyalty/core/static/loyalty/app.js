// What pages need beyond htmx: CSRF, announcements, the aside, the theme button. No framework.
(function () {
  "use strict";
  var $ = function (selector, within) { return (within || document).querySelector(selector); };
  var aside = function () { return $("#aside"); };
  var narrow = window.matchMedia("(max-width: 991.98px)");

  // ---- requests
  document.addEventListener("htmx:configRequest", function (event) {
    var token = $("meta[name=csrf-token]");
    if (token) event.detail.headers["X-CSRFToken"] = token.content;
  });

  // ---- announcements: seen and heard
  var icons = { good: "check", bad: "cross", warn: "warning", calm: "info" };

  function announce(text, tone) {
    var box = $("#messages");
    if (!box || !text) return;
    tone = icons[tone] ? tone : "calm";
    var line = document.createElement("p");
    line.className = "message message-live tone-" + tone;
    var sample = $(".icon use");
    if (sample) {
      var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      svg.setAttribute("class", "icon");
      svg.setAttribute("aria-hidden", "true");
      use.setAttribute("href", sample.getAttribute("href").split("#")[0] + "#" + icons[tone]);
      svg.append(use);
      line.append(svg);
    }
    var words = document.createElement("span");
    words.textContent = text;
    line.append(words);
    box.querySelectorAll(".message-live").forEach(function (old) { old.remove(); });
    box.append(line);
    if (tone !== "bad" && tone !== "warn") setTimeout(function () { line.remove(); }, 10000);
  }

  function whisper(text) {
    var live = $("#live");
    if (live) live.textContent = text;
  }

  document.addEventListener("announce", function (event) {
    var detail = event.detail || {};
    announce(detail.message || detail.value, detail.tone);
  });
  document.addEventListener("htmx:responseError", function (event) {
    var xhr = event.detail.xhr, status = xhr.status;
    if ((xhr.getResponseHeader("HX-Trigger") || "").includes("announce")) return;
    if (status === 403) announce("This is not yours to do. Nothing was changed.", "bad");
    else if (status === 404) announce("This is no longer here. Load the page again.", "warn");
    else announce("That did not work. Nothing was changed; please try again.", "bad");
  });
  document.addEventListener("htmx:sendError", function () {
    announce("The server cannot be reached. Nothing was changed.", "bad");
  });

  // ---- focus stays where it was, or goes to the nearest thing that is left
  var held = null;
  document.addEventListener("htmx:beforeSwap", function (event) {
    var active = document.activeElement;
    var target = event.detail.target;
    var row = active && active.closest && active.closest("[data-row]");
    held = target && target.contains(active)
      ? { target: target, id: target.id, row: row && row.dataset.row, place: row ? rows().indexOf(row) : -1 }
      : null;
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    var wanted = held;
    held = null;
    nameFigures();
    fitScrollers();
    if (aside() && aside().contains(event.detail.target)) opened();
    // What has to be put right comes first.
    var wrong = $("[aria-invalid=true]", event.detail.target);
    if (wrong) { wrong.focus(); return; }
    if (!wanted || (document.activeElement && document.activeElement !== document.body)) return;
    var same = wanted.row && $('[data-row="' + CSS.escape(wanted.row) + '"] [data-open]');
    var near = rows()[Math.min(wanted.place, rows().length - 1)];
    var next = same || (near && $("[data-open]", near)) || document.getElementById(wanted.id) || $("#main");
    if (!next) return;
    if (next.tabIndex < 0) next.setAttribute("tabindex", "-1");
    next.focus({ preventScroll: true });
  });

  function rows() {
    return Array.prototype.slice.call(document.querySelectorAll("[data-keys-list] [data-row]"));
  }

  // ---- detail beside the list
  function opened() {
    var panel = $("[data-row]", aside());
    mark(panel && panel.dataset.row);
    if (!panel) return;
    var heading = $("h1, h2, h3", panel);
    if (heading) whisper("Opened " + heading.textContent.trim() + " beside the list");
    if (narrow.matches && heading) {
      heading.setAttribute("tabindex", "-1");
      heading.focus();
    }
  }

  function mark(id) {
    rows().forEach(function (row) {
      if (id && row.dataset.row === id) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
  }

  function close(link) {
    var panel = $("[data-row]", aside());
    var id = panel && panel.dataset.row;
    aside().replaceChildren();
    mark(null);
    history.pushState({ htmx: true }, "", link.getAttribute("href"));
    var row = id && $('[data-keys-list] [data-row="' + CSS.escape(id) + '"] [data-open]');
    (row || $("#main")).focus({ preventScroll: true });
    whisper("Closed");
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest("[data-close]");
    if (link && aside() && aside().contains(link)) {
      event.preventDefault();
      close(link);
    }
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  // The whole row opens what its name opens; marking text in it does not.
  document.addEventListener("click", function (event) {
    var row = event.target.closest("[data-keys-list] [data-row]");
    if (!row || event.target.closest("a, button, input, label, summary, select, textarea")) return;
    if (event.metaKey || event.ctrlKey || String(window.getSelection())) return;
    var link = $("[data-open]", row);
    if (link) { link.focus({ preventScroll: true }); link.click(); }
  });

  // ---- theme button
  var order = ["auto", "light", "dark"];
  var names = { auto: "automatic", light: "light", dark: "dark" };

  function nameTheme() {
    var button = $("[data-theme-switch]");
    if (!button) return;
    button.setAttribute("aria-label", "Theme: " + names[window.loyaltyTheme.chosen()]);
    button.title = "Theme: " + names[window.loyaltyTheme.chosen()];
  }

  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-theme-switch]")) return;
    var now = order.indexOf(window.loyaltyTheme.chosen());
    window.loyaltyTheme.choose(order[(now + 1) % order.length]);
    nameTheme();
    whisper("Theme: " + names[window.loyaltyTheme.chosen()]);
  });

  // ---- a table that scrolls sideways can be reached by keyboard
  function fitScrollers() {
    document.querySelectorAll(".table-wrap").forEach(function (wrap) {
      wrap.classList.remove("is-wide");
      var wide = wrap.scrollWidth > wrap.clientWidth;
      wrap.classList.toggle("is-wide", wide);
      if (wide) wrap.setAttribute("tabindex", "0");
      else wrap.removeAttribute("tabindex");
    });
  }

  // ---- on a narrow window a list loses its head: its later figures carry their own names
  function nameFigures() {
    document.querySelectorAll("table[data-keys-list]").forEach(function (table) {
      var heads = table.querySelectorAll("thead th");
      table.querySelectorAll("tbody .num ~ .num:not([data-label])").forEach(function (cell) {
        if (heads[cell.cellIndex]) cell.dataset.label = heads[cell.cellIndex].textContent.trim();
      });
    });
  }

  // ---- "select all" of a list, and how many are chosen
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-select-all]")) {
      event.target.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach(function (box) {
        box.checked = event.target.checked;
      });
    }
    if (event.target.closest("[data-keys-list]")) countChosen();
  });

  function countChosen() {
    var words = $("[data-chosen-count]");
    if (!words) return;
    var count = document.querySelectorAll("[data-keys-list] tbody input[type=checkbox]:checked").length;
    words.textContent = count ? count + " chosen" : "None chosen";
    whisper(words.textContent);
  }

  window.addEventListener("resize", fitScrollers);
  document.addEventListener("DOMContentLoaded", function () {
    nameTheme();
    nameFigures();
    fitScrollers();
    var panel = aside() && $("[data-row]", aside());
    if (panel) mark(panel.dataset.row);
  });
  window.loyalty = { announce: announce, rows: rows, aside: aside };
})();
