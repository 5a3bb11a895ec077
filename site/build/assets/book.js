// What a page does beyond reading: it works without any of this.
"use strict";
(() => {
  const root = document.documentElement;

  // Dark or light: follows the system until the reader chooses.
  const button = document.querySelector("button.theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => button.setAttribute("aria-label", dark() ? "Switch to light" : "Switch to dark");
  if (button) {
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch (e) { /* a page from file: may not remember */ }
      label();
    });
  }

  // Predictions: fields and a check, instead of looking at the answer.
  const normal = (text) => {
    const t = text.trim().toLowerCase().replace(/\s+/g, " ");
    const n = t.replace(/[,_]/g, "");
    return n !== "" && !isNaN(Number(n)) ? String(Number(n)) : t;
  };
  for (const box of document.querySelectorAll(".predict")) {
    const form = box.querySelector("form");
    const out = form.querySelector("output");
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      let wrong = 0, empty = 0;
      for (const field of form.querySelectorAll("[data-answer]")) {
        const right = normal(field.value) === normal(field.dataset.answer);
        if (field.value.trim() === "") empty++;
        else if (!right) wrong++;
        field.classList.toggle("right", right);
        field.classList.toggle("wrong", !right && field.value.trim() !== "");
        field.setAttribute("aria-invalid", String(!right));
      }
      out.className = wrong + empty === 0 ? "right" : "wrong";
      out.textContent = empty ? "Commit to an answer first." : wrong ? "Not what the machine does. Try again, or read on." : "That is what the machine does.";
      if (wrong + empty === 0) box.querySelector("details").open = true;
    });
  }

  // Figures in steps: one frame at a time, by buttons or arrow keys.
  for (const steps of document.querySelectorAll(".steps")) {
    const frames = [...steps.nextElementSibling.children];
    const [back, next] = steps.querySelectorAll("button");
    let now = 0;
    const show = (n, aloud) => {
      now = Math.min(Math.max(n, 0), frames.length - 1);
      frames.forEach((frame, i) => frame.classList.toggle("now", i === now));
      back.setAttribute("aria-disabled", String(now === 0));
      next.setAttribute("aria-disabled", String(now === frames.length - 1));
      steps.querySelector(".at").textContent = `${now} of ${frames.length - 1}`;
      if (aloud) steps.querySelector("output").textContent = frames[now].querySelector("p").textContent + ". " + frames[now].querySelector("svg").getAttribute("aria-label");
    };
    back.addEventListener("click", () => show(now - 1, true));
    next.addEventListener("click", () => show(now + 1, true));
    steps.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: frames.length - 1 }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      show(to, true);
    });
    const named = () => frames.findIndex((frame) => "#" + frame.id === location.hash);
    addEventListener("hashchange", () => { if (named() >= 0) show(named(), false); });
    steps.hidden = false;
    steps.nextElementSibling.classList.add("one");
    show(named(), false);
  }

  // A menu that closes; a table of contents that starts closed where it would push the text away.
  const menu = document.querySelector(".menu details");
  document.addEventListener("click", (event) => { if (menu && !menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  const toc = document.querySelector(".toc details");
  if (toc && matchMedia("(max-width: 87.99rem)").matches) toc.open = false;

  // A link into a folded part opens it.
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target && target.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
})();
