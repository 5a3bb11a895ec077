// Keeps an open page fresh while the book is being written.
"use strict";
(() => {
  const here = location.pathname.split("/").pop() || "index.html";
  const source = new EventSource("/_events");
  let run = null;
  source.addEventListener("hello", (e) => {
    const id = JSON.parse(e.data);
    if (run !== null && run !== id) location.reload();
    run = id;
  });
  source.addEventListener("changed", (e) => {
    if (JSON.parse(e.data).some((name) => name === here || name.startsWith("assets/"))) location.reload();
  });
  source.addEventListener("trouble", (e) => {
    document.getElementById("trouble")?.remove();
    const text = JSON.parse(e.data);
    if (!text) return;
    const box = document.createElement("section");
    box.id = "trouble";
    box.setAttribute("role", "alert");
    box.style.cssText = "position:fixed;inset:auto 0 0 0;max-height:45vh;overflow:auto;z-index:99;background:#2a1512;color:#ffe9e3;padding:0.8rem 1.2rem;border-top:3px solid #e0533a;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap";
    const shut = document.createElement("button");
    shut.textContent = "Hide";
    shut.style.cssText = "float:right;color:inherit;background:none;border:1px solid currentColor";
    shut.onclick = () => box.remove();
    box.append(shut, text);
    document.body.append(box);
  });
})();
