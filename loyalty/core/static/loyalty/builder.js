// What the builder of rules needs beyond htmx: a chosen fact brings its comparisons, and nothing typed meanwhile is lost.
(function () {
  "use strict";
  var PAUSE = 600;  // a name that is typed letter by letter on a closed list is not yet chosen
  var timer = null, waiting = null, typedAt = 0, sent = null;

  function tree(element) { return element.closest(".rule-tree"); }

  function choose() {
    clearTimeout(timer);
    var select = waiting;
    waiting = null;
    if (select && select.isConnected && tree(select)) tree(select).dispatchEvent(new CustomEvent("rule:chosen"));
  }

  document.addEventListener("keydown", function (event) {
    if (event.target.matches && event.target.matches("[data-rule-choice]") && event.key !== "Enter" && event.key !== "Tab") typedAt = Date.now();
  });
  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-rule-choice]")) return;
    waiting = event.target;
    clearTimeout(timer);
    if (Date.now() - typedAt < PAUSE) timer = setTimeout(choose, PAUSE);
    else choose();
  });
  document.addEventListener("focusout", function (event) {
    if (waiting && event.target === waiting) choose();
  });

  // ---- what is typed while the answer is on its way is put into it
  function typed(builder) {
    var values = {};
    builder.querySelectorAll("input[id]:not([type=hidden]), select[id], textarea[id]").forEach(function (field) {
      values[field.id] = field.value;
    });
    return values;
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    var builder = event.target.matches(".rule-tree") && event.target.closest(".rule-builder");
    sent = builder ? { before: typed(builder), changed: {} } : event.target.closest(".rule-tree") ? null : sent;
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (!sent || !event.detail.target.matches(".rule-builder")) return;
    var now = typed(event.detail.target);
    Object.keys(now).forEach(function (id) {
      if (sent.before[id] !== now[id]) sent.changed[id] = now[id];
    });
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!sent || !event.detail.target.matches(".rule-builder")) return;
    var changed = sent.changed;
    sent = null;
    Object.keys(changed).forEach(function (id) {
      var field = document.getElementById(id);
      if (!field) return;
      field.value = changed[id];
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });

  // ---- what a rule does is told to those who do not see it
  document.addEventListener("htmx:afterSwap", function (event) {
    var live = document.getElementById("live");
    var told = event.target.matches && event.target.matches("[data-whisper]") ? event.target : null;
    var words = told && (told.querySelector(".rule-count") || told.querySelector(".rule-who, p"));
    if (live && words) live.textContent = words.textContent.trim();
  });
})();
