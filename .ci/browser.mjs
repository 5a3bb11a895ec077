// The pages in a real browser: node .ci/browser.mjs CHROMIUM SITE SHOTS
// Speaks the DevTools protocol over a pipe, so that it needs nothing but node.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [, , chromium, site, shots, only] = process.argv;
const profile = mkdtempSync(join(tmpdir(), "book-browser-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
const browser = spawn(chromium, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

const waiting = new Map();
const handlers = new Set();
let next = 1, rest = "";
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (text) => {
  const parts = (rest + text).split("\0");
  rest = parts.pop();
  for (const part of parts) {
    const m = JSON.parse(part);
    if (m.id === undefined) { for (const h of handlers) h(m); continue; }
    const w = waiting.get(m.id);
    waiting.delete(m.id);
    if (m.error) w.reject(new Error(m.error.message)); else w.resolve(m.result);
  }
});
const send = (method, params = {}, sessionId) => new Promise((res, reject) => {
  const id = next++;
  waiting.set(id, { resolve: res, reject });
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
});

const problems = [];
let where = "";
const fail = (what) => { problems.push(`${where}: ${what}`); console.log(`FAIL ${where}: ${what}`); };

const { targetId } = await send("Target.createTarget", { url: "about:blank" });
const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
const cdp = (method, params) => send(method, params, sessionId);
for (const domain of ["Page", "Runtime", "Network", "Log"]) await cdp(`${domain}.enable`);
handlers.add((m) => {
  if (m.method === "Runtime.exceptionThrown") fail(`exception: ${m.params.exceptionDetails.exception?.description ?? m.params.exceptionDetails.text}`);
  if (m.method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(m.params.type)) fail(`console: ${m.params.args.map((a) => a.value).join(" ")}`);
  if (m.method === "Log.entryAdded" && m.params.entry.level === "error") fail(`log: ${m.params.entry.text} ${m.params.entry.url ?? ""}`);
  if (m.method === "Network.requestWillBeSent" && !/^(file|data|about):/.test(m.params.request.url)) fail(`asks for ${m.params.request.url}`);
  if (m.method === "Network.loadingFailed") fail(`a resource does not load: ${m.params.errorText}`);
});

const value = async (expression) => {
  const r = await cdp("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
  if (r.exceptionDetails) throw new Error(`${where}: ${r.exceptionDetails.exception?.description ?? r.exceptionDetails.text}`);
  return r.result.value;
};
const size = (width, height) => cdp("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
const theme = (name) => cdp("Emulation.setEmulatedMedia", { media: "", features: [{ name: "prefers-color-scheme", value: name }] });
const open = async (page) => {
  const loaded = new Promise((res) => {
    const h = (m) => { if (m.method === "Page.loadEventFired") { handlers.delete(h); res(); } };
    handlers.add(h);
  });
  await cdp("Page.navigate", { url: pathToFileURL(resolve(site, page)).href });
  await loaded;
};
const shoot = async (name, full = false) => {
  const { data } = await cdp("Page.captureScreenshot", { format: "png", captureBeyondViewport: full });
  writeFileSync(join(shots, name + ".png"), Buffer.from(data, "base64"));
};

// Everything that is wider than the window without a scroller of its own.
const overflow = `(() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return "";
  const bad = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .scroll, .drawing")).slice(0, 3);
  return wide + " wide, because of " + bad.map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 30)).join(" | ");
})()`;

// Text whose contrast with what is behind it is below WCAG's AA.
const contrast = `(() => {
  const lum = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const rgb = (s) => (s.match(/[\\d.]+/g) ?? []).map(Number);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = new Set();
  for (const e of document.querySelectorAll("main *, .bar *, .toc *")) {
    const s = getComputedStyle(e);
    if (e.closest("svg, [aria-hidden]") || e.matches(".anchor") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || s.visibility === "hidden" || !e.offsetParent) continue;
    const a = lum(rgb(s.color)), b = lum(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(ratio.toFixed(2) + " " + e.tagName + "." + e.className);
  }
  return [...bad].slice(0, 5).join(", ");
})()`;

const predict = `(() => {
  const bad = [];
  for (const box of document.querySelectorAll(".predict")) {
    const form = box.querySelector("form"), fields = [...form.querySelectorAll("[data-answer]")], out = form.querySelector("output"), details = box.querySelector("details");
    if (form.hidden || fields.length === 0) { bad.push("no form"); continue; }
    const submit = () => form.requestSubmit();
    submit();
    if (out.textContent !== "Commit to an answer first.") bad.push("an empty answer is taken");
    for (const f of fields) { if (f.tagName === "INPUT") f.value = "surely not"; else f.value = [...f.options].map((o) => o.value).find((v) => v && v !== f.dataset.answer); }
    submit();
    if (out.className !== "wrong" || details.open) bad.push("a wrong answer is taken");
    for (const f of fields) f.value = f.dataset.answer;
    submit();
    if (out.className !== "right" || !details.open) bad.push("the right answer is not taken: " + fields.map((f) => f.dataset.answer));
    for (const f of fields) f.value = "";
    form.reset();
  }
  return bad.join("; ");
})()`;

// Figures in steps: the buttons and the arrow keys lead from frame to frame.
const stepping = `(() => {
  const bad = [];
  for (const steps of document.querySelectorAll(".steps")) {
    const frames = [...steps.nextElementSibling.children], [back, next] = steps.querySelectorAll("button");
    const seen = () => frames.map((f, i) => f.offsetHeight > 0 ? i : "").join("");
    const key = (name) => steps.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
    const want = (what, n) => { if (seen() !== String(n)) bad.push(what + " shows frames " + seen() + ", want " + n); };
    if (steps.hidden) bad.push("no buttons");
    want("the start", 0); back.click(); want("back at the start", 0);
    next.click(); want("next", 1);
    if (!steps.querySelector("output").textContent.includes("IRR")) bad.push("a step is not told aloud");
    key("ArrowLeft"); want("left", 0); key("End"); want("End", frames.length - 1); next.click(); want("next at the end", frames.length - 1); key("Home"); want("Home", 0);
  }
  return bad.join("; ");
})()`;
const allFrames = `[...document.querySelectorAll(".strip > li")].every((f) => f.offsetHeight > 100) && [...document.querySelectorAll(".steps")].every((s) => s.offsetHeight === 0)`;

const pages = only ? [only] : readdirSync(site).filter((f) => f.endsWith(".html"));
const chapters = pages.filter((p) => !/^(src|rec)-/.test(p));
try {
  for (const scheme of ["light", "dark"]) {
    await theme(scheme);
    for (const page of chapters) {
      where = `${page}, ${scheme}`;
      await size(1440, 1000);
      await open(page);
      const low = await value(contrast);
      if (low) fail(`low contrast: ${low}`);
      await shoot(`${page.replace(".html", "")}-${scheme}`);
    }
  }
  await theme("light");
  for (const width of [320, 768, 1100]) {
    await size(width, 800);
    for (const page of pages) {
      where = `${page}, ${width} wide`;
      await open(page);
      const wide = await value(overflow);
      if (wide) fail(`scrolls sideways: ${wide}`);
      if (width === 320 && chapters.includes(page)) await shoot(`${page.replace(".html", "")}-phone`);
    }
  }
  await size(1280, 900);
  for (const page of chapters) {
    where = page;
    await open(page);
    const bad = await value(predict);
    if (bad) fail(`predict: ${bad}`);
    const stuck = await value(stepping);
    if (stuck) fail(`a figure in steps: ${stuck}`);
    await cdp("Emulation.setEmulatedMedia", { media: "print" });
    if (!await value(allFrames)) fail("on paper a figure in steps does not show all of them");
    await theme("light");
    const paper = `getComputedStyle(document.body).backgroundColor`;
    const before = await value(paper);
    await value(`document.querySelector("button.theme").click()`);
    if (await value(paper) === before) fail("the button does not change the colors");
    await value(`try { localStorage.clear() } catch (e) {}`);
    await open(page);
    await cdp("Input.dispatchKeyEvent", { type: "keyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    if (await value(`document.activeElement.className`) !== "skip") fail("the first Tab does not reach the skip link");
  }
  await cdp("Emulation.setScriptExecutionDisabled", { value: true });
  for (const page of chapters) {
    where = `${page} without JavaScript`;
    await open(page);
    await cdp("Emulation.setScriptExecutionDisabled", { value: false });
    if (await value(`[...document.querySelectorAll(".predict form")].some((f) => !f.hidden)`)) fail("a form is offered that cannot work");
    if (await value(`[...document.querySelectorAll(".predict")].some((p) => { const d = p.querySelector("details"); d.open = true; return d.offsetHeight < 40; })`)) fail("an answer cannot be opened");
    if (!await value(allFrames)) fail("a figure in steps does not show all of them");
    if (await value(`!document.querySelector("button.theme").hidden`)) fail("a theme button is offered that cannot work");
    await cdp("Emulation.setScriptExecutionDisabled", { value: true });
    await open(page);
    await shoot(`${page.replace(".html", "")}-nojs`);
  }
} catch (e) {
  fail(e.stack);
}
browser.once("exit", () => {
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  console.log(problems.length ? `${problems.length} problems in ${pages.length} pages` : `${pages.length} pages, ${chapters.length} of them read closely: nothing wrong`);
  process.exit(problems.length ? 1 : 0);
});
send("Browser.close").catch(() => {});
