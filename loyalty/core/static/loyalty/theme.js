// Runs before the first paint, so that a dark room never flashes white.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try { return localStorage.getItem("theme") || "auto"; } catch (e) { return "auto"; }
  }

  function paint() {
    var theme = chosen();
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  }

  root.classList.add("has-script");
  dark.addEventListener("change", paint);
  window.addEventListener("storage", paint);
  window.loyaltyTheme = {
    chosen: chosen,
    choose: function (theme) {
      try { localStorage.setItem("theme", theme); } catch (e) { /* private window: this page only */ }
      paint();
    },
  };
  paint();
})();
