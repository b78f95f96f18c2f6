// What the builder of rules needs beyond htmx: a chosen fact brings its comparisons, and nothing typed meanwhile is lost.
(function () {
  "use strict";
  var PAUSE = 600;  // a name that is typed letter by letter on a closed list is not yet chosen
  var timer = null, waiting = null, typedAt = 0, sent = null, latest = null, left = "";

  function is(element, selector) { return Boolean(element && element.matches && element.matches(selector)); }

  // ---- another fact or comparison asks for other fields
  function choose() {
    clearTimeout(timer);
    var tree = waiting && waiting.isConnected && waiting.closest(".rule-tree");
    waiting = null;
    if (tree) tree.dispatchEvent(new CustomEvent("rule:chosen"));
  }

  document.addEventListener("keydown", function (event) {
    if (is(event.target, "[data-rule-choice]") && event.key !== "Enter" && event.key !== "Tab") typedAt = Date.now();
  });
  document.addEventListener("change", function (event) {
    if (!is(event.target, "[data-rule-choice]")) return;
    waiting = event.target;
    clearTimeout(timer);
    if (Date.now() - typedAt < PAUSE) timer = setTimeout(choose, PAUSE);
    else choose();
  });
  document.addEventListener("focusout", function (event) {
    if (!waiting || event.target !== waiting) return;
    // Whoever tabs on from a choice means the field that the choice brings.
    var next = event.relatedTarget;
    left = next && next.closest(".rule-line") === waiting.closest(".rule-line") ? waiting.id : "";
    choose();
  });

  // ---- what is typed while the answer is on its way is put into it
  function typed(tree) {
    var values = {};
    tree.querySelectorAll("input[id]:not([type=hidden]), select[id], textarea[id]").forEach(function (field) {
      values[field.id] = field.value;
    });
    return values;
  }

  // Of two answers the one to what was asked last counts: each was asked with all that stood in the form.
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!is(event.detail.target, ".rule-tree")) return;
    latest = event.detail.xhr;
    sent = is(event.detail.elt, ".rule-tree") ? typed(event.detail.elt) : null;
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (!is(event.detail.target, ".rule-tree")) return;
    if (event.detail.xhr !== latest) event.detail.shouldSwap = false;
    if (!sent || event.detail.xhr !== latest) return;
    var now = typed(event.detail.target), changed = {};
    Object.keys(now).forEach(function (id) { if (sent[id] !== now[id]) changed[id] = now[id]; });
    sent = changed;
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!is(event.detail.target, ".rule-tree")) return;
    Object.keys(sent || {}).forEach(function (id) {
      var field = document.getElementById(id);
      if (field) field.value = sent[id];
    });
    sent = null;
    goOn();
    var stage = document.getElementById(event.detail.target.id.replace(/-tree$/, "-stage"));
    if (stage) stage.dispatchEvent(new Event("input"));  // the counts follow
  });

  function goOn() {
    var select = left && document.getElementById(left);
    left = "";
    var line = select && select.closest(".rule-line");
    if (!line || !line.contains(document.activeElement)) return;
    var stops = Array.prototype.slice.call(line.querySelectorAll("select, input:not([type=hidden]), textarea, button"));
    var next = stops[stops.indexOf(select) + 1];
    if (next) next.focus();
  }

  // A number that a button put there is replaced by what is typed.
  document.addEventListener("htmx:afterSettle", function (event) {
    var field = document.activeElement;
    if (is(event.detail.target, ".rule-tree") && is(field, "input[autofocus]")) field.select();
  });

  // ---- what a rule does is told to those who do not see it
  document.addEventListener("htmx:afterSettle", function (event) {
    var live = document.getElementById("live");
    if (!live || !is(event.target, "[data-whisper]")) return;
    var words = event.target.querySelector(".rule-count") || event.target.querySelector(".rule-who, p");
    if (words) live.textContent = words.textContent.trim();
  });
})();
