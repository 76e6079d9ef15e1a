// Opens pages in Chromium and prints, as JSON, what each of them does there: node look.mjs page.html ...
// CHROMIUM is the browser's program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import pa11y from "pa11y";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDTHS = { phone: 360, desk: 1280 };

// What the page holds is evaluated in the page, with every folded part open.
const openEverything = () => document.querySelectorAll("details").forEach((part) => { part.open = true; });
const overhang = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
const violations = async (rules) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: rules } });
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes[0].html.slice(0, 160)}`);
};
const unnamedDrawings = () =>
  [...document.querySelectorAll("svg")].filter((svg) => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")?.trim())
    .map((svg) => svg.id || "an svg without id");
const drawnTexts = () =>
  [...document.querySelectorAll("svg text")].map((text) => {
    const svg = text.ownerSVGElement, frame = svg.getBoundingClientRect(), box = text.getBoundingClientRect();
    const cut = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
    return { words: text.textContent, cut, pixels: parseFloat(getComputedStyle(text).fontSize) * (frame.width / svg.viewBox.baseVal.width) };
  });

// What the keyboard should stop at, and whatever scrolls without being among it.
const stops = () => [...document.querySelectorAll("a[href], summary, [tabindex]")].filter((each) => each.tabIndex >= 0 && each.checkVisibility()).length;
const stopped = () => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  if (at === document.body) return null;
  const name = at.getAttribute("aria-label") || at.textContent.trim();
  return { tag: at.localName, tabindex: at.tabIndex, name, top: Math.round(box.top + scrollY), left: Math.round(box.left + scrollX) };
};
const outOfReach = () =>
  [...document.querySelectorAll("main *")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(each).overflowX))
    .filter((each) => each.tabIndex !== 0 || !each.getAttribute("aria-label")?.trim()).map((each) => each.outerHTML.slice(0, 160));

async function tabbed(page) {
  const visited = [];
  const most = await page.evaluate(stops);
  while (visited.length <= most) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(stopped);
    if (stop === null) break;
    visited.push(stop);
  }
  return { stops: most, visited, outOfReach: await page.evaluate(outOfReach) };
}

// HTML_CodeSniffer's errors: it looks for other things than axe does.
async function codeSniffed(browser, address) {
  const found = await pa11y(address, { browser, standard: "WCAG2AA", runners: ["htmlcs"], timeout: 120000 });
  return found.issues.map((issue) => `${issue.code}: ${issue.context.slice(0, 160)}`);
}

async function look(browser, path) {
  const page = await browser.newPage();
  const address = pathToFileURL(path).href;
  const seen = { requests: [], errors: [], violations: {}, overhang: {}, texts: {} };
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const own = request.url() === address || request.url().startsWith("data:");
    if (!own) seen.requests.push(request.url());
    own ? request.continue() : request.abort();
  });
  page.on("console", (message) => { if (["error", "warn"].includes(message.type())) seen.errors.push(message.text()); });
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("dialog", (dialog) => { seen.errors.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.setViewport({ width: WIDTHS.desk, height: 900 });
  await page.goto(address, { waitUntil: "load" });
  seen.unnamed = await page.evaluate(unnamedDrawings);
  // Paper shows the page as it was sent, with nothing unfolded by hand.
  const paper = Buffer.from(await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  seen.sheets = [...paper.matchAll(/\/Type\s*\/Page\b/g)].length;
  seen.sizes = [...new Set([...paper.matchAll(/\/MediaBox\s*\[([^\]]*)\]/g)].map((box) => box[1].trim()))];
  await page.evaluate(openEverything);
  await page.evaluate(AXE);
  for (const [name, width] of Object.entries(WIDTHS)) {
    await page.setViewport({ width, height: 900 });
    seen.overhang[name] = await page.evaluate(overhang);
    seen.texts[name] = await page.evaluate(drawnTexts);
    seen.violations[name] = await page.evaluate(violations, RULES);
  }
  await page.setViewport({ width: WIDTHS.phone, height: 900 });
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  seen.keyboard = await tabbed(page);
  await page.close();
  seen.sniffed = await codeSniffed(browser, address);
  return seen;
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  // Chromium refuses its sandbox to root, as whom many a container runs.
  args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});
try {
  const pages = {};
  for (const path of process.argv.slice(2)) pages[path] = await look(browser, path);
  console.log(JSON.stringify(pages));
} finally {
  await browser.close();
}
