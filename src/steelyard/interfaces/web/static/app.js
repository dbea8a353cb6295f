// Comfort only: every page works without this file.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  for (const button of document.querySelectorAll("button[name=theme]")) {
    button.value = dark() ? "light" : "dark";
    button.setAttribute("aria-pressed", String(dark()));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(() => { button.textContent = button.dataset.done; });
  });
})();
