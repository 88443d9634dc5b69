// Draws our own dashboards with Grafana's components in a headless browser, one picture each.
//
//   PODOMETER_RECORD_ANSWERS=$PWD/answers.json cargo test --test dashboards no_query    answers of a real Prometheus
//   npm install --ignore-scripts --legacy-peer-deps && npm run render                   build/*.png
//
// CHROMIUM names the browser, /usr/bin/chromium without it.
import {readFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {chromium} from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build');
mkdirSync(out, {recursive: true});
const recorded = JSON.parse(readFileSync(join(here, 'answers.json'), 'utf8'));

// A CommonJS package whose default export an .mjs file does not see as Node has it.
const scrollbars = {
  name: 'scrollbars',
  setup(build) {
    const namespace = 'scrollbars';
    build.onResolve({filter: /^react-custom-scrollbars-2$/}, (asked) => (asked.namespace === namespace ? undefined : {path: asked.path, namespace}));
    build.onLoad({filter: /.*/, namespace}, (asked) => ({
      contents: `import {Scrollbars} from '${asked.path}'; export default Scrollbars;`,
      resolveDir: here,
    }));
  },
};

await build({
  entryPoints: [join(here, 'app.jsx')],
  bundle: true,
  outfile: join(out, 'app.js'),
  format: 'iife',
  jsx: 'automatic',
  define: {'process.env.NODE_ENV': '"production"', global: 'window'},
  loader: {'.ttf': 'dataurl', '.svg': 'dataurl', '.woff2': 'dataurl', '.png': 'dataurl', '.gif': 'dataurl'},
  plugins: [scrollbars],
  logLevel: 'error',
});

const page = (name) => {
  const dashboard = JSON.parse(readFileSync(join(here, '../dashboards', `${name}.json`), 'utf8'));
  const given = JSON.stringify({dashboard, answers: recorded.answers[name], from: recorded.from, to: recorded.to});
  return `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/app.css"><style>body{margin:0}</style>
<div id="root"></div><script>window.podometer=${given.replaceAll('<', '\\u003c')}</script><script src="/app.js"></script>`;
};
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  if (recorded.answers[path.slice(1)]) {
    response.setHeader('content-type', 'text/html');
    response.end(page(path.slice(1)));
    return;
  }
  try {
    const body = readFileSync(join(out, path));
    response.setHeader('content-type', path.endsWith('.css') ? 'text/css' : 'text/javascript');
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let faults = 0;
for (const name of Object.keys(recorded.answers)) {
  const tab = await browser.newPage({viewport: {width: 1536, height: 1000}});
  tab.on('pageerror', (error) => {
    console.error(`${name}: ${error.message}`);
    faults += 1;
  });
  await tab.goto(`${base}/${name}`);
  const board = await tab.waitForSelector('#board', {timeout: 60_000});
  await tab.waitForLoadState('networkidle');
  const empty = await tab.locator('.empty').count();
  writeFileSync(join(out, `${name}.png`), await board.screenshot());
  console.log(`${name}: build/${name}.png, ${empty} panels without data`);
  faults += empty;
  await tab.close();
}
await browser.close();
server.close();
if (faults > 0) process.exit(1);
