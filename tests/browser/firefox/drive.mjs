// Drives Firefox over WebDriver BiDi: node drive.mjs FIREFOX PAGE SHOTS. Prints one line a check; ends with 1 at the first failure.
// PAGE is a publisher's page with a strict policy and the widget's script tag; behind it the scripted bot of tests/browser.
import assert from "node:assert/strict";
import puppeteer from "puppeteer-core";

const [executablePath, address, shots] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 30_000 });

const inside = (selector) => `health-chat >>> ${selector}`;

async function check(name, run) {
  try {
    await run();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`FAILED: ${name}\n${error.stack}`);
    throw error;
  }
}

async function texts(page, selector) {
  return page.$$eval(inside(selector), (nodes) => nodes.map((node) => node.textContent));
}

async function ask(page, question) {
  const before = (await page.$$(inside(".entry"))).length;
  await (await page.waitForSelector(inside(".ask textarea"))).type(question);
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    (count) => document.querySelector("health-chat").shadowRoot.querySelectorAll(".entry").length >= count,
    { timeout: 15_000 },
    before + 2,
  );
}

const focused = (page) =>
  page.evaluate(() => {
    const node = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
    return `${node.tagName} ${node.getAttribute("aria-label") ?? ""}`.trim();
  });

try {
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (entry) => entry.type() === "error" && problems.push(entry.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(address);

  await check("the launcher opens the panel with the keyboard, the question has the focus", async () => {
    await page.waitForSelector(inside(".launcher"));
    for (let tabs = 0; tabs < 5 && !(await focused(page)).startsWith("BUTTON"); tabs++) await page.keyboard.press("Tab");
    assert.equal(await focused(page), "BUTTON Ask a health question");
    await page.keyboard.press("Enter");
    await page.waitForSelector(inside("dialog.panel[open]"));
    assert.equal(await focused(page), "TEXTAREA");
  });
  await check("an answer with source, disclaimer and suggestions", async () => {
    await ask(page, "can low B12 cause twitching?");
    const [card] = await texts(page, ".reply.answer");
    for (const part of ["Low vitamin B12", "Twitching › Causes", "not medical advice"]) assert.ok(card.includes(part), part);
    assert.ok((await texts(page, ".choice")).includes("how is it diagnosed?"));
  });
  await check("a table", async () => {
    await ask(page, "compare");
    assert.equal((await texts(page, "thead th")).length, 4);
  });
  await check("an alarm with a number to call", async () => {
    await ask(page, "chest pain");
    const calls = await page.$$eval(inside(".alarm a"), (links) => links.map((link) => link.getAttribute("href")));
    assert.deepEqual(calls, ["tel:999"]);
  });
  await page.screenshot({ path: `${shots}/firefox.png` });
  await check("markup stays text", async () => {
    await ask(page, "nasty");
    assert.equal((await page.$$(inside("img"))).length + (await page.$$(inside("script"))).length, 0);
    assert.equal(await page.evaluate(() => window.hacked ?? null), null);
  });
  await check("a rating is stored", async () => {
    await (await page.$(inside(".up"))).click();
    await page.waitForSelector(inside(".up[aria-pressed=true]"));
    await page.waitForSelector(inside(".comment:not([hidden])"));
  });
  await check("Escape closes the panel and gives the focus back", async () => {
    await (await page.$(inside(".ask textarea"))).focus();
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), "BUTTON Ask a health question");
  });
  await check("the conversation is there after a reload", async () => {
    await page.reload();
    await (await page.waitForSelector(inside(".launcher"))).click();
    await page.waitForSelector(inside(".alarm"));
    assert.equal((await texts(page, ".question")).length, 4);
  });
  await check("forget me", async () => {
    await (await page.$(inside(".forget"))).click();
    await (await page.waitForSelector(inside(".confirm .send"))).click();
    await page.waitForSelector(inside(".note"));
    assert.equal((await page.$$(inside(".entry"))).length, 0);
  });
  // Firefox itself asks for the icon of the page, which the policy forbids.
  const ours = problems.filter((text) => !text.includes("/favicon.ico"));
  await check("no violation of the policy, no error", async () => assert.deepEqual(ours, []));
} finally {
  await browser.close();
}
