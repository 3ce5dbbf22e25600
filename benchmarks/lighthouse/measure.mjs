// Lighthouse on the chat page: node measure.mjs http://127.0.0.1:5005/webhooks/web/ [runs]
// Prints the median of each category and the marks behind performance. Ends with 1 where a goal is missed.
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";
import { loadavg } from "node:os";

const GOALS = { accessibility: 1, "best-practices": 1, performance: 0.95 };
const MARKS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
// As root Chromium needs --no-sandbox; without the others it looks for hosts that are none of ours.
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

const [address, runs = "5"] = process.argv.slice(2);
if (!address) {
  console.error("Give the address of the chat page: node measure.mjs http://127.0.0.1:5005/webhooks/web/");
  process.exit(2);
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function once(config) {
  const chrome = await launch({ chromePath: process.env.CHROME_PATH ?? "/usr/bin/chromium", chromeFlags: FLAGS });
  try {
    const options = { port: chrome.port, onlyCategories: Object.keys(GOALS), logLevel: "error" };
    const { lhr } = await lighthouse(address, options, config);
    return lhr;
  } finally {
    await chrome.kill();
  }
}

let missed = false;
for (const [name, config] of [["phone (4x slower CPU, slow 4G)", undefined], ["desktop", desktopConfig]]) {
  const results = [];
  for (let run = 0; run < Number(runs); run++) results.push(await once(config));
  console.log(`${name}, median of ${results.length}, load ${loadavg()[0].toFixed(1)}`);
  for (const [category, goal] of Object.entries(GOALS)) {
    const score = median(results.map((result) => result.categories[category].score));
    missed ||= score < goal;
    console.log(`  ${category}: ${Math.round(score * 100)} (goal ${goal * 100})`);
  }
  for (const mark of MARKS) {
    console.log(`  ${mark}: ${median(results.map((result) => result.audits[mark].numericValue)).toFixed(2)}`);
  }
  for (const audit of Object.values(results[0].audits)) {
    const counts = ["accessibility", "best-practices"].some((category) =>
      results[0].categories[category].auditRefs.some((ref) => ref.id === audit.id && ref.weight > 0),
    );
    if (counts && audit.score !== null && audit.score < 1) console.log(`  not passed: ${audit.id}: ${audit.title}`);
  }
}
process.exit(missed ? 1 : 0);
