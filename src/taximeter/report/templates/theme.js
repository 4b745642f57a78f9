"use strict";
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("taximeter-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* a page without storage follows the system */ }
